"""The card as values and as JSON: each wrong field is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.errors import ModelError
from runtime.tflite.card import InputSpec
from runtime.tflite.card_reader import read_card
from tests.runtime.tflite.cards import CARD


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("schema_version",), 99, "schema versions 1 to 2; received 99"),
        (("labels",), [], "labels must be a list of 1 to 100000 texts"),
        (("labels",), [1, 2], r"labels\[0\] must be a text of one line.*received 1"),
        (("input", "height"), 0, "input.height must be a whole number, 1 to 4096; received 0"),
        (("input", "height"), "28", "input.height must be a whole number, 1 to 4096; received '28'"),
        (("input", "color"), "cmyk", "input.color must be one of gray, rgb, bgr; received 'cmyk'"),
        (("input", "channels"), 3, r"'gray' has 1 channel\(s\); received input.channels = 3"),
        (("input", "ink_box"), 40, "ink_box that fits"),
        (("decision", "temperature"), 0, "decision.temperature must be 0.001 to 1000"),
        (("decision", "reject_threshold"), 1.5, "decision.reject_threshold must be 0 to 1"),
        (("decision", "output"), "vibes", "decision.output must be one of"),
        (("golden",), [{"input": "!!", "output": ""}], "a golden vector is damaged"),
        (("input",), None, "input must be a JSON object"),
        (("accuracy",), {"float": 0.9}, r"accuracy\.quantized is missing"),
    ],
)
def test_each_wrong_field_is_named(path: tuple[str, ...], value: object, complaint: str) -> None:
    raw = json.loads(CARD.to_json())
    target = raw
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with pytest.raises(ModelError, match=complaint):
        read_card(json.dumps(raw))


def test_what_a_later_version_adds_is_no_fault() -> None:
    raw = json.loads(CARD.to_json())
    raw["mood"] = raw["input"]["mood"] = "good"
    assert read_card(json.dumps(raw)) == CARD


@pytest.mark.parametrize("text", ["", "[]", "{", "null"])
def test_invalid_cards(text: str) -> None:
    with pytest.raises(ModelError, match="card: "):
        read_card(text)


@pytest.mark.parametrize("name", ["corner", "my-framing", "_private", "Framing2"])
def test_a_framing_of_another_package_is_let_through(name: str) -> None:
    assert InputSpec(framing=name).framing == name
    assert InputSpec(channels=3, color="rgb", framing=name, ink_box=99).shape == (28, 28, 3)


@pytest.mark.parametrize("name", ["", "2fast", "a b", "../x", "a.b", "ink ", "é", 7, None])
def test_invalid_names_of_framings_are_refused(name: Any) -> None:
    with pytest.raises(ModelError, match=r"input\.framing must be the name of a framing, such as ink: .*; received"):
        InputSpec(framing=name)
