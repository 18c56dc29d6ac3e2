"""Which of what stands out is the mark: not a sheet's edge, not what is left beside a line."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.image.pixels import Gray
from runtime.ink.find import find_ink
from tests.runtime.helpers import stroke

SHAPE = (480, 640)


def edge(start: tuple[int, int], end: tuple[int, int], thickness: int) -> Gray:
    """A sheet of paper with a dark line from border to border, soft as a lens makes it."""
    sheet = np.full(SHAPE, 215, np.uint8)
    cv2.line(sheet, start, end, (70,), thickness, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(sheet, (5, 5), 0), np.uint8)


@pytest.mark.parametrize("thickness", [2, 4, 9])
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ((20, -5), (45, 485)),  # upright, on both sides
        ((620, -5), (590, 485)),
        ((560, -5), (645, 300)),  # across a corner
        ((-5, 250), (60, 485)),
        ((-5, 30), (645, 60)),  # lying
        ((3, -5), (6, 485)),  # all but on the border
    ],
)
@pytest.mark.parametrize("dark", [False, True])
def test_an_edge_of_the_sheet_is_no_mark(
    start: tuple[int, int], end: tuple[int, int], thickness: int, dark: bool
) -> None:
    image = edge(start, end, thickness)
    assert find_ink(255 - image if dark else image) is None


@pytest.mark.parametrize("thickness", [2, 9])
def test_a_digit_beside_an_edge_is_found(thickness: int) -> None:
    found = find_ink(np.minimum(edge((560, -5), (645, 300), thickness), stroke(SHAPE, 40, 215, 10)))
    assert found is not None
    assert found.box[0] > 0.3 * SHAPE[1]
    assert found.box[0] + found.box[2] < 0.7 * SHAPE[1]


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
