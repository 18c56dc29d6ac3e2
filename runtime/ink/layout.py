"""From pieces of ink to rows of digits, by where they lie. Pure geometry: no pixels, no scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Boxes
from runtime.ink.page import Page, Piece
from runtime.ink.table_cells import MIN_CELLS

TALL = 0.65  # of a row's height: pieces that are digits rather than parts of them
ROW_SLACK = 0.15  # of a row's height, above and below it: a piece whose middle is there belongs to it
NEIGHBOR = 4.0  # heights: further apart, two pieces tell nothing of the row's slope
STEEPEST = 0.3  # slope of a row, some 17 degrees
STACKED = 0.4  # of the narrower one's width: pieces one above the other by this much are one digit
MERGED_HEIGHT = 1.4  # row heights; a digit put together is no taller
BROKEN_HEIGHT = 1.8  # row heights, where the pieces all but touch
BREAK = 0.08  # row heights: the gap of a stroke that the pen or the threshold broke
MERGED_WIDTH = 1.3  # row heights
NEAR = 0.12  # row heights between a small piece and the digit that it belongs to
SMALL = 0.6  # row heights; a taller piece stands for itself
DOT = 0.22  # row heights; smaller, a piece belongs to a digit only above, below or in it
CELL_GAP = 0.4  # of a cell: cells no further apart are of one table


@dataclass(frozen=True)
class Group:
    """Pieces that make one mark.

    x, y, w, h: their box in pixels of the page. u, v: its middle where rows are level: u along, v down.
    """

    pieces: tuple[Piece, ...]
    x: int
    y: int
    w: int
    h: int
    u: float
    v: float


@dataclass(frozen=True)
class TextLine:
    """Groups from left to right, and the height of the digits among them, pixels."""

    groups: tuple[Group, ...]
    height: float


def find_text_lines(page: Page) -> list[TextLine]:
    """The rows of a page in reading order, from the top down; the rows of a table are apart from what is beside it."""
    tables = _tables(page.cells)
    rest = [_group(piece) for piece in page.pieces]
    rows: list[tuple[float, TextLine]] = []
    for corners in tables:
        inside = [g for g in rest if cv2.pointPolygonTest(corners, (g.u, g.v), False) >= 0]
        rest = [g for g in rest if g not in inside]
        rows += _rows(_leveled_by(corners, inside))
    rows += _rows(_leveled(rest))
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def _group(piece: Piece) -> Group:
    return Group((piece,), piece.x, piece.y, piece.w, piece.h, piece.x + piece.w / 2, piece.y + piece.h / 2)


def merged(a: Group, b: Group) -> Group:
    """One group of the pieces of two."""
    x, y = min(a.x, b.x), min(a.y, b.y)
    w, h = max(a.x + a.w, b.x + b.w) - x, max(a.y + a.h, b.y + b.h) - y
    # Where rows are level the middle moves as it does on the page, near enough.
    u, v = a.u + (x + w / 2) - (a.x + a.w / 2), a.v + (y + h / 2) - (a.y + a.h / 2)
    return Group(a.pieces + b.pieces, x, y, w, h, u, v)


def _tables(cells: Boxes) -> list[NDArray[np.float32]]:
    """The corners (4, 2) of each table, float32: left top, right top, right bottom, left bottom."""
    if not len(cells):
        return []
    gap = CELL_GAP * np.median(cells[:, 2:], axis=0) / 2
    low, high = cells[:, :2] - gap, cells[:, :2] + cells[:, 2:] + gap
    touch = ((low[:, None] <= high[None]) & (high[:, None] >= low[None])).all(axis=2)
    for _ in range(len(cells).bit_length()):
        touch = touch @ touch
    tables = []
    for first in np.unique(np.argmax(touch, axis=1)):
        members = touch[first]
        # One row of cells tells nothing that the row itself does not.
        several = np.ptp(cells[members, 1]) > 0.5 * float(np.median(cells[members, 3]))
        if np.count_nonzero(members) >= MIN_CELLS and several:
            corners = np.concatenate([_corners(box) for box in np.hstack([low[members], high[members]])])
            tables.append(_quadrilateral(corners.astype(np.float32)))
    return tables


def _corners(box: NDArray[np.float64]) -> NDArray[np.float64]:
    left, top, right, bottom = box
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def _quadrilateral(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Four corners around points (n, 2), from the left top clockwise: the points furthest out in each diagonal."""
    total, difference = points.sum(axis=1), points[:, 0] - points[:, 1]
    chosen = [np.argmin(total), np.argmax(difference), np.argmax(total), np.argmin(difference)]
    return np.ascontiguousarray(points[chosen])


