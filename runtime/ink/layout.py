"""From components of ink to lines of glyphs, by where they lie. Pure geometry: no pixels, no scores."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Boxes
from runtime.ink.components import box_gap
from runtime.ink.page import Component, Page
from runtime.ink.table_cells import MIN_CELLS

Quadrilateral = NDArray[np.float32]  # (4, 2): left top, right top, right bottom, left bottom, pixels

# Lines. Heights are those of a line's tall glyphs.
TALL = 0.65  # of a line's height: glyphs that are digits rather than parts of them
MEDIAN_TALL = 0.45  # of the tallest glyph: those whose median is the line's height
LINE_SLACK = 0.15  # of a line's height, above and below it: a glyph whose middle is there belongs to it

# Slope.
NEIGHBOR = 4.0  # heights: further apart, two glyphs tell nothing of the line's slope
NEIGHBOR_RISE = 0.6  # of the lower one's height: no neighbor's middle is further up or down
NEIGHBOR_HEIGHT = (0.5, 2.0)  # times the height
RISE_COST = 2  # a pixel up or down counts as so many along the line when the nearest neighbor is sought
STEEPEST = 0.3  # slope of a line, some 17 degrees

# Fragments of a glyph. Sizes are shares of the line's height.
STACKED = 0.4  # of the narrower one's width: fragments that overlap by this much along the line are one glyph,
STACKED_GAP = 0.3  # where they are no further apart
MERGED_HEIGHT = 1.4  # a merged glyph is no taller,
BROKEN_HEIGHT = 1.8  # or than this, where the fragments all but touch
BREAK = 0.08  # the gap of a stroke that the pen or the threshold broke
MERGED_WIDTH = 1.3  # a merged glyph is no wider
MAX_FRAGMENT = 0.8  # a taller one is a glyph of its own
NEAR = 0.12  # between a small fragment and the glyph that it belongs to
SMALL = 0.6  # a taller fragment beside a glyph is a glyph of its own
DOT = 0.22  # a smaller fragment belongs to a glyph only above, below or in it

# Tables.
CELL_GAP = 0.4  # of a cell: cells no further apart are of one table
SEVERAL_ROWS = 0.5  # of a cell's height: cells that spread further are in more than one row


@dataclass(frozen=True)
class Glyph:
    """Components that make one mark.

    Attributes:
        components: Its components.
        x: Left of its box, pixels of the page.
        y: Top of its box.
        w: Width of its box.
        h: Height of its box.
        deskewed_x: Its middle along the line, where lines are level.
        deskewed_y: Its middle across the lines, where lines are level.
    """

    components: tuple[Component, ...]
    x: int
    y: int
    w: int
    h: int
    deskewed_x: float
    deskewed_y: float


@dataclass(frozen=True)
class TextLine:
    """A line of glyphs.

    Attributes:
        glyphs: Glyphs from left to right.
        height: Height of the digits among them, pixels.
    """

    glyphs: tuple[Glyph, ...]
    height: float


def find_text_lines(page: Page) -> list[TextLine]:
    """Find the lines of a page. The lines of a table are apart from those beside it.

    Args:
        page: The components of ink.

    Returns:
        Lines in reading order, from the top.
    """
    rest = [_glyph(component) for component in page.components]
    lines: list[tuple[float, TextLine]] = []
    for corners in _tables(page.cells):
        inside, rest = _parted(rest, corners)
        lines += _lines(_rectify(inside, corners))
    lines += _lines(_deskew(rest))
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def _glyph(c: Component) -> Glyph:
    return Glyph((c,), c.x, c.y, c.w, c.h, c.x + c.w / 2, c.y + c.h / 2)


def merged(a: Glyph, b: Glyph) -> Glyph:
    """Make one glyph of the components of two.

    Args:
        a: The glyph whose deskewed middle is taken as known.
        b: The other.

    Returns:
        The glyph with both boxes in its own.
    """
    x, y = min(a.x, b.x), min(a.y, b.y)
    w, h = max(a.x + a.w, b.x + b.w) - x, max(a.y + a.h, b.y + b.h) - y
    # Where lines are level the middle moves as it does on the page, near enough.
    deskewed_x = a.deskewed_x + (x + w / 2) - (a.x + a.w / 2)
    deskewed_y = a.deskewed_y + (y + h / 2) - (a.y + a.h / 2)
    return Glyph(a.components + b.components, x, y, w, h, deskewed_x, deskewed_y)


def _parted(glyphs: list[Glyph], corners: Quadrilateral) -> tuple[list[Glyph], list[Glyph]]:
    """The glyphs in a table, and the others."""
    middles = np.array([(g.deskewed_x, g.deskewed_y) for g in glyphs]).reshape(-1, 2)
    near = ((middles >= corners.min(axis=0)) & (middles <= corners.max(axis=0))).all(axis=1)
    for index in near.nonzero()[0].tolist():
        near[index] = cv2.pointPolygonTest(corners, middles[index].tolist(), False) >= 0
    inside = near.tolist()
    return (
        [g for g, is_in in zip(glyphs, inside, strict=True) if is_in],
        [g for g, is_in in zip(glyphs, inside, strict=True) if not is_in],
    )


def _tables(cells: Boxes) -> list[Quadrilateral]:
    """The corners of each table."""
    if not len(cells):
        return []
    gap = CELL_GAP * np.median(cells[:, 2:], axis=0) / 2
    low, high = cells[:, :2] - gap, cells[:, :2] + cells[:, 2:] + gap
    tables = []
    for members in _groups(low, high):
        # One row of cells tells nothing that the line itself does not.
        has_rows = np.ptp(cells[members, 1]) > SEVERAL_ROWS * float(np.median(cells[members, 3]))
        if len(members) >= MIN_CELLS and has_rows:
            corners = np.concatenate([_corners(box) for box in np.hstack([low[members], high[members]])])
            tables.append(_quadrilateral(corners.astype(np.float32)))
    return tables


def _groups(low: NDArray[np.float64], high: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Indices of the boxes (n, 2), (n, 2) that touch, or are joined by others that do; ascending, as their first are.

    Each box is compared with those alone that begin before it ends, from the left.
    """
    order = np.argsort(low[:, 0], kind="stable")
    parent = list(range(len(low)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = index = parent[parent[index]]
        return index

    ends = np.searchsorted(low[order, 0], high[order, 0], side="right").tolist()
    for place, index in enumerate(order.tolist()):
        beside = order[place + 1 : ends[place]]
        meets = (low[beside, 1] <= high[index, 1]) & (high[beside, 1] >= low[index, 1])
        for other in beside[meets].tolist():
            first, second = sorted((root(index), root(other)))
            parent[second] = first
    roots = np.array([root(index) for index in range(len(low))])
    return [np.flatnonzero(roots == first) for first in np.unique(roots)] if len(low) else []


def _corners(box: NDArray[np.float64]) -> NDArray[np.float64]:
    left, top, right, bottom = box
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def _quadrilateral(points: NDArray[np.float32]) -> Quadrilateral:
    """Four corners around points (n, 2): the points furthest out in each diagonal."""
    total, difference = points.sum(axis=1), points[:, 0] - points[:, 1]
    chosen = [np.argmin(total), np.argmax(difference), np.argmax(total), np.argmin(difference)]
    return np.ascontiguousarray(points[chosen])


def _rectify(glyphs: list[Glyph], corners: Quadrilateral) -> list[Glyph]:
    """The glyphs with the deskewed middles that they would have if their table were seen from straight above."""
    if not glyphs:
        return []
    width = np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])
    height = np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32) / 2
    middles = np.array([[(g.deskewed_x, g.deskewed_y)] for g in glyphs], np.float32)
    # Lines keep the height that they have on the page, or the table's would sort above all others.
    level = cv2.perspectiveTransform(middles, cv2.getPerspectiveTransform(corners, flat + corners[0])).reshape(-1, 2)
    return [replace(g, deskewed_x=float(x), deskewed_y=float(y)) for g, (x, y) in zip(glyphs, level, strict=True)]


