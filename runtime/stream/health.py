"""When a live source is ok, stale, lost or recovered. Pure: the time comes in with every call."""

from __future__ import annotations

from runtime.errors import SourceError
from runtime.sources.base import STALE_S

HUNG_S = 12.0  # without a new frame: more than any driver or stream takes to say that it failed
BACKOFF_S = (0.5, 30.0)  # the first pause before opening again, doubled up to the last
OK, STALE, LOST, RECOVERED = "ok", "stale", "lost", "recovered"


class SourceHealth:
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
