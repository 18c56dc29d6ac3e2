"""The main mark of a picture: components of what stands out from the paper, chosen by shape and place. Pure.

All work is done within the box of what stands out, because the cost of a picture is the number of pixels examined;
and on arrays of components, because a busy picture has thousands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Gray, Labels, Mask, components, having
from runtime.ink.background import KERNEL_3X3, SMALL_SIDE, max_stroke_width
from runtime.ink.ruled_lines import frame_lengths, frame_lines, may_have_frame_lines

Table = NDArray[np.int64]  # (n, 5): x, y, width, height and area of each component, pixels
Box = list[int]  # x, y, width, height, pixels

# Shape. A mark's half-width is the radius of the largest disc inscribed in it.
MAX_WIDTH_RATIO = 2.7  # greatest to mean half-width: 1 for a line, 1.6 with junctions, 3 with a shadow attached
HOLLOWED = 0.35  # of the background's square: a half-width near half of it has lost its inside to the background
BLOB_SHARE = 0.25  # of a mark's longer side: a stroke's half-width is less, a shadow's more
MIN_BODY = 0.5  # of its squared half-width: no component, not even in the picture's corner, has less area

# Shadow remnants: what is left of a shadow at the border where the square was too large for its corner.
SMALL_SQUARE = 0.5  # of the widest stroke: remnants are sought where the background's square is smaller
REMNANT_FILL = 0.35  # of its box: a stroke fills less, a remnant more
REMNANT_RADIUS = 0.25  # of the square: a remnant's half-width is more

# Edges and lines.
ON_LINE = 0.5  # of a component's pixels beside a removed line: it is the line's own remnant
MIN_SHADOW = 0.1  # of the picture's longer side: shorter, a component is no shadow
LONG = 0.8  # of a side of the picture: a longer component runs across it
LYING_LINE = 0.08  # of the picture's height: a long component that is lower is a line,
UPRIGHT_LINE = 0.02  # of its width: and one that is narrower; a 1 may be as high as the picture
SLIVER = 0.06  # of a side: a component that the border cuts and that is thinner was cut off there
HOLLOW_FILL = 0.08  # of its box: a component that runs across both ways and fills less is a frame
MAX_CUT_AREA = 0.5  # of the picture: a component that the border cuts and that is larger is no mark
EDGE_SLACK = 0.01  # of the longer side: a component this near the picture's border runs off it
EDGE_THICKNESS = 0.1  # of an edge line's length
EDGE_MARGIN = 0.3  # of a side: no edge line lies further from the border that it runs along

# Pieces of one mark. Distances are shares of the main component's longer side.
REACH = 0.2  # the pieces of a broken stroke lie so near,
BESIDE_REACH = 0.08  # one beside it and about as tall lies so near: further off it is another mark,
BAR_REACH = 0.35  # and one above it, flat and about as wide, lies so near: the bar of a 5
AS_TALL = 0.6  # of the main component's height
BAR_ELONGATION = 1.5  # width over height
BAR_WIDTH = (0.4, 1.6)  # of the main component's width
SPECK_SHARE = 0.03  # of the main component's area; a smaller one is dropped
MAX_PIECES = 64  # of a mark, the largest first: a texture has more, and a mark is found among these or not at all


@dataclass(frozen=True)
class Mark:
    """A mark: the components that make it.

    Attributes:
        mask: bool (h, w), its pixels within its box.
        x: Left of the box in the picture that it was found in, pixels.
        y: Top of the box.
        width_ratio: Its greatest half-width over the mean one; infinite where it is wider than can be measured.
        share: Of all ink, 0 to 1.
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