def _deskew(glyphs: list[Glyph]) -> list[Glyph]:
    """The glyphs with the lines' slope taken out: the median between a glyph and its neighbor to the right."""
    slopes = _slopes(glyphs)
    slope = float(np.clip(np.median(slopes), -STEEPEST, STEEPEST)) if slopes else 0.0
    return [replace(g, deskewed_y=g.deskewed_y - slope * g.deskewed_x) for g in glyphs]


def _slopes(glyphs: list[Glyph]) -> list[float]:
    """From each glyph that may be followed by another on its line, the slope to the nearest such.

    Glyphs of other heights would tilt the line: their middles lie elsewhere.
    """
    x, y, h = np.array([(g.deskewed_x, g.deskewed_y, g.h) for g in glyphs]).reshape(-1, 3).T
    order = np.argsort(x, kind="stable")
    reach = x + NEIGHBOR * np.maximum(1.0, NEIGHBOR_HEIGHT[1]) * h
    starts, ends = np.searchsorted(x[order], x, "right").tolist(), np.searchsorted(x[order], reach).tolist()
    slopes = []
    for a, (start, end) in enumerate(zip(starts, ends, strict=True)):
        b = order[start:end]
        dx, dy = x[b] - x[a], np.abs(y[b] - y[a])
        follows = (dx < NEIGHBOR * np.maximum(h[a], h[b])) & (dy < NEIGHBOR_RISE * np.minimum(h[a], h[b]))
        follows &= (NEIGHBOR_HEIGHT[0] * h[a] < h[b]) & (h[b] < NEIGHBOR_HEIGHT[1] * h[a])
        if follows.any():
            cost = (dx + RISE_COST * dy)[follows]
            near = int(b[follows][cost == cost.min()].min())
            slopes.append(float((y[near] - y[a]) / (x[near] - x[a])))
    return slopes


