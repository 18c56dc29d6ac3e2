"""The framing "ink": one mark, its box, and how sure it is that the mark is the only one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.classifier import Classifier
from runtime.ink.find import find_ink
from runtime.ink.handwriting import CROWD_SHARE, FRAMING
from runtime.preprocess import prepare
from runtime.tflite.card import InputSpec
from tests.runtime.helpers import stroke

DIGITS = InputSpec()


def test_the_box_is_in_pixels_of_the_picture() -> None:
    prepared = prepare(stroke((1200, 1600), 30, 220, 30), DIGITS)
    assert prepared is not None
    x, y, w, h = prepared.box
    assert [x, y] == pytest.approx([0.35 * 1600, 0.25 * 1200], abs=40)
    assert [w, h] == pytest.approx([0.3 * 1600, 0.5 * 1200], abs=60)


def crowd() -> np.ndarray:
    """Forty rings that are all alike, far apart."""
    image = np.full((480, 640), 220, np.uint8)
    for x in range(40, 640, 80):
        for y in range(48, 480, 96):
            cv2.circle(image, (x, y), 18, (40,), 5)
    return image


def test_one_of_many_marks_is_not_single_and_not_answered(shipped: Classifier) -> None:
    many, one = prepare(crowd(), DIGITS), prepare(stroke((480, 640), 40, 220, 10), DIGITS)
    assert many is not None
    assert one is not None
    assert (many.is_single, one.is_single) == (False, True)
    ink = find_ink(crowd())
    assert ink is not None
    assert ink.share < CROWD_SHARE
    seen = shipped.predict(crowd(), threshold=0.0)
    assert (seen.label, seen.reason) == (None, "unsure")
    assert seen.top


@pytest.mark.parametrize(("side", "ink_box"), [(28, 20), (32, 23), (1, 1)])
def test_a_spec_for_prepared_inputs_has_mnists_proportion(side: int, ink_box: int) -> None:
    assert FRAMING.input_spec(side, side, 1) == InputSpec(side, side, ink_box=ink_box)


def test_it_reads_every_mark(shipped: Classifier) -> None:
    image = np.hstack([stroke((200, 200), 40, 220, 8)] * 2)
    ((first, second),) = FRAMING.read(image, DIGITS, shipped.scores, shipped.card.labels, 0.5)
    assert (first.label, second.label) == ("7", "7")
    assert first.box[0] < 200 < second.box[0]
