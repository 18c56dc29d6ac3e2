from __future__ import annotations

import numpy as np
import pytest

from runtime.ink.ruled_lines import frame_lengths, frame_lines, may_have_frame_lines


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
