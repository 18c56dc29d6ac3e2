"""The components of a page: its digits, without lines, specks, slivers and what shines through."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.ink.page import MAX_HEIGHT, READ_SIDE, Component, median_height, segment_page
from samples.draw import PAPER
from tests.runtime.ink.drawing import Image, page


def test_the_usual_height_is_that_of_most_ink() -> None:
    pieces = [
        Component(1, 0, 0, 20, 50, 300, 9.0),
        Component(2, 0, 0, 20, 52, 300, 9.0),
        Component(3, 0, 0, 3, 4, 9, 9.0),
    ]
    assert median_height(pieces) in (50, 52)
    assert median_height([]) is None


def digits(count: int = 4) -> Image:
    """A line of sevens."""
    return page(["7" * count], 60)


def heights(image: Image) -> list[int]:
    found = segment_page(image)
    return [] if found is None else sorted(c.h for c in found.components)


def test_each_digit_is_a_component_of_the_usual_height() -> None:
    found = segment_page(digits())
    assert found is not None
    assert len(found.components) == 4
    assert found.digit_height == pytest.approx(60, abs=10)
    assert (found.factor, found.light_on_dark, len(found.cells)) == (1.0, False, 0)
    for c in found.components:
        inside = found.labels[c.y : c.y + c.h, c.x : c.x + c.w] == c.label
        assert int(inside.sum()) == c.area == int((found.labels == c.label).sum())
        assert c.contrast == pytest.approx(200, abs=50)


@pytest.mark.parametrize("level", [0, 255])
def test_a_plain_sheet_and_a_texture_are_no_page(level: int) -> None:
    assert segment_page(np.full((200, 300), level, np.uint8)) is None
    speckled = np.random.default_rng(1).integers(0, 2, (60, 60), np.uint8) * 255
    found = segment_page(np.asarray(np.kron(speckled, np.ones((5, 5), np.uint8)), np.uint8))
    assert found is None or len(found.components) < 60 * 60 / 4


def test_a_large_page_is_made_smaller() -> None:
    image = np.asarray(cv2.resize(digits(), None, fx=6, fy=6), np.uint8)
    found = segment_page(image)
    assert found is not None
    assert max(found.strength.shape) == READ_SIDE
    assert found.factor == pytest.approx(READ_SIDE / max(image.shape))
    assert len(found.components) == 4


def test_specks_are_dropped_and_dots_of_ink_by_the_border_too() -> None:
    image = digits()
    cv2.circle(image, (20, 20), 3, (30, 30, 30), -1)
    image[-14:, 100:112] = 30
    assert len(heights(image)) == 4


def test_components_much_larger_than_the_digits_are_dropped() -> None:
    image = np.asarray(cv2.copyMakeBorder(digits(6), 0, 400, 0, 0, cv2.BORDER_CONSTANT, value=PAPER), np.uint8)
    cv2.circle(image, (240, 374), 150, (30, 30, 30), 2)
    assert len(heights(image)) == 6
    assert max(heights(image)) < MAX_HEIGHT * 60


def test_a_sliver_along_the_border_is_dropped() -> None:
    image = digits()
    image[20:90, :4] = 30
    assert len(heights(image)) == 4


def test_faint_ink_shines_through() -> None:
    image = digits(5)
    faint = image.copy()
    faint[:, -120:] = (faint[:, -120:] / 8 + np.array(PAPER) * 7 / 8).round().astype(np.uint8)
    assert len(heights(image)) == 5
    assert len(heights(faint)) == 4


def test_a_page_is_light_on_dark_where_it_is_a_board() -> None:
    found = segment_page(255 - digits())
    assert found is not None
    assert found.light_on_dark
    assert len(found.components) == 4


def test_median_height_ignores_words() -> None:
    digit, word = Component(1, 0, 0, 20, 50, 300, 9.0), Component(2, 0, 0, 200, 20, 3000, 9.0)
    assert median_height([digit, word]) == 50
    assert median_height([word]) is None
