"""Tells current frames from buffered ones. Pure: the time comes in with every call."""

from __future__ import annotations

from runtime.sources.base import STALE_S

CATCH_UP_S = 2.0  # the longest that frames are left out as buffered, when timestamps are unreliable
LIVE_RATIO = 0.8  # where a read takes so much of the frame interval, or more, the backlog is gone
DEFAULT_INTERVAL_S = 0.03  # between two frames, where the camera's timestamps do not say


class BacklogFilter:
    """Recognizes frames that waited in a buffer while nobody read them.

    FFmpeg buffers the frames that come while it analyzes a stream. A network or a driver buffers those that come while
    it, or this program, is paused. Buffered frames are read faster than they were taken; that is how they are
    recognized.
    """

    def __init__(self, starts_buffered: bool) -> None:
        """Start a filter.

        Args:
            starts_buffered: True where frames may have been buffered before the first one is read.
        """
        self._starts_buffered = starts_buffered
        self._last: tuple[float, float] | None = None  # taken, read
        self._catching_up_since: float | None = None

    def is_current(self, taken: float, now: float) -> bool:
        """Tell whether a frame is current. Every frame must be shown to the filter, in order.

        Args:
            taken: When the frame was taken, in seconds by the camera's clock; always the same where it has none.
            now: When the frame was read, in seconds by any clock that does not go back.

        Returns:
            False for a frame that was buffered.
        """
        last, self._last = self._last, (taken, now)
        if last is None:
            self._catching_up_since = now if self._starts_buffered else None
            return not self._starts_buffered
        interval, gap = taken - last[0], now - last[1]
        if self._catching_up_since is None and gap >= STALE_S and 0 < interval < LIVE_RATIO * gap:
            self._catching_up_since = now
        elif self._catching_up_since is not None:
            caught_up = gap >= LIVE_RATIO * (interval if interval > 0 else DEFAULT_INTERVAL_S)
            if caught_up or now - self._catching_up_since >= CATCH_UP_S:
                self._catching_up_since = None
        return self._catching_up_since is None