@dataclass(frozen=True)
class _Components:
    """The components of a part (h, w) of a picture; the part has all of the ink, and background around it.

    labels: (h, w), 0 is background. table: by label less 1, in pixels of the picture. is_ink: (n,), which reach the
    higher threshold. left, top: of the part. height, width: of the picture. radii: those measured so far, see
    `inscribed_radius`.
    """

    labels: Labels
    table: Table
    is_ink: NDArray[np.bool_]
    left: int
    top: int
    height: int
    width: int
    radii: dict[int, float] = field(default_factory=dict)

    def around(self, x: int, y: int, right: int, bottom: int) -> Labels:
        """The labels of that box of the picture and of one pixel around it."""
        left, top = max(0, x - self.left - 1), max(0, y - self.top - 1)
        return self.labels[top : bottom - self.top + 1, left : right - self.left + 1]

    def inscribed_radius(self, index: int) -> float:
        """The largest distance of one component's pixels to the background, in pixels."""
        if index not in self.radii:
            x, y, w, h = self.table[index, :4].tolist()
            self.radii[index] = _inscribed_radius(self.around(x, y, x + w, y + h) == index + 1)
        return self.radii[index]


def main_mark(strength: Gray, thresholds: tuple[float, float] | None, size: int) -> Mark | None:
    """Choose the components that make the largest, most central mark.

    Args:
        strength: uint8 (h, w), see `background.contrast_above`.
        thresholds: See `background.hysteresis_thresholds`.
        size: Of the square that the background was estimated with, pixels; a stroke nearly as wide has lost its
            inside to the background.

    Returns:
        The mark; None where there is none.
    """
    found = None if thresholds is None else _components(strength, *thresholds)
    if found is None:
        return None
    is_kept = found.is_ink & ~_are_edges_or_lines(found)
    if size < SMALL_SQUARE * max_stroke_width(found.height, found.width):
        is_kept &= ~_are_shadow_remnants(found, is_kept, size)
    chosen = _pieces_of_one_mark(found, is_kept)
    return _mark(found, chosen, is_kept, size) if len(chosen) else None


def _mark(found: _Components, chosen: NDArray[np.int64], is_kept: Mask, size: int) -> Mark | None:
    """The mark of these components; None where it is a blob."""
    x, y, right, bottom = _box_of(found.table, chosen)
    around = found.around(x, y, right, bottom)
    near = around == chosen[0] + 1 if len(chosen) == 1 else having(around, _has(chosen + 1, len(found.table) + 1))
    radius = _largest_radius(found, chosen)
    if max(found.height, found.width) > SMALL_SIDE and radius > BLOB_SHARE * max(right - x, bottom - y):
        return None
    areas = found.table[:, 4]
    share = float(areas[chosen].sum() / areas[is_kept].sum())
    row, column = min(1, y - found.top), min(1, x - found.left)
    mask = np.ascontiguousarray(near[row : row + bottom - y, column : column + right - x])
    return Mark(mask, x, y, _width_ratio(near, radius, size), share)


def _has(labels: Labels, count: int) -> NDArray[np.bool_]:
    """(count,): which labels occur."""
    out = np.zeros(count, np.bool_)
    out[labels] = True
    return out


