"""The cells of a table: the closed parts of the ground between its lines. Pure."""

from __future__ import annotations

import numpy as np

from runtime.image.pixels import Boxes, Mask, boxes_of

MIN_CELL = 12  # pixels; less holds no digit that could be read
CELL_FILL = 0.6  # of its box: a cell with a digit in it covers more, the inside of a bow does not
SAME_CELL = (0.5, 1.8)  # times another cell's area
MIN_CELLS = 4  # alike; fewer are the bows of digits
NO_CELLS: Boxes = np.zeros((0, 4), np.int64)


def find_cells(mask: Mask) -> Boxes:
    """Boxes (n, 4) of a table's cells: the ground's closed parts, alike in size and filled like rectangles.

    Of several sizes, that which covers most of the picture; none where fewer than MIN_CELLS are alike.
    """
    boxes = boxes_of(~mask, 4)
    side = np.minimum(boxes[:, 2], boxes[:, 3])
    extent = boxes[:, 4] / (boxes[:, 2] * boxes[:, 3])
    boxes = boxes[(side >= MIN_CELL) & (extent > CELL_FILL) & (np.maximum(boxes[:, 2], boxes[:, 3]) < 3 * side)]
    boxes = boxes[~_are_bows(boxes, mask)]
    if len(boxes) < MIN_CELLS:
        return NO_CELLS
    room = boxes[:, 2] * boxes[:, 3]
    alike = (room[None] > SAME_CELL[0] * room[:, None]) & (room[None] < SAME_CELL[1] * room[:, None])
    alike[np.count_nonzero(alike, axis=1) < MIN_CELLS] = False
    best = int(np.argmax(alike @ room))
    return boxes[alike[best], :4]


def _are_bows(boxes: Boxes, mask: Mask) -> Mask:
    """Which parts of the ground are the inside of a digit: the ink around them is around no third one.

    What the picture's border cuts is none.
    """
    ink = boxes_of(mask, 8)
    ink = ink[(ink[:, 2] > MIN_CELL) & (ink[:, 3] > MIN_CELL)]
    left, top, right, bottom = boxes[:, 0], boxes[:, 1], boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]
    around = (ink[None, :, 0] <= left[:, None]) & (ink[None, :, 1] <= top[:, None])
    around &= ((ink[:, 0] + ink[:, 2])[None] >= right[:, None]) & ((ink[:, 1] + ink[:, 3])[None] >= bottom[:, None])
    table = around[:, np.count_nonzero(around, axis=0) >= 3].any(axis=1)
    cut = (left == 0) | (top == 0) | (right == mask.shape[1]) | (bottom == mask.shape[0])
    return np.asarray(~table & ~cut)
