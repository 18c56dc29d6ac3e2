"""The state of a live source: ok, stale, lost or recovered. Pure: the time comes in with every call."""

from __future__ import annotations

from runtime.errors import SourceError
from runtime.sources.base import STALE_S

HUNG_S = 10.0  # beside the time until it is stale, without a frame or an error; streams report a failure sooner
PROVEN_S = 1.0  # with frames, after which the pauses begin anew: not for a camera that gives one each time
BACKOFF_S = (0.5, 30.0)  # the pause before a source is opened again: the first; doubled each time, up to the second
OK, STALE, LOST, RECOVERED = "ok", "stale", "lost", "recovered"


class SourceHealth:
    """The state of one source, from its first opening on. Times are seconds of any clock that does not go back.

    Attributes:
        state: "ok", "stale", "lost" or "recovered".
        seen: True once a frame has come.
        stale_s: Seconds without a frame after which the source is stale.
    """

    def __init__(self, source: str, now: float, give_up: float | None = None, stale_s: float = STALE_S) -> None:
        """Start when the source is opened for the first time.

        Args:
            source: Its name, for errors.
            now: The time.
            give_up: Seconds after which a lost source is an error; None for never.
            stale_s: Seconds without a frame after which the source is stale.
        """
        self.state = OK
        self.seen = False
        self._source = source
        self._give_up = give_up
        self.stale_s = stale_s
        self._last = now  # when a frame came, or the source was opened
        self._first: float | None = None  # when the first frame since the last opening came
        self._lost_at = now
        self._reopen_at: float | None = None
        self._pause = BACKOFF_S[0]
        self._message = ""

    def frame(self, now: float) -> str:
        """Note that a frame came.

        Args:
            now: The time.

        Returns:
            The new state: "ok", or "recovered" for the first frame after a fault.
        """
        self.state = RECOVERED if self.state in (STALE, LOST) else OK
        self.seen = True
        self._last = now
        self._reopen_at = None
        if self._first is None:
            self._first = now
        elif now - self._first >= PROVEN_S:
            self._pause = BACKOFF_S[0]
        return self.state

    def failed(self, now: float, message: str, at_least: float = 0.0) -> bool:
        """Note that the source failed, or could not be opened again.

        Args:
            now: The time.
            message: What went wrong.
            at_least: Seconds for which the source has asked not to be opened again.

        Returns:
            True where the source was not lost before.
        """
        newly_lost = self.state != LOST
        if newly_lost:
            self.state, self._lost_at = LOST, now
        self._message = message
        self._reopen_at = now + max(self._pause, at_least)
        self._pause = min(self._pause * 2, BACKOFF_S[1])
        return newly_lost

    def is_stale(self, now: float) -> bool:
        """Tell once that no frame has come for `stale_s`; the state is "stale" then.

        Args:
            now: The time.

        Returns:
            True at the first call of each such time.
        """
        if self.state not in (OK, RECOVERED) or not self.seen or now - self._last < self.stale_s:
            return False
        self.state = STALE
        return True

    def is_hung(self, now: float) -> bool:
        """Tell whether an open source has given neither a frame nor an error for too long.

        Args:
            now: The time.

        Returns:
            True where it hangs; False also where no source is open.
        """
        return self._reopen_at is None and now - self._last >= HUNG_S + self.stale_s

    def begin_reopening(self, now: float) -> bool:
        """Tell once that the pause is over and a lost source is to be opened again; the caller then opens it.

        Args:
            now: The time.

        Returns:
            True at the first call after each pause.

        Raises:
            SourceError: The source has been lost for `give_up` seconds.
        """
        if self.state == LOST and self._give_up is not None and now - self._lost_at >= self._give_up:
            raise SourceError(f"{self._source} was lost for {self._give_up:g} s: {self._message}")
        if self._reopen_at is None or now < self._reopen_at:
            return False
        self._reopen_at, self._last, self._first = None, now, None
        return True

    def seconds_until_due(self, now: float) -> float:
        """Compute how long the caller may wait for a frame before it must ask for the state again.

        Args:
            now: The time.

        Returns:
            Seconds, at least 0.
        """
        if self._reopen_at is not None:
            due = self._reopen_at
        elif self.state in (OK, RECOVERED) and self.seen:
            due = self._last + self.stale_s
        else:
            due = self._last + HUNG_S + self.stale_s
        if self.state == LOST and self._give_up is not None:
            due = min(due, self._lost_at + self._give_up)
        return max(0.0, due - now)
