"""Change detection between frames. Pure."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

CELLS = (40, 30)  # a picture is compared as so many cells
SAMPLES = 4  # pixels each way that stand for a cell
CHANGE = 4.0  # gray levels of a cell; a camera's noise, averaged over a cell, stays below 2


def signature(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A picture, (h, w) or (h, w, 3) uint8, as the means of its cells, float32; 30 us for 640x480."""
    height, width = image.shape[:2]
    across, down = max(1, width // (CELLS[0] * SAMPLES)), max(1, height // (CELLS[1] * SAMPLES))
    few = np.ascontiguousarray(image[::down, ::across])
    return np.asarray(cv2.resize(few, CELLS, interpolation=cv2.INTER_AREA), np.float32)


def has_changed(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """True where any cell of two sketches differs by more than noise."""
    return one.shape != other.shape or float(np.abs(one - other).max()) > CHANGE
