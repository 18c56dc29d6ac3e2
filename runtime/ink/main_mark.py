"""The main mark of a picture: the components that make the largest, most central one. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Gray, Mask
from runtime.ink.artifacts import BLOB_SHARE, are_edges_or_lines, are_shadow_remnants
from runtime.ink.background import KERNEL_3X3, SMALL_SIDE, max_stroke_width
from runtime.ink.components import Box, Components, box_gap, find_components

# Shape. A mark's half-width is the radius of the largest disc inscribed in it.
MAX_WIDTH_RATIO = 2.7  # greatest to mean half-width: 1 for a line, 1.6 with junctions, 3 with a shadow attached
HOLLOWED = 0.35  # of the background's square: a half-width near half of it has lost its inside to the background
SMALL_SQUARE = 0.5  # of the widest stroke: remnants are sought where the background's square is smaller

# Pieces of one mark. Distances are shares of the main component's longer side.
REACH = 0.2  # the pieces of a broken stroke lie so near,
BESIDE_REACH = 0.08  # one beside it and about as tall lies so near: further off it is another mark,
BAR_REACH = 0.35  # and one above it, flat and about as wide, lies so near: the bar of a 5
AS_TALL = 0.6  # of the main component's height
BAR_ELONGATION = 1.5  # width over height
BAR_WIDTH = (0.4, 1.6)  # of the main component's width
SPECK_SHARE = 0.03  # of the main component's area; a smaller one is dropped
MAX_PIECES = 64  # of a mark, the largest first: a texture has more, and a mark is found among these or not at all


@dataclass(frozen=True, eq=False)  # == of arrays is no single truth value
class Mark:
    """A mark: the components that make it.

    Attributes:
        mask: bool (h, w), its pixels within its box.
        x: Left of the box in the picture that it was found in, pixels.
        y: Top of the box.
        width_ratio: Its greatest half-width over the mean one; infinite where it is wider than can be measured.
        share: Share of all ink, 0 to 1.
    """

    mask: Mask
    x: int
    y: int
    width_ratio: float
    share: float

    def share_below(self, channel: Gray, level: float) -> float:
        """Count the mark's pixels that are below a level.

        Args:
            channel: uint8, as large as the picture that the mark was found in.
            level: Gray level.

        Returns:
            Their share of the mark's pixels, 0 to 1.
        """
        below = self.mask & (self._crop(channel) < math.ceil(level))
        return np.count_nonzero(below) / np.count_nonzero(self.mask)

    def mean(self, channel: Gray) -> float:
        """Average the levels at the mark's pixels.

        Args:
            channel: uint8, as large as the picture that the mark was found in.

        Returns:
            Gray level.
        """
        return float(cv2.mean(self._crop(channel), self.mask.view(np.uint8))[0])

    def _crop(self, channel: Gray) -> Gray:
        h, w = self.mask.shape
        return channel[self.y : self.y + h, self.x : self.x + w]


def main_mark(strength: Gray, thresholds: tuple[float, float] | None, size: int) -> Mark | None:
    """Choose the components that make the largest, most central mark.

    Args:
        strength: uint8 (h, w), see `background.contrast_above`.
        thresholds: See `background.hysteresis_thresholds`.
        size: Size of the square that the background was estimated with, pixels; a stroke nearly as wide has lost its
            inside to the background.

    Returns:
        The mark; None where there is none.
    """
    found = None if thresholds is None else find_components(strength, *thresholds)
    if found is None:
        return None
    is_kept = found.is_ink & ~are_edges_or_lines(found)
    if size < SMALL_SQUARE * max_stroke_width(found.height, found.width):
        is_kept &= ~are_shadow_remnants(found, is_kept, size)
    chosen = _pieces_of_one_mark(found, is_kept)
    return _mark(found, chosen, is_kept, size) if len(chosen) else None


def _mark(found: Components, chosen: NDArray[np.int64], is_kept: Mask, size: int) -> Mark | None:
    """The mark of these components; None where it is a blob."""
    near, (x, y, right, bottom) = found.mask_of(chosen)
    radius = found.largest_radius(chosen)
    if max(found.height, found.width) > SMALL_SIDE and radius > BLOB_SHARE * max(right - x, bottom - y):
        return None
    areas = found.stats[:, 4]
    share = float(areas[chosen].sum() / areas[is_kept].sum())
    row, column = min(1, y - found.top), min(1, x - found.left)
    mask = np.ascontiguousarray(near[row : row + bottom - y, column : column + right - x])
    return Mark(mask, x, y, _width_ratio(near, radius, size), share)


def _pieces_of_one_mark(found: Components, is_kept: Mask) -> NDArray[np.int64]:
    """Indices of the main component and of the pieces that belong to it; empty where none is kept."""
    kept = is_kept.nonzero()[0]
    if len(kept) < 2:
        return kept
    main = kept[np.argmax(_prominence(found)[kept])]
    kept = kept[(found.stats[kept, 4] >= SPECK_SHARE * found.stats[main, 4]) & (kept != main)]
    order = kept[np.argsort(-found.stats[kept, 4], kind="stable")][:MAX_PIECES]
    boxes = found.stats[:, :4].tolist()
    longer = max(boxes[main][2:])
    chosen = [int(main)]
    for index in order.tolist():
        box = boxes[index]
        if min(box_gap(box, boxes[other]) for other in chosen) <= _reach(box, boxes[main]) * longer:
            chosen.append(index)
    return np.array(chosen)


def _reach(box: Box, main: Box) -> float:
    """How far off a piece of the mark may lie, as a share of the main component's longer side."""
    x, y, w, h = main
    if box[0] >= x + w or box[0] + box[2] <= x:
        return BESIDE_REACH if box[3] > AS_TALL * h else REACH
    is_above_and_flat = box[1] + box[3] <= y and box[2] > BAR_ELONGATION * box[3]
    return BAR_REACH if is_above_and_flat and BAR_WIDTH[0] * w < box[2] < BAR_WIDTH[1] * w else REACH


def _prominence(found: Components) -> NDArray[np.float64]:
    """(n,) area, weighted: 1 in the center, one half at the border."""
    x, y, w, h, area = found.stats.T
    dx = np.abs(x + w / 2 - found.width / 2) / found.width
    dy = np.abs(y + h / 2 - found.height / 2) / found.height
    return np.asarray(area * (1 - np.maximum(dx, dy)))


def _width_ratio(mask: Mask, radius: float, size: int) -> float:
    """`radius` over the mean half-width, which is area over outline. Pen strokes are even, shadows are not."""
    if radius > HOLLOWED * size:
        return math.inf
    solid = mask.view(np.uint8)
    area = int(np.count_nonzero(solid))
    outline = area - int(np.count_nonzero(cv2.erode(solid, KERNEL_3X3)))
    return radius / max(1.0, area / max(1, outline))
