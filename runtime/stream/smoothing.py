"""Majority vote over the readings of a stream. Pure."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class MajorityVote(Generic[T]):
    """Smooths readings: one is stable once N of the last 2N-1 frames gave it, until N of them did not.

    Example:
        >>> vote = MajorityVote(2)
        >>> [vote.update(reading) for reading in "7717"]
        [None, '7', '7', '7']
    """

    def __init__(self, n: int) -> None:
        """Start without a stable reading.

        Args:
            n: Frames that must agree, at least 1. 1 disables smoothing.
        """
        self._n = n
        self._recent: deque[T] = deque(maxlen=2 * n - 1)
        self._stable: T | None = None

    def update(self, reading: T) -> T | None:
        """Add the reading of one more frame.

        Args:
            reading: It is compared by equality.

        Returns:
            The reading that is stable now; None where none is.
        """
        self._recent.append(reading)
        if self._recent.count(reading) >= self._n:
            self._stable = reading
        elif self._stable is not None and len(self._recent) - self._recent.count(self._stable) >= self._n:
            self._stable = None
        return self._stable

    def reset(self) -> None:
        """Forget all readings, because the source was interrupted."""
        self._recent.clear()
        self._stable = None
