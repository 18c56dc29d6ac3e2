"""The card inside the .tflite: written, read, and not believed where it lies."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile

import pytest

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
def test_what_is_no_card_is_an_error(text: str) -> None:
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
