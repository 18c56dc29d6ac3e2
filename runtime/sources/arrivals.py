"""Tells new frames of a byte stream from those that waited, by when they came. Pure: the time comes in with every call.

MJPEG has no times of its own. What waited in a socket, in a pipe or in the sender while nobody read, or while the
network stalled, comes after a pause and faster than the camera takes pictures.
"""

from __future__ import annotations

from collections import deque
from statistics import median

PAUSE_S = 1.0  # without a frame, after which what comes may have waited; at least four usual intervals
BEHIND_S = 0.5  # the longest that more was always waiting, before frames are left out
DRAIN_S = 0.3  # the longest that frames are left out because more is waiting: by then kernel buffers are empty
CATCH_UP_S = 5.0  # the longest that frames are left out after a pause
STEADY = 3  # frames in a row at the camera's own pace, after which they are new
LIVE_RATIO = 0.8  # of the usual interval, or more, between two frames: the camera's own pace
DEFAULT_INTERVAL_S = 0.03  # between two frames, where none is known yet
HOLD_S = (0.25, 1.0)  # the shortest and the longest time after which a frame without a successor is the newest
GAPS = 9  # of the newest intervals the median is the usual one


class ArrivalFilter:
    """Recognizes frames that waited. Every frame must be shown to it, in order."""

    def __init__(self) -> None:
        """Start: the first frame of a stream is new."""
        self._gaps: deque[float] = deque(maxlen=GAPS)
        self._last: float | None = None  # when a frame came
        self._empty_at: float | None = None  # when nothing was waiting
        self._since: float | None = None  # when frames began to be left out
        self._is_drain = False  # left out because more is always waiting, and not after a pause
        self._steady = 0
        self._gap = 0.0  # between the newest two frames

    @property
    def hold_s(self) -> float:
        """Seconds after which a frame that was not current, and that none followed, is the newest there is."""
        return min(max(HOLD_S[0], LIVE_RATIO * self._interval), HOLD_S[1])

    @property
    def _interval(self) -> float:
        return median(self._gaps) if self._gaps else DEFAULT_INTERVAL_S

    def nothing_waits(self, now: float) -> None:
        """Note that no data is waiting to be read.

        Args:
            now: Seconds of a clock that does not go back.
        """
        self._empty_at = now

    def is_current(self, now: float, more: bool) -> bool:
        """Tell whether a frame is new for certain.

        Args:
            now: When its last byte was read, in seconds of a clock that does not go back.
            more: True where more data is waiting already.

        Returns:
            False for one that may have waited: it counts only if none follows within `hold_s`.
        """
        gap = self._gap = 0.0 if self._last is None else now - self._last
        first, self._last = self._last is None, now
        if first or not more:
            self._empty_at = now
        if self._since is not None:
            return self._has_caught_up(gap, now, more)
        if gap >= max(PAUSE_S, 4 * self._interval):
            self._since, self._is_drain, self._steady = now, False, 0
            return False
        if self._empty_at is not None and now - self._empty_at >= BEHIND_S:
            self._since, self._is_drain = now, True
            return False
        if not first:
            self._gaps.append(gap)
        return True

    def none_followed(self) -> None:
        """Note that a frame had no successor within `hold_s`: all that waited has been read."""
        self._since = None
        self._gaps.append(self._gap)

    def _has_caught_up(self, gap: float, now: float, more: bool) -> bool:
        since = now if self._since is None else self._since
        if self._is_drain:
            caught_up = not more or now - since >= DRAIN_S
        else:
            self._steady = self._steady + 1 if gap >= LIVE_RATIO * self._interval else 0
            caught_up = self._steady >= STEADY or now - since >= CATCH_UP_S
        if caught_up:
            self._since, self._empty_at = None, now
            self._gaps.append(gap)
        return caught_up