def _box_of(table: Table, chosen: NDArray[np.int64]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of these components together."""
    boxes = table[chosen, :4].tolist()
    lefts, tops, widths, heights = zip(*boxes, strict=True)
    rights, bottoms = map(sum, zip(lefts, widths, strict=True)), map(sum, zip(tops, heights, strict=True))
    return min(lefts), min(tops), max(rights), max(bottoms)


def _components(strength: Gray, low: float, high: float) -> _Components | None:
    """The components above the lower threshold, without lines that run across the picture; None where none is."""
    height, width = strength.shape
    solid = (strength > int(low)).view(np.uint8)  # of whole numbers: comparing with a fraction costs ten times as much
    x, y, w, h = cv2.boundingRect(solid)
    if not w:
        return None
    left, top = max(0, x - 1), max(0, y - 1)
    part = (slice(top, y + h + 1), slice(left, x + w + 1))
    labels, stats = components(solid[part])
    is_ink = _has(labels[strength[part] > int(high)], len(stats))
    length_x, length_y = frame_lengths(height, width)
    if (w >= length_x or h >= length_y) and may_have_frame_lines(solid[part].view(np.bool_), height, width):
        whole = np.zeros((height, width), np.bool_)
        whole[part] = mask = having(labels, is_ink)
        lines = frame_lines(whole)[part]
        if lines.any():
            labels, stats = components(mask & ~lines)
            near = cv2.dilate(lines.view(np.uint8), np.ones((5, 5), np.uint8)).view(np.bool_)
            is_ink = np.bincount(labels[near], minlength=len(stats)) < ON_LINE * stats[:, 4]
    stats[:, 0] += left
    stats[:, 1] += top
    return _Components(labels, stats[1:], is_ink[1:], left, top, height, width)


def _inscribed_radius(solid: Mask) -> float:
    """The largest distance to the background, in pixels.

    The array's edge is not background: its pixels are replicated.
    """
    padded = cv2.copyMakeBorder(solid.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    return cv2.minMaxLoc(cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1])[1]


def _largest_radius(found: _Components, chosen: NDArray[np.int64]) -> float:
    """The largest inscribed radius of these components; those too narrow to have it are not measured."""
    largest = 0.0
    bounds = [min(sides) + 1 for sides in found.table[chosen, 2:4].tolist()]
    for bound, index in sorted(zip(bounds, chosen.tolist(), strict=True), reverse=True):
        if bound <= largest:
            break
        largest = max(largest, found.inscribed_radius(index))
    return largest


def _are_wider(found: _Components, among: Mask, limit: NDArray[np.float64]) -> Mask:
    """Which of the components `among` have an inscribed radius above their `limit` (n,).

    Only those with the area and the sides for it are measured, each within its own box.
    """
    w, h, area = found.table[:, 2:].T
    is_wider = among & (area > MIN_BODY * limit**2) & (np.minimum(w, h) + 1 >= limit)
    for index in is_wider.nonzero()[0].tolist():
        is_wider[index] = found.inscribed_radius(index) > limit[index]
    return np.asarray(is_wider)


def _are_edges_or_lines(found: _Components) -> Mask:
    """Shadows and stains, edges of the sheet, slivers along the border, lines ruled across the picture."""
    height, width = found.height, found.width
    if max(height, width) <= SMALL_SIDE:
        return np.zeros(len(found.table), np.bool_)
    w, h, area = found.table[:, 2:].T
    longer = np.maximum(w, h)
    is_dropped = _are_wider(found, found.is_ink & (longer > MIN_SHADOW * max(height, width)), BLOB_SHARE * longer)
    is_inside = _is_inside(found, EDGE_SLACK)
    if is_inside and found.labels.shape[0] <= LONG * height and found.labels.shape[1] <= LONG * width:
        return is_dropped
    long_x, long_y = w > LONG * width, h > LONG * height
    is_dropped |= (long_x & (h < LYING_LINE * height)) | (long_y & (w < UPRIGHT_LINE * width))
    if is_inside:
        return is_dropped
    is_sliver = (w < SLIVER * width) | (h < SLIVER * height)
    is_hollow = long_x & long_y & (area < HOLLOW_FILL * w * h)
    is_dropped |= ~_are_inside(found) & (is_sliver | is_hollow | (area > MAX_CUT_AREA * height * width))
    return np.asarray(is_dropped | _are_edge_lines(found))


def _are_edge_lines(found: _Components) -> Mask:
    """Thin lines beside a border of the picture that run off it at both ends: a sheet's edge, a table's, a shadow's."""
    height, width = found.height, found.width
    x, y, w, h, area = found.table.T
    slack = max(1, round(EDGE_SLACK * max(height, width)))
    left, top, right, bottom = x <= slack, y <= slack, x + w >= width - slack, y + h >= height - slack
    is_thin = area < EDGE_THICKNESS * np.maximum(w, h) ** 2
    beside_y = (x + w < EDGE_MARGIN * width) | (x > (1 - EDGE_MARGIN) * width)
    beside_x = (y + h < EDGE_MARGIN * height) | (y > (1 - EDGE_MARGIN) * height)
    is_upright = (h > w) & beside_y & (top | bottom) & ((top & bottom) | left | right)
    is_lying = (w > h) & beside_x & (left | right) & ((left & right) | top | bottom)
    return np.asarray(is_thin & (is_upright | is_lying))


def _is_inside(found: _Components, slack: float) -> bool:
    """Whether all components are further from the picture's border than `slack` of the longer side."""
    h, w = found.labels.shape
    near = round(slack * max(found.height, found.width)) + 1
    right, bottom = found.width - found.left - w, found.height - found.top - h
    return bool(min(found.left, found.top, right, bottom) > near)


def _are_inside(found: _Components) -> Mask:
    """Which components the picture's border does not cut."""
    x, y, w, h, _ = found.table.T
    return np.asarray((x > 0) & (y > 0) & (x + w < found.width) & (y + h < found.height))


def _are_shadow_remnants(found: _Components, among: Mask, size: int) -> Mask:
    """Which components `among` are what is left of a shadow at the border."""
    w, h, area = found.table[:, 2:].T
    is_full = among & ~_are_inside(found) & (area > REMNANT_FILL * w * h)
    return _are_wider(found, is_full, np.full(len(is_full), REMNANT_RADIUS * size))


def _pieces_of_one_mark(found: _Components, is_kept: Mask) -> NDArray[np.int64]:
    """Indices of the main component and of the pieces that belong to it; empty where none is kept."""
    kept = is_kept.nonzero()[0]
    if len(kept) < 2:
        return kept
    main = kept[np.argmax(_prominence(found)[kept])]
    kept = kept[(found.table[kept, 4] >= SPECK_SHARE * found.table[main, 4]) & (kept != main)]
    order = kept[np.argsort(-found.table[kept, 4], kind="stable")][:MAX_PIECES]
    boxes = found.table[:, :4].tolist()
    longer = max(boxes[main][2:])
    chosen = [int(main)]
    for index in order.tolist():
        box = boxes[index]
        if min(_gap(box, boxes[other]) for other in chosen) <= _reach(box, boxes[main]) * longer:
            chosen.append(index)
    return np.array(chosen)


def _reach(box: Box, main: Box) -> float:
    """How far off a piece of the mark may lie, as a share of the main component's longer side."""
    x, y, w, h = main
    if box[0] >= x + w or box[0] + box[2] <= x:
        return BESIDE_REACH if box[3] > AS_TALL * h else REACH
    is_above_and_flat = box[1] + box[3] <= y and box[2] > BAR_ELONGATION * box[3]
    return BAR_REACH if is_above_and_flat and BAR_WIDTH[0] * w < box[2] < BAR_WIDTH[1] * w else REACH


def _prominence(found: _Components) -> NDArray[np.float64]:
    """(n,) area, weighted: 1 in the center, one half at the border."""
    x, y, w, h, area = found.table.T
    dx = np.abs(x + w / 2 - found.width / 2) / found.width
    dy = np.abs(y + h / 2 - found.height / 2) / found.height
    return np.asarray(area * (1 - np.maximum(dx, dy)))


def _gap(a: Box, b: Box) -> int:
    """Pixels between two boxes, the larger of the two directions; 0 where they touch or overlap."""
    dx = max(a[0] - b[0] - b[2], b[0] - a[0] - a[2], 0)
    dy = max(a[1] - b[1] - b[3], b[1] - a[1] - a[3], 0)
    return max(dx, dy)


def _width_ratio(mask: Mask, radius: float, size: int) -> float:
    """`radius` over the mean half-width, which is area over outline. Pen strokes are even, shadows are not."""
    if radius > HOLLOWED * size:
        return math.inf
    solid = mask.view(np.uint8)
    area = int(np.count_nonzero(solid))
    outline = area - int(np.count_nonzero(cv2.erode(solid, KERNEL_3X3)))
    return radius / max(1.0, area / max(1, outline))
