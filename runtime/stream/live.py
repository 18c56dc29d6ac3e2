"""A live source, read in a thread of its own that keeps only the newest frame.

Nothing that the source does, hanging in read() included, holds up who asks for events.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from runtime.errors import EdgeError, SourceError
from runtime.sources.base import STALE_S, Frame
from runtime.stream.health import LOST, OK, STALE, SourceHealth

POLL_S = 0.2  # how soon a request to stop is seen where no frame comes
MAX_HUNG = 3  # threads that hang in a driver; no more are started until one comes back
CLOSE_S = 0.3  # what a reader gets to end and release its camera

Opener = Callable[[], Iterator[Frame]]


@dataclass(frozen=True)
class SourceEvent:
    """A frame, or a change for the worse. state: ok, stale, lost or recovered.

    frame: None where stale or lost, and `message` says why. arrived: when, by the source's clock.
    capture_ms: how long the source took to give it, waiting included.
    """

    state: str
    arrived: float
    frame: Frame | None = None
    capture_ms: float = 0.0
    message: str = ""


class CaptureThread:
    """One opening of a source, in a thread of its own, with room for one frame."""

    def __init__(self, opener: Opener, changed: threading.Condition, clock: Callable[[], float]) -> None:
        self.dropped = 0
        self.error: Exception | None = None
        self.ended = False
        self._opener = opener
        self._changed = changed
        self._clock = clock
        self._newest: SourceEvent | None = None
        self._stopping = False
        # A daemon: a thread that hangs in a driver must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="frames", daemon=True)
        self._thread.start()

    def take_newest(self) -> SourceEvent | None:
        """The newest frame, once. The caller holds the lock."""
        newest, self._newest = self._newest, None
        return newest

    def stop(self) -> None:
        """Ask it to end at its next frame."""
        self._stopping = True

    def join(self, timeout: float) -> bool:
        """Wait for its end; False where it hangs."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            frames = self._opener()
            try:
                self._read(frames)
            finally:
                close = getattr(frames, "close", None)
                if close:
                    close()
        except Exception as error:  # whatever it is, the program goes on without this reader
            self.error = error
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def _read(self, frames: Iterator[Frame]) -> None:
        while not self._stopping:
            start = time.perf_counter()
            frame = next(frames, None)
            if frame is None:
                return
            took = (time.perf_counter() - start) * 1000
            with self._changed:
                if self._stopping:
                    return
                self.dropped += self._newest is not None
                self._newest = SourceEvent("", self._clock(), frame, took)
                self._changed.notify_all()


class LiveSource:
    """Opens a source, keeps it open, and tells of its newest frame and of its states."""

    def __init__(
        self,
        name: str,
        opener: Opener,
        give_up: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[threading.Condition, float], object] = threading.Condition.wait,
    ) -> None:
        """opener: called in the reader's thread, at the start and after each loss. give_up: see SourceHealth."""
        self._name = name
        self._opener = opener
        self._clock = clock
        self._wait = wait
        self._changed = threading.Condition()
        self._health = SourceHealth(name, clock(), give_up)
        self._hung: list[CaptureThread] = []
        self._dropped = 0
        self._reader: CaptureThread | None = CaptureThread(opener, self._changed, clock)

    @property
    def dropped(self) -> int:
        """Frames that a newer one replaced before anybody asked."""
        return self._dropped + (self._reader.dropped if self._reader else 0)

    def events(self, stop: Callable[[], bool], on_turn: Callable[[], None] = lambda: None) -> Iterator[SourceEvent]:
        """What happens, until the source is at its end or `stop()` says so.

        on_turn: called at every turn of the loop, every POLL_S at least, whether a frame came or not.

        Raises SourceError where it never gave a frame, and where it stays lost for `give_up` seconds.
        """
        while True:
            on_turn()
            if stop():
                return
            with self._changed:
                event, ended = self._look()
                if event is None and not ended:
                    self._wait(self._changed, min(POLL_S, self._health.seconds_until_due(self._clock())))
                    event, ended = self._look()
            now = self._clock()
            if event is not None:
                if now - event.arrived < STALE_S:
                    yield SourceEvent(self._health.frame(now), event.arrived, event.frame, event.capture_ms)
                else:
                    self._dropped += 1  # nobody asked for too long: it shows what was, not what is
            elif ended and self._reader is not None and self._reader.error is None:
                return
            else:
                yield from self._trouble(now, ended)

    def close(self) -> bool:
        """Release the source; False where a reader hangs and only the end of the process releases it."""
        readers = [*self._hung, *([self._reader] if self._reader else [])]
        for reader in readers:
            reader.stop()
        if self._reader:
            self._reader.join(CLOSE_S)
        return not any(reader.is_alive() for reader in readers)

    def _look(self) -> tuple[SourceEvent | None, bool]:
        return (self._reader.take_newest(), self._reader.ended) if self._reader else (None, False)

    def _trouble(self, now: float, ended: bool) -> Iterator[SourceEvent]:
        """There is no frame: what is said, and done about it."""
        if ended and self._reader is not None:
            yield from self._lose(now, self._reader, _text(self._name, self._reader.error))
        elif self._reader is not None and self._health.is_hung(now):
            self._reader.stop()
            self._hung.append(self._reader)
            yield from self._lose(
                now, self._reader, f"{self._name} gives no frame and no error; its driver or network hangs"
            )
        elif self._health.is_stale(now):
            yield SourceEvent(STALE, now, message=f"no new frame for {STALE_S:g} s")
        if self._health.begin_reopening(now):
            self._reopen(now)

    def _lose(self, now: float, reader: CaptureThread, message: str) -> Iterator[SourceEvent]:
        if not self._health.seen:
            raise SourceError(message)
        self._dropped += reader.dropped
        self._reader = None
        if self._health.failed(now, message):
            yield SourceEvent(LOST, now, message=message)

    def _reopen(self, now: float) -> None:
        self._hung = [reader for reader in self._hung if reader.is_alive()]
        if len(self._hung) >= MAX_HUNG:
            self._health.failed(now, f"{len(self._hung)} earlier openings still hang")
        else:
            self._reader = CaptureThread(self._opener, self._changed, self._clock)


def _text(name: str, error: Exception | None) -> str:
    return str(error) if isinstance(error, EdgeError) else f"{name}: {type(error).__name__}: {error}"


def stored_events(
    frames: Iterator[Frame], stop: Callable[[], bool], on_turn: Callable[[], None] = lambda: None
) -> Iterator[SourceEvent]:
    """Every frame of a file, none of them late. on_turn: called before each."""
    while True:
        on_turn()
        if stop():
            return
        start = time.monotonic()
        frame = next(frames, None)
        if frame is None:
            return
        now = time.monotonic()
        yield SourceEvent(OK, now, frame, (now - start) * 1000)
