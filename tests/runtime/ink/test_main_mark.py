"""Which of what stands out is the mark: large, central, with the pieces of its broken strokes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.ink.find import find_ink
from runtime.ink.main_mark import Mark, main_mark
from tests.runtime.helpers import stroke
from tests.runtime.ink.drawing import is_strokes_box

SHAPE = (480, 640)


@pytest.mark.parametrize("x", [40, 320, 600])
def test_a_one_that_ends_within_the_picture_is_a_mark(x: int) -> None:
    image = np.full(SHAPE, 215, np.uint8)
    cv2.line(image, (x + 10, 20), (x - 10, 330), (40,), 9, cv2.LINE_AA)
    found = find_ink(image)
    assert found is not None
    assert abs(found.box[0] + found.box[2] / 2 - x) < 6


@pytest.mark.parametrize("shape", [(300, 120), (300, 300)])
def test_a_one_in_the_middle_may_touch_both_borders(shape: tuple[int, int]) -> None:
    image = np.full(shape, 215, np.uint8)
    x = shape[1] // 2
    cv2.line(image, (x + 12, 0), (x - 12, shape[0]), (40,), 24, cv2.LINE_AA)
    found = find_ink(image)
    assert found is not None
    assert found.box[3] > 0.9 * shape[0]


def test_specks_and_cell_borders_are_dropped() -> None:
    image = stroke((240, 240), 40, 220, 8)
    image[:, :5] = image[:4] = 60
    cv2.circle(image, (215, 30), 2, (40,), -1)
    found = find_ink(image)
    assert found is not None
    assert is_strokes_box(found.box, (240, 240))


def test_a_broken_stroke_stays_one_mark() -> None:
    image = stroke((480, 640), 40, 220, 12)
    image[300:312] = 220
    found = find_ink(image)
    assert found is not None
    assert is_strokes_box(found.box, (480, 640))


@pytest.mark.parametrize("scale", [2, 8])
@pytest.mark.parametrize(("y", "belongs"), [(6.5, True), (25, False)])
def test_the_bar_of_a_five_may_lie_apart(scale: int, y: float, belongs: bool) -> None:
    """A bar above the rest belongs to it; a line beneath a digit does not."""
    image = np.full((28 * scale, 28 * scale), 220, np.uint8)
    cv2.ellipse(image, (11 * scale, 15 * scale), (4 * scale, 3 * scale), 0, -100, 170, (40,), 2 * scale)
    cv2.line(image, (6 * scale, int(y * scale)), (16 * scale, int(y * scale)), (40,), 2 * scale)
    found = find_ink(image)
    assert found is not None
    assert (found.box[1] < 8 * scale) == belongs
    assert found.box[1] + found.box[3] <= 21 * scale


def test_the_more_central_of_two_marks_is_taken() -> None:
    image = stroke((480, 640), 40, 220, 12)
    cv2.line(image, (600, 40), (600, 160), (40,), 10)
    found = find_ink(image)
    assert found is not None
    assert is_strokes_box(found.box, (480, 640))


def strength_of(mask: np.ndarray) -> np.ndarray:
    return np.asarray(mask * 200, np.uint8)


def test_the_mark_has_its_box_its_share_and_the_width_of_its_strokes() -> None:
    ink = np.zeros((100, 100), np.uint8)
    ink[20:80, 48:53] = 1
    ink[90:96, 80:90] = 1  # another, off the center
    found = main_mark(strength_of(ink), (50.0, 100.0), 60)
    assert found is not None
    assert (found.x, found.y, found.mask.shape) == (48, 20, (60, 5))
    assert found.mask.all()
    assert found.share == pytest.approx(300 / 360)
    assert 1.0 <= found.width_ratio < 1.5


def test_what_no_threshold_or_no_pixel_reaches_is_no_mark() -> None:
    assert main_mark(np.full((100, 100), 40, np.uint8), None, 60) is None
    assert main_mark(np.full((100, 100), 40, np.uint8), (50.0, 100.0), 60) is None
    weak = np.zeros((100, 100), np.uint8)
    weak[20:80, 48:53] = 80  # above the lower threshold alone
    assert main_mark(weak, (50.0, 100.0), 60) is None


def test_a_blob_is_no_mark() -> None:
    ink = np.zeros((100, 100), np.uint8)
    cv2.circle(ink, (50, 50), 20, (1,), -1)
    assert main_mark(strength_of(ink), (50.0, 100.0), 60) is None


def test_a_mark_measures_a_channel_at_its_own_pixels() -> None:
    mask = np.array([[True, False], [True, True]])
    channel = np.zeros((6, 6), np.uint8)
    channel[2:4, 3:5] = [[10, 250], [20, 60]]
    mark = Mark(mask, 3, 2, 1.0, 1.0)
    assert mark.mean(channel) == pytest.approx(30)
    assert mark.share_below(channel, 20.5) == pytest.approx(2 / 3)
    assert mark.share_below(channel, 20.0) == pytest.approx(1 / 3)
