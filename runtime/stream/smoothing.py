"""What is cheap and steady: frames that did not change, readings that held. Pure."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class MajorityVote(Generic[T]):
    """A reading counts when N of the last 2N-1 frames gave it, and no longer when N of them did not."""

    def __init__(self, n: int) -> None:
        """n: 1 takes every frame at its word."""
        self._n = n
        self._last: deque[T] = deque(maxlen=2 * n - 1)
        self._held: T | None = None

    def update(self, reading: T) -> T | None:
        """What holds after one more frame; None where nothing does."""
        self._last.append(reading)
        if self._last.count(reading) >= self._n:
            self._held = reading
        elif self._held is not None and len(self._last) - self._last.count(self._held) >= self._n:
            self._held = None
        return self._held

    def reset(self) -> None:
        """The source was interrupted: nothing holds any more."""
        self._last.clear()
        self._held = None
