"""Runs of pixels along the rows and columns of a mask. Pure."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Labels, Mask, Stats, u8

SLOPE = 0.01  # of a line's length: how far it may stray from straight along the pixels, and one pixel
SAMPLED_COLUMNS = 8  # one column of so many is examined first


def rows_with_runs(mask: Mask, axis: int, length: int) -> Mask:
    """Tell which rows may have a long run.

    A run covers so many of every n-th column one after another, and those are quickly examined.

    Args:
        mask: bool (h, w).
        axis: 0 for the rows of the mask, 1 for its columns.
        length: Length of a long run, pixels.

    Returns:
        bool (h,) or, of columns, (w,); those that are False have no run of `length` pixels or more.
    """
    step = max(1, min(SAMPLED_COLUMNS, length // 4))
    sample = mask[:, ::step] if axis == 0 else mask[::step].T
    if sample.shape[1] < length // step:
        return np.zeros(len(sample), np.bool_)
    runs = _run_starts(thickened(np.ascontiguousarray(sample).view(np.uint8), length), length // step)
    return np.asarray(runs.any(axis=1))


def thickened(solid: NDArray[np.uint8], length: int) -> NDArray[np.uint8]:
    """Dilate vertically: lines a little askew step from row to row, and so their steps become longer runs.

    Args:
        solid: uint8 (h, w), 0 or 1.
        length: Length of a long run, pixels; SLOPE of it is the reach up and down.

    Returns:
        uint8 (h, w), 0 or 1.
    """
    return u8(cv2.dilate(solid, np.ones((2 * max(1, round(SLOPE * length)) + 1, 1), np.uint8)))


def long_runs(solid: NDArray[np.uint8], length: int) -> NDArray[np.uint8]:
    """Find the horizontal runs of at least `length` ones.

    Args:
        solid: uint8 (h, w), 0 or 1.
        length: Pixels.

    Returns:
        uint8 (h, w), 1 where a pixel belongs to such a run.
    """
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


def without_long_runs(labels: Labels, stats: Stats, limits: NDArray[np.int64], solid: NDArray[np.uint8]) -> Mask:
    """Select labeled pixels by how long the vertical run is that each lies in.

    Args:
        labels: Integers (h, w), 0 for the background.
        stats: int (n, 5), x, y, width, height and area by label, pixels.
        limits: int (n,), pixels by label.
        solid: uint8 (h, w), 0 or 1: the runs are those of this mask.

    Returns:
        bool (h, w), the pixels whose run is no longer than the limit of their label; none at limit 0.
    """
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


def _run_starts(solid: NDArray[np.uint8], length: int) -> NDArray[np.uint8]:
    """(h, w - length + 1): where horizontal runs of at least `length` ones begin; an erosion in doubling steps."""
    starts, reach = solid, 1
    while reach < length:
        step = min(reach, length - reach)
        starts = starts[:, step:] & starts[:, :-step]
        reach += step
    return starts
