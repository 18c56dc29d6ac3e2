"""The card inside the .tflite: written, read, and not believed where it lies."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile
from typing import Any

import pytest

from runtime.classifier import DEFAULT_MODEL
from runtime.errors import ModelError
from runtime.tflite.card import Decision, Golden, InputSpec, ModelCard, attach_card, parse_labels, split_card

CARD = ModelCard(
    name="digits",
    version="1.2.3",
    labels=("null", "eins", "zwölf"),
    input=InputSpec(),
    decision=Decision("logits", 1.5, 0.25),
    training={"seed": 7},
    golden=(Golden(b"\x00\xff", b"\x80\x7f"),),
)
MODEL = b"\x1c\x00\x00\x00TFL3" + bytes(range(256)) * 4


def test_what_is_attached_is_read_back() -> None:
    model, card = split_card(attach_card(MODEL, CARD))
    assert model == MODEL
    assert card == dataclasses.replace(CARD, sha256=card.sha256 if card else "")


def test_same_model_same_bytes() -> None:
    assert attach_card(MODEL, CARD) == attach_card(MODEL, CARD)


def test_zip_tools_find_card_and_labels() -> None:
    with zipfile.ZipFile(io.BytesIO(attach_card(MODEL, CARD))) as archive:
        assert archive.namelist() == ["card.json", "labels.txt"]
        assert archive.read("labels.txt").decode() == "null\neins\nzwölf\n"
        assert json.loads(archive.read("card.json"))["decision"]["reject_threshold"] == 0.25


def test_a_model_without_a_card_has_none() -> None:
    assert split_card(MODEL) == (MODEL, None)


def test_a_file_that_is_all_zip_is_left_whole() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("metadata.json", "{}")  # as a .keras has it
    assert split_card(buffer.getvalue()) == (buffer.getvalue(), None)


def test_a_changed_model_is_noticed() -> None:
    data = bytearray(attach_card(MODEL, CARD))
    data[100] ^= 1
    with pytest.raises(ModelError, match=r"sha256 .* received .* copy or convert it again"):
        split_card(bytes(data))


@pytest.mark.parametrize("lost", [1, 20, 100])
def test_a_card_cut_short_is_not_a_model_without_one(lost: int) -> None:
    with pytest.raises(ModelError, match="cut short"):
        split_card(attach_card(MODEL, CARD)[:-lost])


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_that_another_tool_made_and_appended_is_read(method: int) -> None:
    card = dataclasses.replace(CARD, sha256=hashlib.sha256(MODEL).hexdigest())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("notes.txt", "made elsewhere")
        archive.writestr("card.json", card.to_json())
    assert split_card(MODEL + buffer.getvalue()) == (MODEL, card)


def test_a_zip_without_a_card_is_cut_off_and_left_alone() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("labels.txt", "cat")
    assert split_card(MODEL + buffer.getvalue()) == (MODEL, None)


def test_a_damaged_card_is_named() -> None:
    data = bytearray(attach_card(MODEL, CARD))
    data[len(MODEL) + 45] ^= 0xFF
    with pytest.raises(ModelError, match="card: cannot be unpacked"):
        split_card(bytes(data))


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("schema_version",), 99, "schema versions 1 to 2; received 99"),
        (("labels",), [], "labels must be a list of strings"),
        (("labels",), [1, 2], "labels must be a list of strings"),
        (("input", "height"), 0, "input.height must be a whole number above 0; received 0"),
        (("input", "height"), "28", "input.height must be a whole number above 0; received '28'"),
        (("input", "color"), "cmyk", "input.color must be one of gray, rgb; received 'cmyk'"),
        (("input", "channels"), 3, r"'gray' has 1 channel\(s\); received input.channels = 3"),
        (("input", "ink_box"), 40, "ink_box that fits"),
        (("decision", "temperature"), 0, "decision.temperature must be above 0"),
        (("decision", "reject_threshold"), 1.5, "decision.reject_threshold must be 0 to 1"),
        (("decision", "output"), "vibes", "decision.output must be one of"),
        (("golden",), [{"input": "!!"}], "a golden vector is damaged"),
        (("input",), None, "input must be a JSON object"),
        (("accuracy",), {"float": 0.9}, "accuracy: .*missing"),
    ],
)
def test_each_wrong_field_is_named(path: tuple[str, ...], value: object, complaint: str) -> None:
    raw = json.loads(CARD.to_json())
    target = raw
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with pytest.raises(ModelError, match=complaint):
        ModelCard.from_json(json.dumps(raw))


def test_what_a_later_version_adds_is_no_fault() -> None:
    raw = json.loads(CARD.to_json())
    raw["mood"] = raw["input"]["mood"] = "good"
    assert ModelCard.from_json(json.dumps(raw)) == CARD


@pytest.mark.parametrize("text", ["", "[]", "{", "null"])
def test_invalid_cards(text: str) -> None:
    with pytest.raises(ModelError, match="card: "):
        ModelCard.from_json(text)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("cat\ndog\n", ("cat", "dog")),
        ("0 cat\n1 big dog\n", ("cat", "big dog")),
        ("0:cat\n1: dog", ("cat", "dog")),
        ("\r\n0 cat\r\n\r\n1 dog\r\n", ("cat", "dog")),
        ("0\n1\n2\n", ("0", "1", "2")),
        ("7 up\n8 ball", ("7 up", "8 ball")),
    ],
)
def test_labels_files_in_their_three_forms(text: str, labels: tuple[str, ...]) -> None:
    assert parse_labels(text) == labels


def in_schema_1(card: ModelCard) -> dict[str, Any]:
    """A card as version 1 of the schema wrote it: `colour` for `color`, framing "frame" for "whole"."""
    raw: dict[str, Any] = json.loads(card.to_json())
    raw["schema_version"] = 1
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
    assert ModelCard.from_json(json.dumps(old)) == card
    assert ModelCard.from_json(json.dumps(old)).schema_version == 2


def test_the_box_of_a_whole_picture_in_schema_1_means_nothing() -> None:
    """convert wrote ink_box=1 there, so that it fit any input; no framing but "ink" reads it."""
    old = in_schema_1(dataclasses.replace(CARD, input=InputSpec(96, 96, framing="whole")))
    old["input"]["ink_box"] = 1
    assert ModelCard.from_json(json.dumps(old)).input == InputSpec(96, 96, framing="whole")


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
    assert dataclasses.asdict(card.decision) == raw["decision"]
    assert card.accuracy is not None
    assert dataclasses.asdict(card.accuracy) == raw["accuracy"]
    assert len(card.golden) == len(raw["golden"])
    assert ModelCard.from_json(card.to_json()) == card


@pytest.mark.parametrize("version", [0, 3, "2", None, True, 1.5])
def test_other_schemas_are_refused_by_their_number(version: object) -> None:
    raw = json.loads(CARD.to_json())
    raw["schema_version"] = version
    with pytest.raises(ModelError, match=r"reads schema versions 1 to 2; received .*Update the runtime"):
        ModelCard.from_json(json.dumps(raw))


def test_a_new_card_has_a_number_that_older_runtimes_refuse() -> None:
    """They take 1 and nothing else."""
    with zipfile.ZipFile(io.BytesIO(attach_card(MODEL, CARD))) as archive:
        assert json.loads(archive.read("card.json"))["schema_version"] == 2


@pytest.mark.parametrize("name", ["corner", "my-framing", "_private", "Framing2"])
def test_a_framing_of_another_package_is_let_through(name: str) -> None:
    assert InputSpec(framing=name).framing == name
    assert InputSpec(channels=3, color="rgb", framing=name, ink_box=99).shape == (28, 28, 3)


@pytest.mark.parametrize("name", ["", "2fast", "a b", "../x", "a.b", "ink ", "é", 7, None])
def test_invalid_names_of_framings_are_refused(name: Any) -> None:
    with pytest.raises(ModelError, match=r"input\.framing must be the name of a framing, such as ink: .*; received"):
        InputSpec(framing=name)
