"""Cards of earlier versions of the schema, and of later ones."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile
from typing import Any

import pytest

from runtime.classifier import DEFAULT_MODEL
from runtime.errors import ModelError
from runtime.tflite.card import InputSpec, ModelCard
from runtime.tflite.card_file import attach_card, split_card
from runtime.tflite.card_reader import read_card
from tests.runtime.tflite.cards import CARD, MODEL


def in_schema_1(card: ModelCard) -> dict[str, Any]:
    """A card as version 1 of the schema wrote it: `colour` for `color`, framing "frame" for "whole"."""
    raw: dict[str, Any] = json.loads(card.to_json())
    raw["schema_version"] = 1
    for name, added in (("input", ("mean", "std", "layout")), ("decision", ("choice", "output_index"))):
        raw[name] = {key: value for key, value in raw[name].items() if key not in added}
    raw["input"] = {"colour" if key == "color" else key: value for key, value in raw["input"].items()}
    if raw["input"]["framing"] == "whole":
        raw["input"]["framing"] = "frame"
    return raw


@pytest.mark.parametrize(
    "spec",
    [
        InputSpec(),
        InputSpec(64, 48, polarity="any", ink_box=40),
        InputSpec(96, 96, 3, color="rgb", framing="whole", resize="crop"),
        InputSpec(32, 32, polarity="any", framing="whole"),
    ],
)
def test_a_card_of_schema_1_says_the_same(spec: InputSpec) -> None:
    card = dataclasses.replace(CARD, input=spec)
    old = in_schema_1(card)
    assert "color" not in old["input"]
    assert read_card(json.dumps(old)) == card
    assert read_card(json.dumps(old)).schema_version == 2


def test_the_box_of_a_whole_picture_in_schema_1_means_nothing() -> None:
    """convert wrote ink_box=1 there, so that it fit any input; no framing but "ink" reads it."""
    old = in_schema_1(dataclasses.replace(CARD, input=InputSpec(96, 96, framing="whole")))
    old["input"]["ink_box"] = 1
    assert read_card(json.dumps(old)).input == InputSpec(96, 96, framing="whole")


def test_the_shipped_cards_fields_are_those_in_its_file() -> None:
    """It was written in schema 1, and still is: the file's bytes stay as they were."""
    data = DEFAULT_MODEL.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        raw = json.loads(archive.read("card.json"))
    card = split_card(data)[1]
    assert card is not None
    assert raw["schema_version"] == 1
    assert card.input == InputSpec(28, 28, 1, "gray", "light-on-dark", "ink", 20, "stretch")
    for name in ("name", "version", "quantization", "training", "sha256"):
        assert getattr(card, name) == raw[name]
    assert dataclasses.asdict(card.decision) == {**raw["decision"], "choice": "one", "output_index": 0}
    assert card.accuracy is not None
    assert dataclasses.asdict(card.accuracy) == raw["accuracy"]
    assert len(card.golden) == len(raw["golden"])
    assert read_card(card.to_json()) == card


@pytest.mark.parametrize("version", [0, 3, "2", None, True, 1.5])
def test_other_schemas_are_refused_by_their_number(version: object) -> None:
    raw = json.loads(CARD.to_json())
    raw["schema_version"] = version
    with pytest.raises(ModelError, match=r"reads schema versions 1 to 2; received .*Update the runtime"):
        read_card(json.dumps(raw))


def test_a_new_card_has_a_number_that_older_runtimes_refuse() -> None:
    """They take 1 and nothing else."""
    with zipfile.ZipFile(io.BytesIO(attach_card(MODEL, CARD))) as archive:
        assert json.loads(archive.read("card.json"))["schema_version"] == 2
