"""Rows, tables and broken strokes, from boxes alone; lines and cells, from masks alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.ink.layout import find_text_lines
from runtime.ink.page import Component, Page, median_height
from runtime.ink.reader import is_plus
from runtime.ink.ruled_lines import find_lines, frame_lines
from runtime.ink.table_cells import NO_CELLS, find_cells

SHEET = np.zeros((400, 600), np.uint8)


def page(boxes: list[tuple[int, int, int, int]], cells: np.ndarray = NO_CELLS) -> Page:
    pieces = tuple(Component(i, x, y, w, h, w * h // 3, 200.0) for i, (x, y, w, h) in enumerate(boxes, start=1))
    return Page(SHEET, SHEET.astype(np.int32), pieces, cells, 50.0, 1.0, False)


def lefts(found: Page) -> list[list[int]]:
    return [[glyph.x for glyph in row.glyphs] for row in find_text_lines(found)]


def test_rows_from_the_top_and_digits_from_the_left() -> None:
    boxes = [(200, 105, 30, 50), (20, 200, 30, 50), (90, 95, 30, 52), (20, 100, 30, 50), (120, 210, 12, 40)]
    assert lefts(page(boxes)) == [[20, 90, 200], [20, 120]]


@pytest.mark.parametrize("slope", [-0.12, 0.12])
def test_rows_that_slope_stay_apart(slope: float) -> None:
    boxes = [(x, round(150 + y + slope * x), 30, 50) for y in (0, 75) for x in range(20, 560, 60)]
    rows = lefts(page(boxes))
    assert rows == [list(range(20, 560, 60))] * 2


def test_order_of_the_pieces_does_not_matter() -> None:
    boxes = [(x, y, 30, 50) for y in (20, 120) for x in (20, 90, 160)]
    assert lefts(page(boxes)) == lefts(page(boxes[::-1]))


def test_the_bar_of_a_five_joins_it_and_a_minus_joins_nothing() -> None:
    boxes = [(20, 100, 30, 50), (100, 115, 30, 38), (112, 98, 30, 10), (180, 122, 26, 6), (240, 100, 30, 50)]
    glyphs = find_text_lines(page(boxes))[0].glyphs
    assert [len(glyph.components) for glyph in glyphs] == [1, 2, 1, 1]
    five = glyphs[1]
    assert (five.x, five.y, five.w, five.h) == (100, 98, 42, 55)


def test_a_table_is_apart_from_what_is_beside_it() -> None:
    cells = np.array([(x, y, 60, 60) for y in (50, 115, 180) for x in (50, 115, 180)], np.int64)
    inside = [(x + 15, y + 10, 30, 40) for y in (50, 115, 180) for x in (50, 115, 180)]
    beside = [(400, 60, 30, 40), (400, 125, 30, 40)]
    rows = lefts(page(inside + beside, cells))
    assert [65, 130, 195] in rows
    assert len([row for row in rows if row == [65, 130, 195]]) == 3
    assert [400] in rows


def test_the_usual_height_is_that_of_most_ink() -> None:
    pieces = [
        Component(1, 0, 0, 20, 50, 300, 9.0),
        Component(2, 0, 0, 20, 52, 300, 9.0),
        Component(3, 0, 0, 3, 4, 9, 9.0),
    ]
    assert median_height(pieces) in (50, 52)
    assert median_height([]) is None


def grid(cell: int, count: int) -> np.ndarray:
    mask = np.zeros((cell * count + 40, cell * count + 60), np.uint8)
    for i in range(count + 1):
        cv2.line(mask, (30, 20 + i * cell), (30 + cell * count, 20 + i * cell), 1, 2)
        cv2.line(mask, (30 + i * cell, 20), (30 + i * cell, 20 + cell * count), 1, 2)
    return mask


def test_cells_of_a_table_are_found_and_bows_are_none() -> None:
    assert len(find_cells(grid(60, 4) > 0)) == 16
    rings = np.zeros((120, 500), np.uint8)
    for i in range(6):
        cv2.circle(rings, (50 + 80 * i, 60), 25, 1, 5)
    assert len(find_cells(rings > 0)) == 0


def test_lines_go_and_what_crosses_them_stays() -> None:
    mask = grid(60, 4)
    cv2.line(mask, (60, 62), (60, 104), 1, 5)  # a stroke across the line at y = 80
    left = (mask > 0) & ~find_lines(mask > 0, find_cells(mask > 0), None)
    assert left[64:102, 60].all()
    left[55:115, 50:70] = False
    assert left.sum() < 0.04 * mask.sum()


def test_a_line_off_the_page_goes_and_a_stem_in_a_close_crop_stays() -> None:
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


@pytest.mark.parametrize("lean", [-3, 0, 3])
def test_a_plus_is_one_and_a_four_is_none(lean: int) -> None:
    plus = np.zeros((60, 60), np.uint8)
    cv2.line(plus, (0, 30 + lean), (59, 30 - lean), 1, 6)
    cv2.line(plus, (30 - lean, 0), (30 + lean, 59), 1, 6)
    assert is_plus(plus > 0)
    four = np.zeros((60, 45), np.uint8)
    cv2.polylines(four, [np.array([(28, 0), (2, 40), (44, 38)])], False, 1, 5)
    cv2.line(four, (30, 20), (30 + lean, 59), 1, 5)
    assert not is_plus(four > 0)
