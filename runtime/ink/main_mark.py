"""From the pixels that stand out to the one mark among them: components, judged by shape and place. Pure.

All work is done within the box of what stands out, for what a picture costs is the number of its pixels that
are looked at, and on arrays of components, for a busy picture has thousands.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Gray, Labels, Mask, components, having
from runtime.ink.background import SMALL_SIDE, SQUARE, max_stroke_width
from runtime.ink.ruled_lines import frame_lengths, frame_lines, may_have_frame_lines

Table = NDArray[np.int64]  # (n, 5): x, y, width, height and area of a component

MAX_BULGE = 2.7  # greatest to mean half-width: 1 for a line, 1.6 with junctions, 3 with a shadow attached
SMALL_SQUARE = 0.5  # of the widest stroke: rests of shadows are looked for where the ground is of a smaller square
REST_FILL = 0.35  # of its box: a stroke fills less, what is left of a shadow more
BLOB_SHARE = 0.25  # of a mark's longer side: strokes are less than twice this wide, shadows are more
LEAST_BODY = 0.5  # of its squared depth: no component, not even in the picture's corner, has less area
SPECK_SHARE = 0.03  # of the largest mark's area
ON_LINE = 0.5  # of a part's pixels beside a line that was taken away: the line's own rest
LONG = 0.8  # of a side of the picture: what is longer runs across it
RIM_SLACK = 0.01  # of the longer side: what comes so near the picture's border runs off it
RIM_THICK = 0.1  # of a rim's length
RIM_MARGIN = 0.3  # of a side: no rim lies further from the border that it runs along
REACH = 0.2  # of the main part's longer side: so near lie the pieces of a broken stroke,
MARK_REACH = 0.08  # so near one that is beside it and about as tall: further off it is another mark,
BAR_REACH = 0.35  # and so near one above it, flat and about as wide: the bar of a 5
MOST_PARTS = 64  # of a mark, the largest first: a texture has more, and a mark is found among these or not at all


@dataclass(frozen=True)
class Mark:
    """A mark: mask is of its box alone, at (x, y) of the picture that it was found in.

    bulge: its greatest half-width as a multiple of the mean one. share: of all ink, 0 to 1.
    """

    mask: Mask
    x: int
    y: int
    bulge: float
    share: float

    def share_below(self, plane: Gray, level: float) -> float:
        """Of the mark's pixels the share that is below `level` in a picture-sized plane."""
        below = self.mask & (self._beneath(plane) < math.ceil(level))
        return np.count_nonzero(below) / np.count_nonzero(self.mask)

    def mean(self, plane: Gray) -> float:
        """Of a picture-sized plane at the mark's pixels."""
        return float(cv2.mean(self._beneath(plane), self.mask.view(np.uint8))[0])

    def _beneath(self, plane: Gray) -> Gray:
        h, w = self.mask.shape
        return plane[self.y : self.y + h, self.x : self.x + w]


@dataclass(frozen=True)
class _View:
    """A part (h, w) of a picture of height x width, at left, top; it has all the ink, and ground around it.

    labels: (h, w), 0 the ground. table: by label less 1, in pixels of the picture. ink: which labels are ink.
    depths: those known, see `inscribed_radius`.
    """

    labels: Labels
    table: Table
    ink: NDArray[np.bool_]
    left: int
    top: int
    height: int
    width: int
    depths: dict[int, float] = field(default_factory=dict)

    def around(self, x: int, y: int, right: int, bottom: int) -> Labels:
        """The labels of that box of the picture and of one pixel about it."""
        left, top = max(0, x - self.left - 1), max(0, y - self.top - 1)
        return self.labels[top : bottom - self.top + 1, left : right - self.left + 1]

    def inscribed_radius(self, index: int) -> float:
        """The largest distance of one component to the ground, in pixels."""
        if index not in self.depths:
            x, y, w, h = self.table[index, :4].tolist()
            self.depths[index] = _depth(self.around(x, y, x + w, y + h) == index + 1)
        return self.depths[index]


def main_mark(strength: Gray, limits: tuple[float, float] | None, size: int) -> Mark | None:
    """The components that make the largest, most central mark; None where there is none.

    strength: (h, w), see `paper.strength_of`. limits: what is above the lower is ink if it touches what is above
    the higher (Canny 1986). size: of the square that the ground was found with; a stroke near as wide has lost
    its inside to it.
    """
    view = None if limits is None else _view(strength, *limits)
    if view is None:
        return None
    keep = view.ink & ~_are_edges_or_lines(view)
    if size < SMALL_SQUARE * max_stroke_width(view.height, view.width):
        keep &= ~_are_rests(view, keep, size)
    chosen = _chosen(view, keep)
    if not len(chosen):
        return None
    x, y, right, bottom = _box_of(view.table, chosen)
    around = view.around(x, y, right, bottom)
    near = around == chosen[0] + 1 if len(chosen) == 1 else having(around, _labeled(chosen + 1, len(view.table) + 1))
    inscribed_radius = _deepest(view, chosen)
    if max(view.height, view.width) > SMALL_SIDE and inscribed_radius > BLOB_SHARE * max(right - x, bottom - y):
        return None
    areas = view.table[:, 4]
    share = float(areas[chosen].sum() / areas[keep].sum())
    row, column = min(1, y - view.top), min(1, x - view.left)
    mask = np.ascontiguousarray(near[row : row + bottom - y, column : column + right - x])
    return Mark(mask, x, y, _bulge(near, inscribed_radius, size), share)


