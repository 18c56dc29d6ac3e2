"""What is cheap and steady: frames that did not change, readings that held. Pure."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
CELLS = (40, 30)  # a picture is compared as so many cells
SAMPLES = 4  # pixels each way that stand for a cell
CHANGE = 4.0  # grey levels of a cell; a camera's noise, averaged over a cell, stays below 2


def sketch(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A picture, (h, w) or (h, w, 3) uint8, as the means of its cells, float32; 30 us for 640x480."""
    height, width = image.shape[:2]
    across, down = max(1, width // (CELLS[0] * SAMPLES)), max(1, height // (CELLS[1] * SAMPLES))
    few = np.ascontiguousarray(image[::down, ::across])
    return np.asarray(cv2.resize(few, CELLS, interpolation=cv2.INTER_AREA), np.float32)


def differs(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """True where any cell of two sketches differs by more than noise."""
    return one.shape != other.shape or float(np.abs(one - other).max()) > CHANGE


class Steady(Generic[T]):
    """A reading counts when N of the last 2N-1 frames gave it, and no longer when N of them did not."""

    def __init__(self, n: int) -> None:
        """n: 1 takes every frame at its word."""
        self._n = n
        self._last: deque[T] = deque(maxlen=2 * n - 1)
        self._held: T | None = None

    def push(self, reading: T) -> T | None:
        """What holds after one more frame; None where nothing does."""
        self._last.append(reading)
        if self._last.count(reading) >= self._n:
            self._held = reading
        elif self._held is not None and len(self._last) - self._last.count(self._held) >= self._n:
            self._held = None
        return self._held

    def forget(self) -> None:
        """The source was interrupted: nothing holds any more."""
        self._last.clear()
        self._held = None
