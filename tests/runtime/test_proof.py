"""Golden pictures: what changes between a file and its label is a fault of the self-test."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from runtime.classifier import Classifier
from runtime.image.files import read_image
from runtime.proof import make_golden_picture, selftest
from runtime.tflite.card import GoldenPicture
from runtime.tflite.card_file import attach_card
from tests.runtime.helpers import ROOT, command


def reduced(name: str) -> np.ndarray:
    image = read_image(ROOT / "samples" / name)
    return cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def proven() -> Classifier:
    """The shipped model with golden pictures of photos."""
    shipped = Classifier.load()
    made = [make_golden_picture(shipped, reduced(name)) for name in ("photo_7.jpg", "scan_1.png")]
    pictures = tuple(picture for picture in made if picture is not None)
    assert [picture.label for picture in pictures] == ["7", "1"]
    return Classifier(shipped.interpreter, dataclasses.replace(shipped.card, golden_pictures=pictures))


def test_pictures_are_replayed_beside_the_vectors(proven: Classifier) -> None:
    report = selftest(proven)
    assert (report.vectors, report.pictures, report.faults) == (5, 2, ())


def test_a_picture_that_gives_no_answer_is_no_golden_picture() -> None:
    assert make_golden_picture(Classifier.load(), np.full((80, 60), 255, np.uint8)) is None


def test_a_card_without_pictures_passes_by_its_vectors() -> None:
    assert selftest(Classifier.load()).pictures == 0


@pytest.mark.parametrize(
    "change",
    [
        {"input": {"ink_box": 16}},
        {"input": {"polarity": "any"}},
        {"input": {"polarity": "dark-on-light"}},
        {"input": {"framing": "whole"}},
        {"decision": {"temperature": 30.0}},
        {"decision": {"reject_threshold": 1.0}},
        {"decision": {"output": "log-probabilities", "temperature": 9.0}},
        {"labels": tuple("1234567890")},
    ],
    ids=str,
)
def test_a_card_that_was_changed_no_longer_passes(proven: Classifier, change: dict[str, Any]) -> None:
    """What golden vectors cannot see, since they begin after framing and end before the decision."""
    fields = {
        name: dataclasses.replace(getattr(proven.card, name), **value) if isinstance(value, dict) else value
        for name, value in change.items()
    }
    report = selftest(Classifier(proven.interpreter, dataclasses.replace(proven.card, **fields)))
    assert [fault.startswith("golden picture") for fault in report.faults] == [True, True]
    assert all("\n" not in fault and len(fault) <= 300 for fault in report.faults)


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_a_picture_that_cannot_be_decoded_is_a_fault(proven: Classifier, data: bytes) -> None:
    pictures = (GoldenPicture(data, "0" * 64, "7", 0.99),)
    report = selftest(Classifier(proven.interpreter, dataclasses.replace(proven.card, golden_pictures=pictures)))
    assert len(report.faults) == 1
    assert report.faults[0].startswith("golden picture 0: expected 7; ")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("runtime.selftest",), "golden picture 0: expected 7"),
        (("runtime.camera", "samples/photo_7.jpg"), "self-test failed, nothing is classified"),
    ],
)
def test_the_commands_refuse_a_card_whose_labels_were_changed(
    proven: Classifier, bare_model: bytes, words: tuple[str, ...], complaint: str, tmp_path: Path
) -> None:
    """Packed anew with all its sums, and without golden vectors: the pictures alone know better."""
    changed = dataclasses.replace(proven.card, labels=tuple("1234567890"), golden=())
    (tmp_path / "changed.tflite").write_bytes(attach_card(bare_model, changed))
    done = command(*words, "-m", str(tmp_path / "changed.tflite"))
    assert done.returncode == 1
    assert complaint in done.stderr
