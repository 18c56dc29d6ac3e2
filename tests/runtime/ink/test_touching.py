"""Digits that touch are cut apart, and one digit is not cut."""

from __future__ import annotations

import itertools
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.classifier import Classifier
from runtime.ink.hypothesis import Hypothesis, ReadingContext
from runtime.ink.layout import Glyph
from runtime.ink.page import segment_page
from runtime.ink.touching import split_glyph
from runtime.tflite.card import InputSpec
from samples.draw import MARKER, PAPER, Pen, Place, camera, sheet, write
from tests.runtime.ink.drawing import Image, rng, write_near


def touching(first: str, second: str, size: int = 100) -> Image:
    """Two written digits whose ink runs together, after one that stands alone."""
    image: Image = between_4_and_7(size).copy()
    for digit, x in ((first, 2.2), (second, 2.78)):
        write_near(image, digit, Place(x * size, size, size, 0), Pen(0.1, MARKER), rng(ord(digit)))
    return image


@cache
def between_4_and_7(size: int) -> Image:
    """A strip with a 4 at the left and a 7 at the right; not to be written to."""
    image: Image = sheet(2 * size, 5 * size, PAPER, 2.0, rng())
    for digit, x in (("4", 1.0), ("7", 4.0)):
        write_near(image, digit, Place(x * size, size, size, 0), Pen(0.1, MARKER), rng(ord(digit)))
    return image


def test_touching_pairs_are_two(shipped: Classifier) -> None:
    read = []
    for first, second in itertools.product("0123456789", repeat=2):
        image = touching(first, second)
        ink = (image[..., 2] < 128).astype(np.uint8)
        if cv2.connectedComponents(ink)[0] - 1 == 3:  # the pair does touch
            read.append(shipped.read(camera(image, rng())).text == f"4{first}{second}7")
    assert len(read) >= 25
    assert sum(read) >= 0.8 * len(read)


def test_a_pair_that_touches_is_two_with_nothing_beside_it(shipped: Classifier) -> None:
    pairs = ["37", "44", "52", "53", "64", "76", "86", "92"]
    read = []
    for pair in pairs:
        image: Image = sheet(200, 320, PAPER, 2.0, rng())
        for digit, x in zip(pair, (125, 176), strict=True):
            image = write(image, digit, Place(x, 100, 100, 0), Pen(0.1, MARKER), rng(ord(digit)))
        read.append(shipped.read(camera(image, rng())).text == pair)
    assert sum(read) >= 0.7 * len(pairs)


@pytest.mark.parametrize(
    ("whole_score", "threshold", "count"), [(None, 0.5, 2), (0.99, 0.5, 0), (0.1, 0.5, 2), (0.1, 0.95, 0)]
)
def test_parts_must_beat_the_whole_and_the_threshold(whole_score: float | None, threshold: float, count: int) -> None:
    """Two bars joined by a thin line; the model is sure of any part by 0.9."""
    image = np.full((100, 160), 220, np.uint8)
    image[20:80, 50:58] = image[20:80, 90:98] = image[48:52, 50:98] = 40
    page = segment_page(image)
    assert page is not None
    (component,) = page.components

    def scores(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.array([0.1, 0.9], np.float32)

    context = ReadingContext(page, InputSpec(), scores, threshold)
    c = component
    mask = page.labels[c.y : c.y + c.h, c.x : c.x + c.w] == c.label
    glyph = Glyph((c,), c.x, c.y, c.w, c.h, c.x + c.w / 2, c.y + c.h / 2)
    whole = None if whole_score is None else Hypothesis(c.x, c.y, c.w, c.h, 0, whole_score)
    parts = split_glyph(context, mask, glyph, 0.8 * c.h, whole)
    assert len(parts) == count
    assert [part.index for part in parts] == [1] * count
    assert [part.x for part in parts] == sorted(part.x for part in parts)