def _labeled(found: Labels, count: int) -> NDArray[np.bool_]:
    """(count,): which labels are among those found."""
    out = np.zeros(count, np.bool_)
    out[found] = True
    return out


def _box_of(table: Table, chosen: NDArray[np.int64]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of these components together."""
    boxes = table[chosen, :4].tolist()
    lefts, tops, widths, heights = zip(*boxes, strict=True)
    rights, bottoms = map(sum, zip(lefts, widths, strict=True)), map(sum, zip(tops, heights, strict=True))
    return min(lefts), min(tops), max(rights), max(bottoms)


def _view(strength: Gray, low: float, high: float) -> _View | None:
    """What is ink, without lines that run across the picture; None where nothing is."""
    height, width = strength.shape
    solid = (strength > int(low)).view(np.uint8)  # of whole numbers: comparing with a fraction costs ten times as much
    x, y, w, h = cv2.boundingRect(solid)
    if not w:
        return None
    left, top = max(0, x - 1), max(0, y - 1)
    part = (slice(top, y + h + 1), slice(left, x + w + 1))
    labels, stats = components(solid[part])
    strong = _labeled(labels[strength[part] > int(high)], len(stats))
    length_x, length_y = frame_lengths(height, width)
    if (w >= length_x or h >= length_y) and may_have_frame_lines(solid[part].view(np.bool_), height, width):
        whole = np.zeros((height, width), np.bool_)
        whole[part] = mask = having(labels, strong)
        lines = frame_lines(whole)[part]
        if lines.any():
            labels, stats = components(mask & ~lines)
            near = cv2.dilate(lines.view(np.uint8), np.ones((5, 5), np.uint8)).view(np.bool_)
            strong = np.bincount(labels[near], minlength=len(stats)) < ON_LINE * stats[:, 4]
    stats[:, 0] += left
    stats[:, 1] += top
    return _View(labels, stats[1:], strong[1:], left, top, height, width)


def _depth(solid: Mask) -> float:
    """The largest distance to the ground, in pixels. The border of `solid` is none: it goes on as it is there."""
    padded = cv2.copyMakeBorder(solid.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    return cv2.minMaxLoc(cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1])[1]


def _deepest(view: _View, chosen: NDArray[np.int64]) -> float:
    """The largest depth of these components; those too narrow to have it are not measured."""
    deepest = 0.0
    room = [min(sides) + 1 for sides in view.table[chosen, 2:4].tolist()]
    for most, index in sorted(zip(room, chosen.tolist(), strict=True), reverse=True):
        if most <= deepest:
            break
        deepest = max(deepest, view.inscribed_radius(index))
    return deepest


def _deeper(view: _View, among: Mask, least: NDArray[np.float64]) -> Mask:
    """Which of the components `among` have a point further than `least` (n,) from the ground.

    Only those with the area and the sides for it are measured, each within its own box.
    """
    w, h, area = view.table[:, 2:].T
    deep = among & (area > LEAST_BODY * least**2) & (np.minimum(w, h) + 1 >= least)
    for index in deep.nonzero()[0].tolist():
        deep[index] = view.inscribed_radius(index) > least[index]
    return np.asarray(deep)


def _are_edges_or_lines(view: _View) -> Mask:
    """Shadows and stains, edges of the sheet, slivers along the border, lines ruled across the picture."""
    height, width = view.height, view.width
    if max(height, width) <= SMALL_SIDE:
        return np.zeros(len(view.table), np.bool_)
    w, h, area = view.table[:, 2:].T
    longer = np.maximum(w, h)
    found = _deeper(view, view.ink & (longer > 0.1 * max(height, width)), BLOB_SHARE * longer)
    inside = _is_inside(view, RIM_SLACK)
    if inside and view.labels.shape[0] <= LONG * height and view.labels.shape[1] <= LONG * width:
        return found
    long_x, long_y = w > LONG * width, h > LONG * height
    found |= (long_x & (h < 0.08 * height)) | (long_y & (w < 0.02 * width))
    if inside:
        return found
    sliver = (w < 0.06 * width) | (h < 0.06 * height)
    hollow = long_x & long_y & (area < 0.08 * w * h)
    found |= ~_are_inside(view) & (sliver | hollow | (area > 0.5 * height * width))
    return np.asarray(found | _are_rims(view))


def _are_rims(view: _View) -> Mask:
    """Thin lines beside a border of the picture that run off it at both ends: a sheet's edge, a table's, a shadow's."""
    height, width = view.height, view.width
    x, y, w, h, area = view.table.T
    slack = max(1, round(RIM_SLACK * max(height, width)))
    left, top, right, bottom = x <= slack, y <= slack, x + w >= width - slack, y + h >= height - slack
    thin = area < RIM_THICK * np.maximum(w, h) ** 2
    beside_y = (x + w < RIM_MARGIN * width) | (x > (1 - RIM_MARGIN) * width)
    beside_x = (y + h < RIM_MARGIN * height) | (y > (1 - RIM_MARGIN) * height)
    upright = (h > w) & beside_y & (top | bottom) & ((top & bottom) | left | right)
    lying = (w > h) & beside_x & (left | right) & ((left & right) | top | bottom)
    return np.asarray(thin & (upright | lying))


def _is_inside(view: _View, slack: float) -> bool:
    """Whether nothing of it comes nearer to the picture's border than `slack` of the longer side."""
    h, w = view.labels.shape
    near = round(slack * max(view.height, view.width)) + 1
    right, bottom = view.width - view.left - w, view.height - view.top - h
    return bool(min(view.left, view.top, right, bottom) > near)


def _are_inside(view: _View) -> Mask:
    """Which components the picture's border does not cut."""
    x, y, w, h, _ = view.table.T
    return np.asarray((x > 0) & (y > 0) & (x + w < view.width) & (y + h < view.height))


def _are_rests(view: _View, among: Mask, size: int) -> Mask:
    """Of those, what is left of a shadow at the border when the square was too large for its corner."""
    w, h, area = view.table[:, 2:].T
    full = among & ~_are_inside(view) & (area > REST_FILL * w * h)
    return _deeper(view, full, np.full(len(full), 0.25 * size))


def _chosen(view: _View, keep: Mask) -> NDArray[np.int64]:
    """Indices of the main part and of the pieces that belong to it; none where nothing is kept."""
    kept = keep.nonzero()[0]
    if len(kept) < 2:
        return kept
    main = kept[np.argmax(_prominence(view)[kept])]
    kept = kept[(view.table[kept, 4] >= SPECK_SHARE * view.table[main, 4]) & (kept != main)]
    order = kept[np.argsort(-view.table[kept, 4], kind="stable")][:MOST_PARTS]
    boxes = view.table[:, :4].tolist()
    longer = max(boxes[main][2:])
    chosen = [int(main)]
    for index in order.tolist():
        box = boxes[index]
        if min(_gap(box, boxes[other]) for other in chosen) <= _reach(box, boxes[main]) * longer:
            chosen.append(index)
    return np.array(chosen)


def _reach(box: list[int], main: list[int]) -> float:
    """How far off a broken stroke's piece may lie, as a share of the main part's longer side. Both: x, y, w, h."""
    x, y, w, h = main
    if box[0] >= x + w or box[0] + box[2] <= x:
        return MARK_REACH if box[3] > 0.6 * h else REACH
    is_above_and_flat = box[1] + box[3] <= y and box[2] > 1.5 * box[3]
    return BAR_REACH if is_above_and_flat and 0.4 * w < box[2] < 1.6 * w else REACH


def _prominence(view: _View) -> NDArray[np.float64]:
    """(n,) area, weighed down by half towards the border."""
    x, y, w, h, area = view.table.T
    dx = np.abs(x + w / 2 - view.width / 2) / view.width
    dy = np.abs(y + h / 2 - view.height / 2) / view.height
    return np.asarray(area * (1 - np.maximum(dx, dy)))


def _gap(a: list[int], b: list[int]) -> int:
    """Pixels between two boxes, the larger of the two directions; 0 where they touch or overlap."""
    dx = max(a[0] - b[0] - b[2], b[0] - a[0] - a[2], 0)
    dy = max(a[1] - b[1] - b[3], b[1] - a[1] - a[3], 0)
    return max(dx, dy)


def _bulge(mask: Mask, inscribed_radius: float, size: int) -> float:
    """`inscribed_radius` over the mean half-width, area by outline. Pen strokes are even, shadows are not."""
    if inscribed_radius > 0.35 * size:
        return math.inf
    solid = mask.view(np.uint8)
    area = int(np.count_nonzero(solid))
    outline = area - int(np.count_nonzero(cv2.erode(solid, SQUARE)))
    return inscribed_radius / max(1.0, area / max(1, outline))
