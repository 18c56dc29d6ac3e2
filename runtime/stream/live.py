"""A live source, read in a thread of its own that keeps only the newest frame.

Whatever the source does, even where it hangs in read(), whoever asks for events does not wait for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from runtime.errors import EdgeError, ImageError, SourceError
from runtime.sources.base import STALE_S, EndedError, Frame, TryLaterError
from runtime.stream.capture import CapturedFrame, CaptureThread, Opener
from runtime.stream.health import LOST, OK, STALE, SourceHealth

POLL_S = 0.2  # the longest wait for a frame, after which a request to stop is seen
MAX_HUNG = 3  # threads that hang in a driver; no other is started until one of them ends
CLOSE_S = 0.3  # the time that a thread has to end and to release its camera


@dataclass(frozen=True)
class SourceEvent:
    """A frame, or a transition to stale or lost.

    Attributes:
        state: "ok", "stale", "lost" or "recovered".
        arrived: When the event happened, in seconds by the clock of the LiveSource (time.monotonic).
        frame: The frame; None where the source is stale or lost.
        capture_ms: Milliseconds that the source took to give the frame, waiting included.
        message: Why the source is stale or lost; "" otherwise.
    """

    state: str
    arrived: float
    frame: Frame | None = None
    capture_ms: float = 0.0
    message: str = ""


class LiveSource:
    """Opens a source, opens it again where it is lost, and gives its newest frames and its states as events.

    Example:
        >>> from runtime.sources.registry import open_source
        >>> source = LiveSource("fake://digits", lambda: open_source("fake://digits"))
        >>> next(source.events(stop=lambda: False)).state
        'ok'
        >>> source.close()
        True
    """

    def __init__(
        self,
        name: str,
        opener: Opener,
        give_up: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[threading.Condition, float], object] = threading.Condition.wait,
        stale_s: float = STALE_S,
    ) -> None:
        """Start to open the source.

        Args:
            name: The source's name, for errors.
            opener: Opens the source; called in a CaptureThread, at the start and after each loss.
            give_up: Seconds after which a lost source is an error; None for never.
            clock: Gives the time in seconds.
            wait: Waits on a condition, at most so many seconds.
            stale_s: Seconds without a new frame after which the source is stale.
        """
        self._name = name
        self._opener = opener
        self._clock = clock
        self._wait = wait
        self._changed = threading.Condition()
        self._health = SourceHealth(name, clock(), give_up, stale_s)
        self._hung: list[CaptureThread] = []
        self._dropped = 0
        self._capture: CaptureThread | None = CaptureThread(opener, self._changed, clock)

    @property
    def dropped(self) -> int:
        """The number of frames that a newer one replaced before they were given."""
        return self._dropped + (self._capture.dropped if self._capture else 0)

    def events(self, stop: Callable[[], bool], on_turn: Callable[[], None] = lambda: None) -> Iterator[SourceEvent]:
        """Give what happens, until the source ends or a stop is requested.

        Args:
            stop: True once the events are to end.
            on_turn: Called at every turn of the loop, every POLL_S at least, whether a frame came or not.

        Yields:
            The newest frame each time, and each transition to stale or lost.

        Raises:
            SourceError: The source never gave a frame, or it stays lost for `give_up` seconds.
        """
        while True:
            on_turn()
            if stop():
                return
            with self._changed:
                captured, ended = self._poll()
                if captured is None and not ended:
                    self._wait(self._changed, min(POLL_S, self._health.seconds_until_due(self._clock())))
                    captured, ended = self._poll()
            now = self._clock()
            if captured is not None:
                if now - captured.arrived < self._health.stale_s:
                    state = self._health.frame(now)
                    yield SourceEvent(state, captured.arrived, captured.frame, captured.capture_ms)
                else:
                    self._dropped += 1  # nobody asked for so long that the frame is out of date
            elif ended and self._has_ended():
                return
            else:
                yield from self._without_frame(now, ended)

    def close(self) -> bool:
        """Release the source.

        Returns:
            True where it is released; False where a thread hangs, and only the end of the process releases it.
        """
        threads = [*self._hung, *([self._capture] if self._capture else [])]
        for thread in threads:
            thread.stop()
        if self._capture:
            self._capture.join(CLOSE_S)
        return not any(thread.is_alive() for thread in threads)

    def _poll(self) -> tuple[CapturedFrame | None, bool]:
        return (self._capture.take_newest(), self._capture.ended) if self._capture else (None, False)

    def _has_ended(self) -> bool:
        """True where the source came to its end; one that never gave a frame is an error."""
        error = self._capture.error if self._capture else None
        return self._capture is not None and (error is None or (isinstance(error, EndedError) and self._health.seen))

    def _without_frame(self, now: float, ended: bool) -> Iterator[SourceEvent]:
        """Report a source that has no frame as stale or lost where it is, and open it again where that is due."""
        if ended and self._capture is not None:
            yield from self._lose(now, self._capture, _error_text(self._name, self._capture.error))
        elif self._capture is not None and self._health.is_hung(now):
            self._capture.stop()
            self._hung.append(self._capture)
            yield from self._lose(
                now, self._capture, f"{self._name} gives no frame and no error; its driver or network hangs"
            )
        elif self._health.is_stale(now):
            yield SourceEvent(STALE, now, message=f"no new frame for {self._health.stale_s:g} s")
        if self._health.begin_reopening(now):
            self._reopen(now)

    def _lose(self, now: float, capture: CaptureThread, message: str) -> Iterator[SourceEvent]:
        if not self._health.seen:
            raise SourceError(message)
        self._dropped += capture.dropped
        self._capture = None
        error = capture.error
        at_least = error.seconds if isinstance(error, TryLaterError) else 0.0
        if self._health.failed(now, message, at_least):
            yield SourceEvent(LOST, now, message=message)

    def _reopen(self, now: float) -> None:
        self._hung = [thread for thread in self._hung if thread.is_alive()]
        if len(self._hung) >= MAX_HUNG:
            self._health.failed(now, f"{len(self._hung)} earlier openings still hang")
        else:
            self._capture = CaptureThread(self._opener, self._changed, self._clock)


def _error_text(name: str, error: Exception | None) -> str:
    return str(error) if isinstance(error, EdgeError) else f"{name}: {type(error).__name__}: {error}"


def stored_events(
    frames: Iterator[Frame],
    stop: Callable[[], bool],
    on_turn: Callable[[], None] = lambda: None,
    on_error: Callable[[ImageError], None] | None = None,
) -> Iterator[SourceEvent]:
    """Give every frame of a file, none of which is late.

    Args:
        frames: The frames.
        stop: True once the events are to end.
        on_turn: Called before each frame.
        on_error: Called with what is wrong with a picture that cannot be read; the next one follows. None to end there.

    Yields:
        An event for each frame, in state "ok".

    Raises:
        SourceError: The source fails.
        ImageError: A picture cannot be read, and there is no `on_error`.
    """
    while True:
        on_turn()
        if stop():
            return
        start = time.monotonic()
        try:
            frame = next(frames, None)
        except ImageError as error:
            if on_error is None:
                raise
            on_error(error)
            continue
        if frame is None:
            return
        now = time.monotonic()
        yield SourceEvent(OK, now, frame, (now - start) * 1000)
