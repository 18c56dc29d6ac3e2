"""The card inside the .tflite: attached, split off, and not believed where it is wrong."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import zipfile

import pytest

from runtime.errors import ModelError
from runtime.tflite.card_file import attach_card, split_card
from tests.runtime.tflite.cards import CARD, MODEL


def test_what_is_attached_is_read_back() -> None:
    model, card = split_card(attach_card(MODEL, CARD))
    assert model == MODEL
    assert card == dataclasses.replace(CARD, sha256=card.sha256 if card else "")


def test_same_model_same_bytes() -> None:
    assert attach_card(MODEL, CARD) == attach_card(MODEL, CARD)


def test_zip_tools_find_card_and_labels() -> None:
    with zipfile.ZipFile(io.BytesIO(attach_card(MODEL, CARD))) as archive:
        assert archive.namelist() == ["card.json", "labels.txt", "card.sha256"]
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


def test_a_file_that_is_all_zip_is_left_whole() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("metadata.json", "{}")  # as a .keras has it
    assert split_card(buffer.getvalue()) == (buffer.getvalue(), None)
