"""The reader of cards is strict: nothing twice, nothing endless, nothing of the wrong type, one line for each fault."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from runtime.errors import ModelError
from runtime.tflite.card import ModelCard
from runtime.tflite.card_reader import MAX_DEPTH, parse_object, read_card
from tests.runtime.tflite.cards import CARD

RAW: dict[str, Any] = json.loads(CARD.to_json())
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    5,
    1e300,
    10**30,
    "",
    "x",
    "\n",
    "\ud800",
    "a" * 100_000,
    [],
    [[]],
    [1],
    {},
    {"a": 1},
)


@pytest.mark.parametrize("key", ["labels", "decision", "input", "golden", "notes"])
def test_a_key_that_is_there_twice_is_refused(key: str) -> None:
    text = CARD.to_json().rstrip()[:-1] + f', "{key}": 1, "{key}": 2}}'
    with pytest.raises(ModelError, match=f'card: "{key}" is there twice'):
        read_card(text)


def test_a_key_that_is_there_twice_deeper_is_refused() -> None:
    with pytest.raises(ModelError, match='"b" is there twice'):
        parse_object('{"a": [{"b": 1, "b": 1}]}')


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"a": ' + "[" * 2000 + "]" * 2000 + "}"])
def test_endless_nesting_is_one_line(text: str) -> None:
    with pytest.raises(ModelError, match=r"card: .*(deep|valid JSON)"):
        parse_object(text)


def test_nesting_that_a_person_writes_is_read() -> None:
    depth = MAX_DEPTH - 2
    assert parse_object('{"a": ' + "[" * depth + "]" * depth + "}")["a"]


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_number_is_refused(constant: str) -> None:
    with pytest.raises(ModelError, match=f"{constant} is no number"):
        parse_object(f'{{"score": {constant}}}')


def complaint_of(text: str) -> str:
    """What the reader says of a card; "" where it reads it."""
    try:
        return "" if isinstance(read_card(text), ModelCard) else "no card"
    except ModelError as error:
        return str(error)


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values within a JSON value."""
    items = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [found for key, inner in items for found in [(*path, key), *places(inner, (*path, key))]]


@pytest.mark.parametrize("place", places(RAW), ids=str)
def test_any_value_anywhere_is_read_or_refused_in_one_line(place: tuple[Any, ...]) -> None:
    """Each value of a card replaced by each of VALUES, and left out."""
    for value in (*VALUES, "left out"):
        raw = json.loads(json.dumps(RAW))
        target = raw
        for key in place[:-1]:
            target = target[key]
        if value == "left out":
            del target[place[-1]]
        else:
            target[place[-1]] = value
        complaint = complaint_of(json.dumps(raw))
        assert complaint == "" or complaint.startswith("card: ")
        assert "\n" not in complaint
        assert len(complaint[:1000]) <= 300


def test_no_changed_byte_raises_anything_else() -> None:
    text = CARD.to_json()
    rng = random.Random(0)
    for _ in range(3000):
        letters = list(text)
        for _ in range(rng.randint(1, 4)):
            letters[rng.randrange(len(letters))] = rng.choice('{}[]",:0918eE.-+\\x\x00é\u2028')
        assert len(complaint_of("".join(letters))[:1000]) <= 300