class _OpenLine:
    """A line that glyphs join from the tallest down, so that its span is known without looking at all of them."""

    def __init__(self, first: Glyph) -> None:
        self.glyphs: list[Glyph] = []
        self._limit = TALL * first.h
        self._tops: list[float] = []  # of its tall glyphs, ascending
        self._bottoms: list[float] = []
        self.add(first)

    def add(self, glyph: Glyph) -> None:
        self.glyphs.append(glyph)
        if glyph.h >= self._limit:
            insort(self._tops, glyph.deskewed_y - glyph.h / 2)
            insort(self._bottoms, glyph.deskewed_y + glyph.h / 2)

    def span(self) -> tuple[float, float]:
        """The deskewed y at which the line's tall glyphs begin and end."""
        return _middle(self._tops), _middle(self._bottoms)


def _middle(ascending: list[float]) -> float:
    """Their median."""
    half = len(ascending) // 2
    return ascending[half] if len(ascending) % 2 else (ascending[half - 1] + ascending[half]) / 2


def _lines(glyphs: list[Glyph]) -> list[tuple[float, TextLine]]:
    """Each line with its deskewed y. Tall glyphs make lines; the others join the line that they lie in."""
    lines: list[_OpenLine] = []
    spans = np.empty((len(glyphs), 2))
    for glyph in sorted(glyphs, key=lambda g: (-g.h, g.deskewed_x)):
        low, high = spans[: len(lines)].T
        slack = LINE_SLACK * (high - low)
        inside = np.flatnonzero((low - slack <= glyph.deskewed_y) & (glyph.deskewed_y <= high + slack))
        if len(inside):
            index = int(inside[np.argmin(np.abs(glyph.deskewed_y - (low[inside] + high[inside]) / 2))])
            lines[index].add(glyph)
        else:
            index = len(lines)
            lines.append(_OpenLine(glyph))
        spans[index] = lines[index].span()
    middles = spans[: len(lines)].mean(axis=1).tolist()
    return [(middles[i], _merge_fragments(line.glyphs)) for i, line in enumerate(lines)]


def _merge_fragments(line: list[Glyph]) -> TextLine:
    """The line from left to right with the fragments of broken strokes merged into their glyphs."""
    tallest = max(g.h for g in line)
    height = float(np.median([g.h for g in line if g.h >= MEDIAN_TALL * tallest]))
    done: list[Glyph] = []
    edges = np.empty((len(line), 2), np.int64)  # left and right of those done
    for glyph in sorted(line, key=lambda g: (-g.h, g.deskewed_x)):
        left, right = edges[: len(done)].T
        reach = MERGED_WIDTH * height  # of both together: those further off need no comparison
        near = (left >= glyph.x + glyph.w - reach) & (right <= glyph.x + reach)
        partners = [i for i in near.nonzero()[0].tolist() if _same_glyph(done[i], glyph, height)]
        if partners:
            index = min(partners, key=lambda i: _gap(done[i], glyph))
            done[index] = merged(done[index], glyph)
        else:
            index = len(done)
            done.append(glyph)
        edges[index] = done[index].x, done[index].x + done[index].w
    return TextLine(tuple(sorted(done, key=lambda g: g.deskewed_x)), height)


def _same_glyph(a: Glyph, b: Glyph, height: float) -> bool:
    """Whether `b`, the lower one, is a fragment of the glyph that `a` is part of; height: the line's."""
    both, gap = merged(a, b), _gap(a, b)
    tallest = BROKEN_HEIGHT if gap <= BREAK * height else MERGED_HEIGHT
    if both.h > tallest * height or both.w > MERGED_WIDTH * height or b.h > MAX_FRAGMENT * height:
        return False
    overlap = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    if overlap >= STACKED * min(a.w, b.w):
        return gap <= STACKED_GAP * height
    is_small = b.h < SMALL * height and DOT * height <= max(b.w, b.h)
    return is_small and gap <= NEAR * height


def _gap(a: Glyph, b: Glyph) -> int:
    return box_gap((a.x, a.y, a.w, a.h), (b.x, b.y, b.w, b.h))
