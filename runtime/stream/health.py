"""When a live source is ok, stale, lost or recovered. Pure: the time comes in with every call."""

from __future__ import annotations

from runtime.errors import SourceError

STALE_S = 2.0  # without a new frame
HUNG_S = 12.0  # without a new frame: more than any driver or stream takes to say that it failed
CATCH_UP_S = 2.0  # the longest that frames are left out for being old, should their times mean nothing
AS_TAKEN = 0.8  # of the time between two pictures: reading that takes as long is not catching up
SPAN_S = 0.03  # between two pictures, where the camera does not say
BACKOFF_S = (0.5, 30.0)  # the first pause before opening again, doubled up to the last
OK, STALE, LOST, RECOVERED = "ok", "stale", "lost", "recovered"


class Health:
    """The state of one source, from the first opening on. Times are seconds of any clock that only goes on."""

    def __init__(self, source: str, now: float, give_up: float | None = None) -> None:
        """give_up: seconds after which a lost source raises SourceError; None: never."""
        self.state = OK
        self.seen = False  # a frame, ever
        self._source = source
        self._give_up = give_up
        self._last = now  # frame, or opening
        self._lost_at = now
        self._reopen_at: float | None = None
        self._pause = BACKOFF_S[0]
        self._message = ""

    def frame(self, now: float) -> str:
        """A frame came: "ok", or "recovered" where it is the first after a fault."""
        self.state = RECOVERED if self.state in (STALE, LOST) else OK
        self.seen = True
        self._last = now
        self._reopen_at = None
        self._pause = BACKOFF_S[0]
        return self.state

    def failed(self, now: float, message: str) -> bool:
        """The source failed, or could not be opened again; True where that is news."""
        news = self.state != LOST
        if news:
            self.state, self._lost_at = LOST, now
        self._message = message
        self._reopen_at = now + self._pause
        self._pause = min(self._pause * 2, BACKOFF_S[1])
        return news

    def is_stale(self, now: float) -> bool:
        """True once, when no frame has come for STALE_S."""
        if self.state not in (OK, RECOVERED) or not self.seen or now - self._last < STALE_S:
            return False
        self.state = STALE
        return True

    def is_hung(self, now: float) -> bool:
        """True where an opened source has said nothing for HUNG_S."""
        return self._reopen_at is None and now - self._last >= HUNG_S

    def may_reopen(self, now: float) -> bool:
        """True when a lost source should be opened again, which counts as done.

        Raises SourceError where it has been lost for as long as it may be.
        """
        if self.state == LOST and self._give_up is not None and now - self._lost_at >= self._give_up:
            raise SourceError(f"{self._source} was lost for {self._give_up:g} s: {self._message}")
        if self._reopen_at is None or now < self._reopen_at:
            return False
        self._reopen_at, self._last = None, now
        return True

    def idle(self, now: float) -> float:
        """Seconds until something is due though nothing comes."""
        if self._reopen_at is not None:
            due = self._reopen_at
        elif self.state in (OK, RECOVERED) and self.seen:
            due = self._last + STALE_S
        else:
            due = self._last + HUNG_S
        if self.state == LOST and self._give_up is not None:
            due = min(due, self._lost_at + self._give_up)
        return max(0.0, due - now)


class Pace:
    """Which frames show what is, and which only waited somewhere while nobody read.

    FFmpeg keeps what comes while it looks a stream over, and a network or a driver what comes while they, or
    this program, stand still. All of it is then read faster than it was taken: that is how it is known.
    """

    def __init__(self, waited: bool) -> None:
        """waited: True where frames may have waited before the first one is read."""
        self._waited = waited
        self._last: tuple[float, float] | None = None
        self._since: float | None = None  # when catching up began

    def is_now(self, taken: float, now: float) -> bool:
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
