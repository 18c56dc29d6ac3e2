"""Ruled lines, table borders and the cells between them: found in a mask, and taken away. Pure.

Lines are what an opening with a long flat element leaves; a line goes wherever its run across is no
longer than the line is thick, so that strokes that cross or stand on it stay whole (the line-height rule
of staff removal: Dalitz et al. 2008, "A comparative study of staff removal algorithms").
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Boxes, Mask, boxes_of, components, having, u8
from runtime.ink.background import SMALL_SIDE

CELL_LINE = 0.85  # of a cell's side; a line is longer, a digit within the cell shorter
DIGIT_LINE = 1.7  # of a digit's height; no stroke of one is longer
STRIP_LINE = 0.9  # of a side: a cell border in a strip that was cut out of a table
SPAN_LINE = 0.6  # of the picture's longer side: a line whatever the digits' size
EDGE_TO_EDGE = 0.96  # of a side: from one border of the picture to the other
THICKEST_FRAME = 0.08  # of the length of a line that runs off the page: thicker, it is a digit's stem,
MARGIN = 0.16  # or else it lies in this share of the picture, beside a border: a cell's border
BEYOND = 0.65  # of a line's length: what stands on it is shorter
WRITTEN = 0.05  # of a mark with a line in it: where less stands on it, the mark is a bare line
BARE = 0.25  # of a mark of lines: crossings and edges, not writing
THICKEST = 0.22  # of the line's length that was looked for: thicker, it is no line
SLOPE = 0.01  # of a line's length: how far it may stray from straight along the pixels, and one pixel
SAMPLED = 8  # of this many columns one is looked at first
RUN_SLACK = 1.6  # times a line's mean thickness, and one pixel: what still goes with it


def frame_lines(mask: Mask) -> Mask:
    """(h, w): the pixels of lines that run across most of the picture and off it: ruled paper, a cell's borders.

    Where what is not on lines reaches the border beside them the picture was cut close around a digit, and
    the stem of a 9 is no line: there only lines go that nothing stands on.
    """
    height, width = mask.shape
    lengths = frame_lengths(height, width)
    found = [_lines(mask, axis, length, off_the_page=True) for axis, length in enumerate(lengths)]
    lines = found[0] | found[1]
    if not lines.any():
        return lines
    rest = mask & ~lines
    if np.count_nonzero(rest) < WRITTEN * np.count_nonzero(mask):
        return np.zeros_like(mask)
    x, y, w, h = _writing_box(rest)
    bare = lines & _bare(lines, mask)
    slack_y, slack_x = (1 - EDGE_TO_EDGE) * height, (1 - EDGE_TO_EDGE) * width
    if y <= slack_y or y + h >= height - slack_y:
        found[0] = found[0] & bare
    if x <= slack_x or x + w >= width - slack_x:
        found[1] = found[1] & bare
    return np.asarray(found[0] | found[1])


def may_have_frame_lines(mask: Mask, height: int, width: int) -> bool:
    """Whether `frame_lines` is worth asking: False only where it has nothing to find.

    mask: a part of a picture of that height and width that has all of its ink, or more.
    """
    return any(_rows_with_runs(mask, axis, length).any() for axis, length in enumerate(frame_lengths(height, width)))


def frame_lengths(height: int, width: int) -> tuple[int, int]:
    """How long a line along x, and along y, must be in a picture of this size to run across most of it, pixels."""
    share = SPAN_LINE if max(height, width) > SMALL_SIDE else EDGE_TO_EDGE
    longest = share * max(height, width)
    return round(min(longest, EDGE_TO_EDGE * width)), round(min(longest, EDGE_TO_EDGE * height))


def _bare(lines: Mask, mask: Mask) -> Mask:
    """The marks that are next to nothing but lines."""
    labels, table = components(mask)
    area = table[:, 4]
    ruled = np.bincount(labels[lines], minlength=len(table))
    return having(labels, ruled >= (1 - BARE) * area)


def _writing_box(mask: Mask) -> tuple[int, int, int, int]:
    """(x, y, width, height) around the components that are more than specks."""
    boxes = boxes_of(mask, 8)
    boxes = boxes[boxes[:, 4] >= WRITTEN * boxes[:, 4].sum()]
    if not len(boxes):
        return 0, 0, mask.shape[1], mask.shape[0]
    x, y = boxes[:, :2].min(axis=0)
    right, bottom = (boxes[:, :2] + boxes[:, 2:4]).max(axis=0)
    return int(x), int(y), int(right - x), int(bottom - y)


def find_lines(mask: Mask, cells: Boxes, digit: float | None) -> Mask:
    """(h, w): the pixels to take away with the ruled lines; those of strokes that cross a line are not among them.

    mask: the picture's ink. cells: of its tables, NO_CELLS where there are none. digit: the usual height of
    its digits; None where it is not known, and then only the lines of `frame_lines` are found.
    """
    height, width = mask.shape
    lines = frame_lines(mask)
    for axis, side in ((0, width), (1, height)):
        if len(cells):
            limit = CELL_LINE * float(np.median(cells[:, 2 + axis]))
        elif digit is not None:
            limit = DIGIT_LINE * digit
        else:
            continue
        found = _lines(mask, axis, round(min(limit, STRIP_LINE * side, SPAN_LINE * max(height, width))))
        lines |= found if len(cells) else _beyond_writing(found, mask, axis)
    return lines


def _beyond_writing(lines: Mask, mask: Mask, axis: int) -> Mask:
    """The lines that go on well beyond what stands on them: the bar of a 7 and the foot of a 2 do not.

    A line that nothing stands on is one where there is other ink; alone it is a 1.
    """
    if not lines.any():
        return lines
    whole, table = components(mask)
    area, count = table[:, 4], len(table)
    lined = np.bincount(whole[lines], minlength=count) > 0
    rest = mask & ~lines & having(whole, lined)
    parts, pieces = components(rest)
    of = np.zeros(len(pieces), np.int64)
    of[parts[rest]] = whole[rest]
    longest = np.zeros(count, np.int64)
    np.maximum.at(longest, of[1:], pieces[1:, 2 + axis])
    written = np.bincount(whole[rest], minlength=count) > WRITTEN * area
    bare = ~written & lined
    others = area[1:][~bare[1:]].sum() > WRITTEN * area[1:].sum()
    ruled = (written & (longest < BEYOND * table[:, 2 + axis])) | (bare & others)
    return lines & having(whole, ruled)


def _lines(mask: Mask, axis: int, length: int, off_the_page: bool = False) -> Mask:
    """Pixels to take away with the lines along x (axis 0) or y (axis 1) that are at least `length` long.

    off_the_page: only of lines that reach one of the borders they run towards.
    """
    near = np.flatnonzero(_rows_with_runs(mask, axis, length))
    out = np.zeros_like(mask)
    if not len(near):  # as in most pictures
        return out
    thickest = max(3.0, THICKEST * length)
    margin = int(RUN_SLACK * thickest) + 2  # of rows: all that decides what goes
    top, bottom = max(0, int(near[0]) - margin), int(near[-1]) + margin + 1
    view = mask if axis == 0 else mask.T
    solid = np.ascontiguousarray(view[top:bottom]).view(np.uint8)
    found = _long_runs(_slack(solid, length), length) & solid
    if not found.any():
        return out
    labels, stats = components(found)
    starts = found.copy()
    starts[1:] &= found[:-1] ^ 1
    columns = np.bincount(labels[starts.view(np.bool_)], minlength=len(stats))
    thickness = stats[:, 4] / np.maximum(columns, 1)
    thickness[0] = 0
    thickness[thickness > thickest] = 0
    if off_the_page:
        _drop_inner(thickness, stats[:, :4] + (0, top, 0, 0), view.shape, length)
    limits = np.where(thickness > 0, RUN_SLACK * thickness + 1, 0).astype(np.int64)
    (out if axis == 0 else out.T)[top:bottom] = _without_long_runs(labels, stats, limits, solid)
    return out


def _rows_with_runs(mask: Mask, axis: int, length: int) -> Mask:
    """Which rows (axis 0; columns: 1) may have a run of at least `length`; those left out have none.

    A run covers so many of every n-th column one after another, and those are quickly looked at.
    """
    step = max(1, min(SAMPLED, length // 4))
    few = mask[:, ::step] if axis == 0 else mask[::step].T
    if few.shape[1] < length // step:
        return np.zeros(len(few), np.bool_)
    runs = _run_starts(_slack(np.ascontiguousarray(few).view(np.uint8), length), length // step)
    return np.asarray(runs.any(axis=1))


def _slack(solid: NDArray[np.uint8], length: int) -> NDArray[np.uint8]:
    """Lines a little askew step from row to row: rows of slack each way lengthen their steps."""
    return u8(cv2.dilate(solid, np.ones((2 * max(1, round(SLOPE * length)) + 1, 1), np.uint8)))


def _run_starts(solid: NDArray[np.uint8], length: int) -> NDArray[np.uint8]:
    """(h, w - length + 1): where horizontal runs of at least `length` ones begin; an erosion in doubling steps."""
    starts, reach = solid, 1
    while reach < length:
        step = min(reach, length - reach)
        starts = starts[:, step:] & starts[:, :-step]
        reach += step
    return starts


def _long_runs(solid: NDArray[np.uint8], length: int) -> NDArray[np.uint8]:
    """(h, w) 0 or 1: the horizontal runs of at least `length` ones."""
    starts = _run_starts(solid, length) if length <= solid.shape[1] else solid[:, :0]
    runs = np.zeros_like(solid)
    if starts.any():
        runs[:, : starts.shape[1]] = starts
        reach = 1
        while reach < length:
            step = min(reach, length - reach)
            runs[:, step:] |= runs[:, :-step].copy()
            reach += step
    return runs


def _drop_inner(thickness: NDArray[np.float64], stats: Boxes, shape: tuple[int, ...], length: int) -> None:
    """Set the thickness of lines along x to 0 that do not run off the page, or are too thick for where they are."""
    height, width = shape
    slack = (1 - EDGE_TO_EDGE) * width
    start, top, w, h = stats[:, :4].T
    thickness[(start > slack) & (start + w < width - slack)] = 0
    middle = (top + h / 2) / height
    inside = (middle > MARGIN) & (middle < 1 - MARGIN)
    thickness[inside & (thickness > max(3.0, THICKEST_FRAME * length))] = 0


def _without_long_runs(labels: NDArray[np.integer[Any]], stats: Boxes, limits: Boxes, solid: NDArray[np.uint8]) -> Mask:
    """The labeled pixels whose vertical run in `solid` is no longer than the limit of their label; 0 is never."""
    lines = np.zeros(labels.shape, np.bool_)
    for label in np.flatnonzero(limits).tolist():
        limit = int(limits[label])
        x, y, w, h = stats[label, :4].tolist()
        above = min(y, limit)  # runs that are too long may begin there
        near = solid[y - above : y + h + limit, x : x + w]
        bar = np.ones((limit + 1, 1), np.uint8)
        long = cv2.morphologyEx(near, cv2.MORPH_OPEN, bar, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
        part = (slice(y, y + h), slice(x, x + w))
        lines[part] |= (labels[part] == label) & (long[above : above + h] == 0)
    return lines
