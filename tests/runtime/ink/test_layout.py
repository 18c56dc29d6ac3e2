"""Lines of text, tables and broken strokes, from boxes alone."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.ink.layout import (
    NEIGHBOR,
    NEIGHBOR_HEIGHT,
    NEIGHBOR_RISE,
    RISE_COST,
    _glyph,
    _groups,
    _slopes,
    find_text_lines,
)
from runtime.ink.page import Component, Page
from runtime.ink.table_cells import NO_CELLS

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


def test_a_table_is_apart_from_the_lines_beside_it() -> None:
    cells = np.array([(x, y, 60, 60) for y in (50, 115, 180) for x in (50, 115, 180)], np.int64)
    inside = [(x + 15, y + 10, 30, 40) for y in (50, 115, 180) for x in (50, 115, 180)]
    beside = [(400, 60, 30, 40), (400, 125, 30, 40)]
    rows = lefts(page(inside + beside, cells))
    assert [65, 130, 195] in rows
    assert len([row for row in rows if row == [65, 130, 195]]) == 3
    assert [400] in rows


@pytest.mark.parametrize("seed", range(20))
def test_boxes_that_touch_are_one_group(seed: int) -> None:
    random = np.random.default_rng(seed)
    low = random.integers(0, 60, (30, 2)).astype(float)
    high = low + random.integers(1, 12, (30, 2)).astype(float)
    touch = ((low[:, None] <= high[None]) & (high[:, None] >= low[None])).all(axis=2)
    for _ in range(5):
        touch = np.asarray(np.matmul(touch, touch))
    expected = [np.flatnonzero(touch[first]).tolist() for first in np.unique(np.argmax(touch, axis=1))]
    assert [group.tolist() for group in _groups(low, high)] == expected


@pytest.mark.parametrize("seed", range(10))
def test_the_slope_to_the_nearest_neighbor_is_that_of_all_pairs(seed: int) -> None:
    random = np.random.default_rng(seed)
    boxes = [tuple(random.integers((0, 0, 2, 4), (500, 300, 40, 60)).tolist()) for _ in range(60)]
    glyphs = [_glyph(component) for component in page(boxes).components]
    expected = []
    for a in glyphs:
        right = [
            (b.deskewed_x - a.deskewed_x + RISE_COST * abs(b.deskewed_y - a.deskewed_y), i)
            for i, b in enumerate(glyphs)
            if 0 < b.deskewed_x - a.deskewed_x < NEIGHBOR * max(a.h, b.h)
            and abs(b.deskewed_y - a.deskewed_y) < NEIGHBOR_RISE * min(a.h, b.h)
            and NEIGHBOR_HEIGHT[0] * a.h < b.h < NEIGHBOR_HEIGHT[1] * a.h
        ]
        if right:
            near = glyphs[min(right)[1]]
            expected.append((near.deskewed_y - a.deskewed_y) / (near.deskewed_x - a.deskewed_x))
    assert _slopes(glyphs) == expected
