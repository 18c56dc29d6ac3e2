"""The cells of a table: the closed parts of the background between its lines. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Boxes, Mask, component_stats

MIN_CELL = 12  # pixels; a smaller one has no digit that could be read
CELL_FILL = 0.6  # of its box: a cell with a digit in it covers more, the hole of a digit does not
MAX_ELONGATION = 3  # longer over shorter side
SAME_CELL = (0.5, 1.8)  # times another cell's area
MIN_CELLS = 4  # alike; fewer are the holes of digits
TABLE_HOLES = 3  # a component around so many parts of the background is a table; a digit has at most two holes
NO_CELLS: Boxes = np.zeros((0, 4), np.int64)


def find_cells(mask: Mask) -> Boxes:
    """Find the cells of a table: closed parts of the background, alike in size and filled like rectangles.

    Where there are several sizes, the one whose cells cover most of the picture is taken.

    Args:
        mask: bool (h, w), the picture's ink.

    Returns:
        int (n, 4): x, y, width and height in pixels; NO_CELLS where fewer than MIN_CELLS are alike.
    """
    boxes = component_stats(~mask, 4)
    shorter, longer = np.minimum(boxes[:, 2], boxes[:, 3]), np.maximum(boxes[:, 2], boxes[:, 3])
    extent = boxes[:, 4] / (boxes[:, 2] * boxes[:, 3])
    boxes = boxes[(shorter >= MIN_CELL) & (extent > CELL_FILL) & (longer < MAX_ELONGATION * shorter)]
    boxes = boxes[~_are_holes(boxes, mask)]
    if len(boxes) < MIN_CELLS:
        return NO_CELLS
    area = boxes[:, 2] * boxes[:, 3]
    ordered = np.sort(area)
    totals = np.concatenate([[0], ordered.cumsum()])
    first = np.searchsorted(ordered, SAME_CELL[0] * area, side="right")
    last = np.searchsorted(ordered, SAME_CELL[1] * area, side="left")
    covered = np.where(last - first < MIN_CELLS, 0, totals[last] - totals[first])
    best = int(np.argmax(covered))
    if not covered[best]:
        return NO_CELLS
    return boxes[(area > SAME_CELL[0] * area[best]) & (area < SAME_CELL[1] * area[best]), :4]


def _are_holes(boxes: Boxes, mask: Mask) -> Mask:
    """Which parts of the background are holes of a digit, not table cells: at most two in one component.

    Regions touching the image border are never holes.
    """
    ink = component_stats(mask, 8)
    ink = ink[(ink[:, 2] > MIN_CELL) & (ink[:, 3] > MIN_CELL)]
    left, top = boxes[:, 0], boxes[:, 1]
    right, bottom = left + boxes[:, 2], top + boxes[:, 3]
    in_table = np.zeros(len(boxes), np.bool_)
    for outer in tables_among(ink[:, :4], boxes[:, :4], mask.shape).nonzero()[0].tolist():
        in_table |= _enclosed(ink[outer], boxes)
    at_border = (left == 0) | (top == 0) | (right == mask.shape[1]) | (bottom == mask.shape[0])
    return np.asarray(~in_table & ~at_border)


def tables_among(outer: Boxes, cells: Boxes, shape: tuple[int, ...]) -> Mask:
    """Tell which boxes are around TABLE_HOLES cells or more.

    Those that hold fewer of the cells' left top corners are passed over: a summed-area table (Crow 1984) has their
    number at once, so that the cost is near the number of boxes and not that of pairs.

    Args:
        outer: int (n, 4), the boxes asked about, x, y, width and height in pixels.
        cells: int (m, 4).
        shape: (height, width) of the picture.

    Returns:
        bool (n,).
    """
    found = np.zeros(len(outer), np.bool_)
    if len(cells) < TABLE_HOLES or not len(outer):
        return found
    corners = np.zeros((shape[0] + 1, shape[1] + 1), np.int32)
    np.add.at(corners, (cells[:, 1] + 1, cells[:, 0] + 1), 1)
    corners.cumsum(axis=0, out=corners)
    corners.cumsum(axis=1, out=corners)
    x, y, right, bottom = outer[:, 0], outer[:, 1], outer[:, 0] + outer[:, 2], outer[:, 1] + outer[:, 3]
    begun = corners[bottom, right] - corners[y, right] - corners[bottom, x] + corners[y, x]
    for index in np.flatnonzero(begun >= TABLE_HOLES).tolist():
        found[index] = np.count_nonzero(_enclosed(outer[index], cells)) >= TABLE_HOLES
    return found


def _enclosed(outer: NDArray[np.int64], boxes: Boxes) -> Mask:
    """Bool (n,): which boxes lie within the outer one, (x, y, width, height, ...)."""
    x, y, w, h = outer[:4].tolist()
    inside = (boxes[:, 0] >= x) & (boxes[:, 1] >= y)
    return np.asarray(inside & (boxes[:, 0] + boxes[:, 2] <= x + w) & (boxes[:, 1] + boxes[:, 3] <= y + h))
