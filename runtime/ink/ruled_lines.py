"""Ruled lines and table borders: found in a mask of ink, for removal. Pure.

Lines are what an opening with a long flat element leaves. Remove line pixels where the perpendicular run of ink is
at most the line's thickness, so that strokes that cross or touch a line stay whole (the line-height rule of staff
removal: Dalitz et al. 2008, "A comparative study of staff removal algorithms").
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Boxes, Labels, Mask, Stats, component_stats, components, pixels_of
from runtime.ink.background import SMALL_SIDE
from runtime.ink.runs import long_runs, rows_with_runs, thickened, without_long_runs

CELL_LINE = 0.85  # of a cell's side: lines are longer, a digit within the cell is shorter
DIGIT_LINE = 1.7  # of a digit's height: no stroke of one is longer
STRIP_LINE = 0.9  # of a side: a cell border in a strip that was cut out of a table
SPAN_LINE = 0.6  # of the picture's longer side: a line whatever the digits' size
EDGE_TO_EDGE = 0.96  # of a side: from one border of the picture to the other
MAX_FRAME_THICKNESS = 0.08  # of the length of a line that runs off the page: a thicker one is a digit's stem,
MARGIN = 0.16  # unless it lies in this share of the picture along a border: then it is a cell's border
MAX_STANDING = 0.65  # of a line's length: what touches it is shorter
MIN_WRITING = 0.05  # of a component with a line in it: with less other ink the component is a bare line
MAX_BARE = 0.25  # of a component: with no more other ink, which crossings and edges have, it is all lines
MAX_THICKNESS = 0.22  # of the length that lines are sought with: a thicker one is no line
MIN_THICKNESS_LIMIT = 3.0  # pixels; no limit of a line's thickness is lower
BESIDE_LINE = np.ones((5, 5), np.uint8)  # pixels around a line in which its remnants lie
REMNANT_SHARE = 0.5  # of a component's pixels: with as many beside a removed line it is the line's own remnant
RUN_SLACK = 1.6  # times a line's mean thickness, plus one pixel: the longest perpendicular run that is removed


def frame_lines(mask: Mask) -> Mask:
    """Find the lines that run across most of the picture and off it: ruled paper, a cell's borders.

    If other ink reaches a border of the picture that runs alongside the lines, the picture was cut closely around a
    digit, and a line may be the stem of a 9. There, remove only lines no stroke touches.

    Args:
        mask: bool (h, w), the picture's ink.

    Returns:
        bool (h, w), the pixels to remove.
    """
    height, width = mask.shape
    lengths = frame_lengths(height, width)
    found = [_lines(mask, axis, length, off_the_page=True) for axis, length in enumerate(lengths)]
    lines = found[0] | found[1]
    if not lines.any():
        return lines
    rest = mask & ~lines
    if np.count_nonzero(rest) < MIN_WRITING * np.count_nonzero(mask):
        return np.zeros_like(mask)
    x, y, w, h = _writing_box(rest)
    bare = lines & _bare_lines(lines, mask)
    slack_y, slack_x = (1 - EDGE_TO_EDGE) * height, (1 - EDGE_TO_EDGE) * width
    if y <= slack_y or y + h >= height - slack_y:
        found[0] = found[0] & bare
    if x <= slack_x or x + w >= width - slack_x:
        found[1] = found[1] & bare
    return np.asarray(found[0] | found[1])


def may_have_frame_lines(mask: Mask, height: int, width: int) -> bool:
    """Tell cheaply whether `frame_lines` may find anything.

    Args:
        mask: bool, a part of a picture that has all of its ink, or more.
        height: Height of the picture, pixels.
        width: Width of the picture, pixels.

    Returns:
        False only where `frame_lines` would find nothing.
    """
    return any(rows_with_runs(mask, axis, length).any() for axis, length in enumerate(frame_lengths(height, width)))


def frame_lengths(height: int, width: int) -> tuple[int, int]:
    """Compute how long a line must be to run across most of a picture.

    Args:
        height: Height of the picture, pixels.
        width: Width of the picture, pixels.

    Returns:
        (along x, along y), pixels.
    """
    share = SPAN_LINE if max(height, width) > SMALL_SIDE else EDGE_TO_EDGE
    longest = share * max(height, width)
    return round(min(longest, EDGE_TO_EDGE * width)), round(min(longest, EDGE_TO_EDGE * height))


def are_line_remnants(lines: Mask, labels: Labels, areas: NDArray[np.int64]) -> Mask:
    """Tell which components are what is left of the lines that were removed.

    Args:
        lines: bool (h, w), the pixels that were removed.
        labels: Integers (h, w), the component of each pixel of what is left, 0 for the background.
        areas: int (n,), pixels of each component by label.

    Returns:
        bool (n,), by label.
    """
    near = cv2.dilate(lines.view(np.uint8), BESIDE_LINE).view(np.bool_)
    return np.asarray(np.bincount(labels[near], minlength=len(areas)) >= REMNANT_SHARE * areas)


def _bare_lines(lines: Mask, mask: Mask) -> Mask:
    """The components that are nearly all lines."""
    labels, stats = components(mask)
    area = stats[:, 4]
    ruled = np.bincount(labels[lines], minlength=len(stats))
    return pixels_of(labels, ruled >= (1 - MAX_BARE) * area)


def _writing_box(mask: Mask) -> tuple[int, int, int, int]:
    """(x, y, width, height) around the components that are more than specks."""
    boxes = component_stats(mask, 8)
    boxes = boxes[boxes[:, 4] >= MIN_WRITING * boxes[:, 4].sum()]
    if not len(boxes):
        return 0, 0, mask.shape[1], mask.shape[0]
    x, y = boxes[:, :2].min(axis=0)
    right, bottom = (boxes[:, :2] + boxes[:, 2:4]).max(axis=0)
    return int(x), int(y), int(right - x), int(bottom - y)


def find_lines(mask: Mask, cells: Boxes, digit_height: float | None) -> Mask:
    """Find ruled lines and the borders of tables. Pixels of strokes that cross a line are left out.

    Args:
        mask: bool (h, w), the picture's ink.
        cells: int (n, 4), the boxes of table cells; NO_CELLS where there are none.
        digit_height: The usual height of the digits, pixels. None where it is not known: without cells, only the
            lines of `frame_lines` are found then.

    Returns:
        bool (h, w), the pixels to remove.
    """
    height, width = mask.shape
    lines = frame_lines(mask)
    for axis, side in ((0, width), (1, height)):
        if len(cells):
            length = CELL_LINE * float(np.median(cells[:, 2 + axis]))
        elif digit_height is not None:
            length = DIGIT_LINE * digit_height
        else:
            continue
        found = _lines(mask, axis, round(min(length, STRIP_LINE * side, SPAN_LINE * max(height, width))))
        lines |= found if len(cells) else _beyond_writing(found, mask, axis)
    return lines


def _beyond_writing(lines: Mask, mask: Mask, axis: int) -> Mask:
    """The lines that extend well beyond the strokes that touch them: the bar of a 7 and the foot of a 2 do not.

    A bare line counts as ruled only if there is other ink; alone it may be the digit 1.
    """
    if not lines.any():
        return lines
    labels, stats = components(mask)
    area, count = stats[:, 4], len(stats)
    has_line = np.bincount(labels[lines], minlength=count) > 0
    rest = mask & ~lines & pixels_of(labels, has_line)
    rest_labels, rest_stats = components(rest)
    parent = np.zeros(len(rest_stats), np.int64)
    parent[rest_labels[rest]] = labels[rest]
    longest = np.zeros(count, np.int64)
    np.maximum.at(longest, parent[1:], rest_stats[1:, 2 + axis])
    is_written = np.bincount(labels[rest], minlength=count) > MIN_WRITING * area
    is_bare = ~is_written & has_line
    has_others = area[1:][~is_bare[1:]].sum() > MIN_WRITING * area[1:].sum()
    is_ruled = (is_written & (longest < MAX_STANDING * stats[:, 2 + axis])) | (is_bare & has_others)
    return lines & pixels_of(labels, is_ruled)


def _lines(mask: Mask, axis: int, length: int, off_the_page: bool = False) -> Mask:
    """Pixels to remove with the lines along x (axis 0) or y (axis 1) that are at least `length` long.

    off_the_page: only lines that reach one of the borders they run towards.
    """
    rows = np.flatnonzero(rows_with_runs(mask, axis, length))
    out = np.zeros_like(mask)
    if not len(rows):  # as in most pictures
        return out
    thickest = max(MIN_THICKNESS_LIMIT, MAX_THICKNESS * length)
    margin = int(RUN_SLACK * thickest) + 2  # of rows: all that decides what is removed
    top, bottom = max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1
    view = mask if axis == 0 else mask.T
    solid = np.ascontiguousarray(view[top:bottom]).view(np.uint8)
    found = long_runs(thickened(solid, length), length) & solid
    if not found.any():
        return out
    labels, stats = components(found)
    thickness = _mean_thickness(found, labels, stats)
    thickness[thickness > thickest] = 0
    if off_the_page:
        _drop_inner(thickness, stats[:, :4] + (0, top, 0, 0), view.shape, length)
    limits = np.where(thickness > 0, RUN_SLACK * thickness + 1, 0).astype(np.int64)
    (out if axis == 0 else out.T)[top:bottom] = without_long_runs(labels, stats, limits, solid)
    return out


def _mean_thickness(found: NDArray[np.uint8], labels: Labels, stats: Stats) -> NDArray[np.float64]:
    """(n,): each line's area over the number of its vertical runs, pixels; 0 for the background."""
    starts = found.copy()
    starts[1:] &= found[:-1] ^ 1
    columns = np.bincount(labels[starts.view(np.bool_)], minlength=len(stats))
    thickness = stats[:, 4] / np.maximum(columns, 1)
    thickness[0] = 0
    return np.asarray(thickness)


def _drop_inner(thickness: NDArray[np.float64], stats: Stats, shape: tuple[int, ...], length: int) -> None:
    """Set to 0 the thickness of lines along x that do not run off the page, or are too thick for their place."""
    height, width = shape
    slack = (1 - EDGE_TO_EDGE) * width
    left, top, w, h = stats[:, :4].T
    thickness[(left > slack) & (left + w < width - slack)] = 0
    middle = (top + h / 2) / height
    is_inside = (middle > MARGIN) & (middle < 1 - MARGIN)
    thickness[is_inside & (thickness > max(MIN_THICKNESS_LIMIT, MAX_FRAME_THICKNESS * length))] = 0
