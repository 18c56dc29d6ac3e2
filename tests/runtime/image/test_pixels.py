from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.image.pixels import components
from runtime.ink.ruled_lines import frame_lengths, frame_lines, may_have_frame_lines

LARGE = (150, 140)  # beyond runtime.image.pixels.FEW_PIXELS


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (40, 30), LARGE, (1, 20000), (20000, 1), (500, 400)])
def test_components_are_those_of_opencv(shape: tuple[int, int], share: float, connectivity: int) -> None:
    mask = np.random.default_rng(5).random(shape) < share
    labels, table = components(mask, connectivity)
    count, expected, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=connectivity)
    assert len(table) == count
    np.testing.assert_array_equal(labels, expected)
    np.testing.assert_array_equal(table[1:], stats[1:])


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
