"""Change detection between frames. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

GRID = (40, 30)  # cells across and down, by whose means two pictures are compared
SAMPLES = 4  # pixels each way that are sampled of a cell
THRESHOLD = 4.0  # gray levels of a cell's mean; a camera's noise, averaged over a cell, stays below 2

# A mark, which may be far smaller than a cell.
MARK_MARGIN = 0.5  # of the box's longer side, around it: where a mark may grow that takes its place
MARK_GRID = 24  # cells across and down
MARK_SAMPLES = 2  # pixels each way that are sampled of such a cell
MARK_THRESHOLD = 10.0  # gray levels; noise of 2 levels, averaged over 4 pixels, stays below 6 in all cells
MAX_BOXES = 64  # of a page: the rest is seen by the whole picture's cells, or when it is looked at again


def signature(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Reduce a picture to the means of its cells; 30 us for 640x480.

    Args:
        image: uint8, (h, w) or (h, w, 3).

    Returns:
        float32, (30, 40) or (30, 40, 3), 0 to 255.
    """
    height, width = image.shape[:2]
    across, down = max(1, width // (GRID[0] * SAMPLES)), max(1, height // (GRID[1] * SAMPLES))
    sampled = np.ascontiguousarray(image[::down, ::across])
    return np.asarray(cv2.resize(sampled, GRID, interpolation=cv2.INTER_AREA), np.float32)


def has_changed(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Compare two pictures by their signatures.

    Args:
        one: A signature.
        other: Another one.

    Returns:
        True where any cell differs by more than noise, or one picture is gray and the other in color.
    """
    return one.shape != other.shape or float(np.abs(one - other).max()) > THRESHOLD


def mark_signatures(
    image: NDArray[np.uint8], boxes: Sequence[tuple[int, int, int, int]]
) -> tuple[NDArray[np.float32], ...]:
    """Reduce what a model has looked at to the means of cells that are fine enough for its strokes.

    Args:
        image: uint8, (h, w) or (h, w, 3).
        boxes: (x, y, width, height) of each mark in pixels; MAX_BOXES of them are used.

    Returns:
        float32, (at most 24, at most 24) or (..., 3) for each box; 0 to 255.
    """
    found = []
    for x, y, w, h in boxes[:MAX_BOXES]:
        margin = max(2, round(MARK_MARGIN * max(w, h)))
        part = image[max(0, y - margin) : y + h + margin, max(0, x - margin) : x + w + margin]
        size = tuple(min(MARK_GRID, max(1, side // MARK_SAMPLES)) for side in (part.shape[1], part.shape[0]))
        step = max(1, min(part.shape[:2]) // (MARK_GRID * MARK_SAMPLES))
        sampled = np.ascontiguousarray(part[::step, ::step])
        found.append(np.asarray(cv2.resize(sampled, size, interpolation=cv2.INTER_AREA), np.float32))
    return tuple(found)


def have_marks_changed(one: Sequence[NDArray[np.float32]], other: Sequence[NDArray[np.float32]]) -> bool:
    """Compare the marks of two pictures, taken at the same boxes.

    Args:
        one: What `mark_signatures` gave for one picture.
        other: What it gave for the other.

    Returns:
        True where any cell differs by more than noise.
    """
    return any(
        a.shape != b.shape or float(np.abs(a - b).max()) > MARK_THRESHOLD for a, b in zip(one, other, strict=True)
    )
