"""Cards damaged by machine: values replaced, keys doubled or left out, letters changed.

`check` raises where reading one does anything but give a card or a ModelError of one line.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from runtime.classifier import DEFAULT_MODEL
from runtime.errors import ModelError
from runtime.tflite.card_file import split_card
from runtime.tflite.card_reader import read_card

VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    1e300,
    10**40,
    "",
    "x",
    "\n",
    "\ud800",
    "a" * 9999,
    [],
    [[]],
    {},
    {"a": 1},
)
LETTERS = '{}[]",:0918eE.-+\\x\x00é\u2028'
MAX_LINE = 300  # characters of a complaint


def mutations(seed: int) -> Iterator[bytes]:
    """Damaged cards.

    Args:
        seed: Of the damage.

    Returns:
        JSON in UTF-8, or what is left of it; without end.
    """
    rng = random.Random(seed)
    card = split_card(DEFAULT_MODEL.read_bytes())[1]
    text = card.to_json() if card else ""
    while True:
        damaged = _with_other_values(json.loads(text), rng) if rng.random() < 0.6 else text
        if rng.random() < 0.5:
            letters = list(damaged)
            for _ in range(rng.randint(1, 5)):
                letters[rng.randrange(len(letters))] = rng.choice(LETTERS)
            damaged = "".join(letters)
        if rng.random() < 0.1:
            damaged = damaged[: rng.randrange(len(damaged))]
        yield damaged.encode("utf-8", "surrogatepass")


def _with_other_values(raw: dict[str, Any], rng: random.Random) -> str:
    for _ in range(rng.randint(1, 3)):
        target: Any = raw
        while True:
            keys = list(target) if isinstance(target, dict) else list(range(len(target)))
            if not keys:
                break
            key = rng.choice(keys)
            if isinstance(target[key], (dict, list)) and target[key] and rng.random() < 0.7:
                target = target[key]
                continue
            if isinstance(target, dict) and rng.random() < 0.2:
                del target[key]
            else:
                target[key] = rng.choice(VALUES)
            break
    return json.dumps(raw)


def check(data: bytes) -> None:
    """Read a card.

    Args:
        data: What `mutations` gives.

    Raises:
        AssertionError: The complaint is no short line. Whatever else reading raises comes through.
    """
    try:
        read_card(data.decode("utf-8", "replace"))
    except ModelError as error:
        if not str(error).startswith("card: ") or "\n" in str(error) or len(str(error)) > MAX_LINE:
            raise AssertionError(str(error)[:1000]) from None