def _leveled_by(corners: NDArray[np.float32], groups: list[Group]) -> list[Group]:
    """The groups with u and v as a table with these corners would have them if seen from straight above."""
    if not groups:
        return []
    width = np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])
    height = np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32) / 2
    there = np.array([[(g.u, g.v)] for g in groups], np.float32)
    # Rows keep the height at which they stand on the page, or the table's would sort above all others.
    level = cv2.perspectiveTransform(there, cv2.getPerspectiveTransform(corners, flat + corners[0])).reshape(-1, 2)
    return [replace(g, u=float(u), v=float(v)) for g, (u, v) in zip(groups, level, strict=True)]


def _leveled(groups: list[Group]) -> list[Group]:
    """The groups with v less the rows' slope: the usual one between a group and its neighbor to the right."""
    slopes = []
    for a in groups:
        beside = [
            b
            for b in groups
            if 0 < b.u - a.u < NEIGHBOR * max(a.h, b.h)
            and abs(b.v - a.v) < 0.6 * min(a.h, b.h)
            and 0.5 * a.h < b.h < 2 * a.h
        ]
        if beside:
            near = min(beside, key=lambda b: b.u - a.u + 2 * abs(b.v - a.v))
            # Feet and heads: the middle of a low digit beside a tall one would tilt the row.
            slopes.append((near.v - a.v) / (near.u - a.u))
    slope = float(np.clip(np.median(slopes), -STEEPEST, STEEPEST)) if slopes else 0.0
    return [replace(g, v=g.v - slope * g.u) for g in groups]


def _rows(groups: list[Group]) -> list[tuple[float, TextLine]]:
    """Each row with its v. Tall groups make rows, the rest go to the row that they lie in."""
    rows: list[list[Group]] = []
    for group in sorted(groups, key=lambda g: (-g.h, g.u)):
        spans = [_span(row) for row in rows]
        inside = [
            (abs(group.v - (low + high) / 2), i)
            for i, (low, high) in enumerate(spans)
            if low - ROW_SLACK * (high - low) <= group.v <= high + ROW_SLACK * (high - low)
        ]
        if inside:
            rows[min(inside)[1]].append(group)
        else:
            rows.append([group])
    found = []
    for row in rows:
        low, high = _span(row)
        found.append(((low + high) / 2, _put_together(row)))
    return found


def _span(row: Sequence[Group]) -> tuple[float, float]:
    """The v at which the row's tall groups begin and end."""
    limit = TALL * max(g.h for g in row)
    tall = [g for g in row if g.h >= limit]
    return float(np.median([g.v - g.h / 2 for g in tall])), float(np.median([g.v + g.h / 2 for g in tall]))


def _put_together(row: list[Group]) -> TextLine:
    """The row from left to right with broken strokes joined to their digits."""
    tallest = max(g.h for g in row)
    height = float(np.median([g.h for g in row if g.h >= 0.45 * tallest]))
    done: list[Group] = []
    for group in sorted(row, key=lambda g: (-g.h, g.u)):
        partners = [other for other in done if _are_one(other, group, height)]
        if partners:
            partner = min(partners, key=lambda other: _gap(other, group))
            done[done.index(partner)] = merged(partner, group)
        else:
            done.append(group)
    return TextLine(tuple(sorted(done, key=lambda g: g.u)), height)


def _are_one(a: Group, b: Group, height: float) -> bool:
    """Whether `b`, the lower one, is a part of the digit that `a` is part of."""
    both, gap = merged(a, b), _gap(a, b)
    tallest = BROKEN_HEIGHT if gap <= BREAK * height else MERGED_HEIGHT
    if both.h > tallest * height or both.w > MERGED_WIDTH * height or b.h > 0.8 * height:
        return False
    overlap = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    if overlap >= STACKED * min(a.w, b.w):
        return gap <= 0.3 * height
    small = b.h < SMALL * height and DOT * height <= max(b.w, b.h)
    return small and gap <= NEAR * height


def _gap(a: Group, b: Group) -> int:
    """Pixels between two boxes, the larger of the two directions; 0 where they touch or overlap."""
    dx = max(a.x - b.x - b.w, b.x - a.x - a.w, 0)
    dy = max(a.y - b.y - b.h, b.y - a.y - a.h, 0)
    return max(dx, dy)
