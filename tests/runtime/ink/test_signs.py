"""A plus is told from a four."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.classifier import Classifier
from runtime.ink.signs import is_plus
from samples.draw import MARKER, camera
from tests.runtime.ink.drawing import Image, page, rng


@pytest.mark.parametrize("lean", [-3, 0, 3])
def test_a_plus_is_told_from_a_four(lean: int) -> None:
    plus = np.zeros((60, 60), np.uint8)
    cv2.line(plus, (0, 30 + lean), (59, 30 - lean), 1, 6)
    cv2.line(plus, (30 - lean, 0), (30 + lean, 59), 1, 6)
    assert is_plus(plus > 0)
    four = np.zeros((60, 45), np.uint8)
    cv2.polylines(four, [np.array([(28, 0), (2, 40), (44, 38)])], False, 1, 5)
    cv2.line(four, (30, 20), (30 + lean, 59), 1, 5)
    assert not is_plus(four > 0)


def signs(image: Image, size: int) -> Image:
    """A plus in the second place of the first row and a minus in the fourth."""
    image = image.copy()
    x, y, arm, pen = round(2.5 * size), size, round(0.35 * size), max(2, size // 12)
    cv2.line(image, (x - arm, y + 1), (x + arm, y - 1), MARKER, pen, cv2.LINE_AA)
    cv2.line(image, (x - 1, y - arm), (x + 2, y + arm), MARKER, pen, cv2.LINE_AA)
    x += 2 * size
    cv2.line(image, (x - arm, y), (x + arm, y + 2), MARKER, pen, cv2.LINE_AA)
    return image


@pytest.mark.parametrize("size", [50, 110])
def test_signs_are_no_digits(shipped: Classifier, size: int) -> None:
    image = signs(page(["8 3 6"], size), size)
    assert shipped.read(camera(image, rng())).text == "836"
