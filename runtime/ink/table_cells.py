"""The cells of a table: the closed parts of the background between its lines. Pure."""

from __future__ import annotations

import numpy as np

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
    alike = (area[None] > SAME_CELL[0] * area[:, None]) & (area[None] < SAME_CELL[1] * area[:, None])
    alike[np.count_nonzero(alike, axis=1) < MIN_CELLS] = False
    best = int(np.argmax(alike @ area))
    return boxes[alike[best], :4]


def _are_holes(boxes: Boxes, mask: Mask) -> Mask:
    """Which parts of the background are holes of a digit, not table cells: at most two in one component.

    Regions touching the image border are never holes.
    """
    ink = component_stats(mask, 8)
    ink = ink[(ink[:, 2] > MIN_CELL) & (ink[:, 3] > MIN_CELL)]
    left, top, right, bottom = boxes[:, 0], boxes[:, 1], boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]
    encloses = (ink[None, :, 0] <= left[:, None]) & (ink[None, :, 1] <= top[:, None])
    encloses &= ((ink[:, 0] + ink[:, 2])[None] >= right[:, None]) & ((ink[:, 1] + ink[:, 3])[None] >= bottom[:, None])
    in_table = encloses[:, np.count_nonzero(encloses, axis=0) >= TABLE_HOLES].any(axis=1)
    at_border = (left == 0) | (top == 0) | (right == mask.shape[1]) | (bottom == mask.shape[0])
    return np.asarray(~in_table & ~at_border)
