"""Lines are found for removal, and what crosses them is left out."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.image.pixels import components
from runtime.ink.ruled_lines import are_line_remnants, find_lines, frame_lengths, frame_lines, may_have_frame_lines
from runtime.ink.table_cells import NO_CELLS, find_cells
from tests.runtime.ink.drawing import grid_mask


def test_lines_go_and_what_crosses_them_stays() -> None:
    mask = grid_mask(60, 4).astype(np.uint8)
    cv2.line(mask, (60, 62), (60, 104), 1, 5)  # a stroke across the line at y = 80
    left = (mask > 0) & ~find_lines(mask > 0, find_cells(mask > 0), None)
    assert left[64:102, 60].all()
    left[55:115, 50:70] = False
    assert left.sum() < 0.04 * mask.sum()


def test_a_line_off_the_page_is_removed_and_a_stem_in_a_close_crop_stays() -> None:
    ruled = np.zeros((200, 300), np.uint8)
    cv2.line(ruled, (0, 120), (299, 123), 1, 2)
    cv2.circle(ruled, (150, 110), 40, 1, 6)
    found = frame_lines(ruled > 0)
    assert found[:, :90].sum() > 150
    assert not found[60:100].any()
    nine = np.zeros((200, 120), np.uint8)
    cv2.circle(nine, (58, 60), 50, 1, 10)
    cv2.line(nine, (112, 5), (112, 199), 1, 10)
    assert not frame_lines(nine > 0).any()


@pytest.mark.parametrize("axis", [0, 1])
def test_a_line_much_longer_than_a_digit_is_found_where_digits_have_a_size(axis: int) -> None:
    mask = np.zeros((300, 500), np.uint8)
    cv2.line(mask, (60, 200), (260, 202), (1,), 3)
    cv2.circle(mask, (160, 160), 20, (1,), 4)
    view = mask if axis == 0 else np.ascontiguousarray(mask.T)
    found = find_lines(view > 0, NO_CELLS, 44.0)
    found = found if axis == 0 else found.T
    assert found[195:208, 70:250].sum() > 300
    assert not found[135:185].any()
    assert not find_lines(view > 0, NO_CELLS, None).any()


def test_the_bar_of_a_seven_stays() -> None:
    mask = np.zeros((300, 500), np.uint8)
    cv2.polylines(mask, [np.array([(200, 100), (290, 100), (230, 180)])], False, (1,), 6)
    assert not find_lines(mask > 0, NO_CELLS, 50.0).any()


def test_a_bare_line_is_ruled_only_beside_other_ink() -> None:
    mask = np.zeros((300, 500), np.uint8)
    cv2.line(mask, (100, 250), (350, 250), (1,), 3)
    assert not find_lines(mask > 0, NO_CELLS, 40.0).any()
    cv2.circle(mask, (200, 100), 40, (1,), 5)
    assert find_lines(mask > 0, NO_CELLS, 40.0).any()


def test_a_lone_line_across_the_picture_may_be_a_one() -> None:
    mask = np.zeros((200, 300), np.bool_)
    mask[98:101] = True
    assert not frame_lines(mask).any()


@pytest.mark.parametrize(
    ("height", "width", "expected"), [(480, 640, (384, 384)), (28, 28, (27, 27)), (100, 900, (540, 96))]
)
def test_frame_lines_are_this_long(height: int, width: int, expected: tuple[int, int]) -> None:
    assert frame_lengths(height, width) == expected


def test_an_empty_mask_has_no_lines() -> None:
    mask = np.zeros((60, 80), np.bool_)
    assert not may_have_frame_lines(mask, 60, 80)
    assert not frame_lines(mask).any()
    assert not find_lines(mask, NO_CELLS, 20.0).any()


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("slope", [0.0, 0.008])
def test_no_line_is_overlooked_for_looking_at_few_columns(axis: int, slope: float) -> None:
    """A line of just the length that counts, wherever it begins."""
    shape = (240, 320)
    length = frame_lengths(*shape)[axis]
    for start in range(9):
        mask = np.zeros(shape, np.bool_)
        along = np.arange(length)
        (mask if axis == 0 else mask.T)[100 + np.rint(slope * along).astype(int), start + along] = True
        assert may_have_frame_lines(mask, *shape)


def test_writing_is_not_looked_through_for_lines() -> None:
    mask = np.zeros((240, 320), np.bool_)
    mask[40:200:20, 10:310] = np.arange(300) % 12 < 8
    assert not may_have_frame_lines(mask, 240, 320)
    assert not frame_lines(mask).any()


def test_what_lies_beside_a_removed_line_is_its_remnant() -> None:
    lines, left = np.zeros((2, 60, 80), np.bool_)
    lines[30:32] = True
    left[28:30, 5:25] = True  # a ragged edge
    left[28:50, 50:54] = True  # a stroke that ends at the line
    labels, stats = components(left)
    assert are_line_remnants(lines, labels, stats[:, 4])[1:].tolist() == [True, False]
