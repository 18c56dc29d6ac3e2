"""Runs of pixels: which rows may have long ones, where they are, and which labeled pixels lie in short ones."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.image.pixels import components
from runtime.ink.runs import long_runs, rows_with_runs, thickened, without_long_runs


def rows(*texts: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A mask drawn with # and dots."""
    return np.array([[letter == "#" for letter in text] for text in texts], np.uint8)


SOLID = rows("##.###.####", "...........", ".#########.", "#.#.#.#.#.#")


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 9, 10, 11, 12])
def test_long_runs_are_those_of_so_many_ones(length: int) -> None:
    expected = np.zeros_like(SOLID)
    for y, line in enumerate(SOLID):
        for start in range(len(line) - length + 1):
            if line[start : start + length].all():
                expected[y, start : start + length] = 1
    assert np.array_equal(long_runs(SOLID, length), expected)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("length", [4, 20, 50])
def test_no_row_with_a_long_run_is_left_out(axis: int, length: int) -> None:
    mask = np.random.default_rng(length).random((40, 60)) < 0.9
    mask[7, 3:57] = True
    mask[2:39, 11] = True
    along = mask if axis == 0 else mask.T
    found = rows_with_runs(mask, axis, length)
    assert found.shape == (along.shape[0],)
    assert found[long_runs(np.ascontiguousarray(along).view(np.uint8), length).any(axis=1)].all()
    assert not rows_with_runs(np.zeros_like(mask), axis, length).any()


def test_steps_of_a_line_askew_become_one_run() -> None:
    stairs = np.zeros((9, 120), np.uint8)
    for x in range(120):
        stairs[3 + x // 40, x] = 1
    assert not long_runs(stairs, 100).any()
    assert long_runs(thickened(stairs, 100), 100)[4].all()


def test_pixels_of_short_vertical_runs_are_selected_by_the_limit_of_their_label() -> None:
    solid = rows("....#....", "....#....", "#########", "....#....", ".........", "######...")
    labels, stats = components(rows(*["." * 9] * 2, "#########", *["." * 9] * 2, "######..."))
    assert stats[1:, 1].tolist() == [2, 5]
    found = without_long_runs(labels, stats, np.array([0, 2, 0]), solid)
    assert np.array_equal(found, rows(*["." * 9] * 2, "####.####", *["." * 9] * 3).astype(bool))
    found = without_long_runs(labels, stats, np.array([0, 0, 1]), solid)
    assert np.array_equal(found, rows(*["." * 9] * 5, "######...").astype(bool))
