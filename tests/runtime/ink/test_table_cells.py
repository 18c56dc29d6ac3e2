"""Cells are closed parts of the background; the holes of digits are not cells."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.ink.table_cells import MIN_CELLS, NO_CELLS, TABLE_HOLES, find_cells, tables_among
from tests.runtime.ink.drawing import grid_mask


def test_cells_of_a_table_are_found_and_holes_of_digits_are_not() -> None:
    assert len(find_cells(grid_mask(60, 4))) == 16
    rings = np.zeros((120, 500), np.uint8)
    for i in range(6):
        cv2.circle(rings, (50 + 80 * i, 60), 25, 1, 5)
    assert len(find_cells(rings > 0)) == 0


def test_a_cell_is_the_box_between_the_lines() -> None:
    found = find_cells(grid_mask(60, 3))
    assert found.shape == (9, 4)
    assert np.abs(found[:, 2:] - 58).max() <= 1
    assert sorted(set(found[:, 0].tolist())) == sorted(set(found[found[:, 1] == found[0, 1], 0].tolist()))


@pytest.mark.parametrize("cell", [8, 60])
def test_cells_too_small_for_a_digit_are_dropped(cell: int) -> None:
    assert (len(find_cells(grid_mask(cell, 5))) == 25) == (cell == 60)


def test_fewer_cells_than_a_table_has_are_dropped() -> None:
    mask = np.zeros((100, 260), np.uint8)
    for x in range(10, 10 + 60 * (MIN_CELLS - 1), 60):
        cv2.rectangle(mask, (x, 20), (x + 60, 80), (1,), 2)
    assert np.array_equal(find_cells(mask > 0), NO_CELLS)


def test_digits_in_the_cells_leave_them_cells() -> None:
    mask = grid_mask(60, 3).astype(np.uint8)
    cv2.circle(mask, (60, 50), 14, (1,), 4)
    assert len(find_cells(mask > 0)) == 9


def test_of_two_sizes_the_one_that_covers_more_is_taken() -> None:
    mask = np.zeros((400, 600), np.uint8)
    mask[:280, :300] = grid_mask(60, 4)
    mask[300:, 300:420] = grid_mask(15, 4)[:100, :120]
    found = find_cells(mask > 0)
    assert len(found) == 16
    assert found[:, 2].min() > 50


@pytest.mark.parametrize("seed", range(10))
def test_a_table_is_around_three_cells_or_more(seed: int) -> None:
    random = np.random.default_rng(seed)
    outer, cells = (random.integers((0, 0, 1, 1), (90, 50, size, size), (40, 4)) for size in (60, 9))
    ends = [boxes[:, :2] + boxes[:, 2:] for boxes in (outer, cells)]
    begins_within = (cells[None, :, :2] >= outer[:, None, :2]).all(axis=2)
    inside = begins_within & (ends[1][None] <= ends[0][:, None]).all(axis=2)
    expected = np.count_nonzero(inside, axis=1) >= TABLE_HOLES
    assert expected.any()
    assert tables_among(outer, cells, (120, 160)).tolist() == expected.tolist()
