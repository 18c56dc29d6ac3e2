"""Thinning: lines are connected and one pixel wide."""

from __future__ import annotations

import cv2
import numpy as np

from train.data.pictures import Image
from train.synthetic.thinning import thin


def test_thin_leaves_a_connected_line_one_pixel_wide() -> None:
    shapes: Image = np.zeros((3, 60, 60), np.uint8)
    shapes[0, 10:50, 25:34] = 1  # a bar
    cv2.circle(shapes[1], (30, 30), 18, (1,), 7)  # a ring
    lines = thin(shapes)
    assert lines.shape == shapes.shape
    assert not lines[2].any()
    assert not (lines & ~shapes & 1).any()
    for line, ends in zip(lines[:2], (2, 0), strict=True):
        assert cv2.connectedComponents(line, connectivity=8)[0] == 2
        squares = sum(line[y : y + 59, x : x + 59].astype(int) for y in (0, 1) for x in (0, 1))
        assert int(np.max(squares)) < 4  # nowhere two pixels wide
        around = cv2.filter2D(line, -1, np.ones((3, 3)), borderType=cv2.BORDER_CONSTANT)[line > 0] - 1
        assert int((around == 1).sum()) == ends
    assert 28 <= lines[0].sum() <= 40


def test_a_thin_line_stays_and_the_shapes_are_not_written_to() -> None:
    shapes: Image = np.zeros((2, 20, 20), np.uint8)
    shapes[0, 5, 3:15] = 1
    shapes[1] = 1
    before = shapes.copy()
    lines = thin(shapes)
    np.testing.assert_array_equal(lines[0], shapes[0])
    assert 0 < lines[1].sum() < 20
    np.testing.assert_array_equal(shapes, before)
