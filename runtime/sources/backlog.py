"""Tells current frames from buffered ones. Pure: the time comes in with every call."""

from __future__ import annotations

from runtime.sources.base import STALE_S

CATCH_UP_S = 2.0  # the longest that frames are left out for being old, should their times mean nothing
AS_TAKEN = 0.8  # of the time between two pictures: reading that takes as long is not catching up
SPAN_S = 0.03  # between two pictures, where the camera does not say


class BacklogFilter:
    """Which frames show what is, and which only waited somewhere while nobody read.

    FFmpeg keeps what comes while it looks a stream over, and a network or a driver what comes while they, or
    this program, stand still. All of it is then read faster than it was taken: that is how it is known.
    """

    def __init__(self, waited: bool) -> None:
        """waited: True where frames may have waited before the first one is read."""
        self._waited = waited
        self._last: tuple[float, float] | None = None
        self._since: float | None = None  # when catching up began

    def is_current(self, taken: float, now: float) -> bool:
        """False for a frame that waited. taken: seconds by the camera's clock, all alike where it has none."""
        last, self._last = self._last, (taken, now)
        if last is None:
            self._since = now if self._waited else None
            return not self._waited
        span, gap = taken - last[0], now - last[1]
        if self._since is None and gap >= STALE_S and 0 < span < AS_TAKEN * gap:
            self._since = now
        elif self._since is not None:
            caught_up = gap >= AS_TAKEN * (span if span > 0 else SPAN_S)
            if caught_up or now - self._since >= CATCH_UP_S:
                self._since = None
        return self._since is None
