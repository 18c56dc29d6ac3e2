"""A thread that reads a source and keeps its newest frame."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from runtime.sources.base import Frame

Opener = Callable[[], Iterator[Frame]]


@dataclass(frozen=True)
class CapturedFrame:
    """A frame as the thread got it.

    Attributes:
        frame: The frame.
        arrived: When it was taken, as far as that is known, in seconds by the thread's clock.
        capture_ms: Milliseconds that the source took to give it, waiting included.
    """

    frame: Frame
    arrived: float
    capture_ms: float


class CaptureThread:
    """A thread that opens a source, once, and keeps its newest frame.

    Attributes:
        dropped: The number of frames that a newer one replaced.
        ended: True once the source has ended or failed.
        error: Why the source failed; None where it has not.
    """

    def __init__(self, opener: Opener, changed: threading.Condition, clock: Callable[[], float]) -> None:
        """Start the thread.

        Args:
            opener: Opens the source; called in the thread.
            changed: Notified when a frame comes and when the source ends. Its lock guards the newest frame.
            clock: Gives the time in seconds.
        """
        self.dropped = 0
        self.error: Exception | None = None
        self.ended = False
        self._opener = opener
        self._changed = changed
        self._clock = clock
        self._newest: CapturedFrame | None = None
        self._stopping = False
        # A daemon, so that a thread that hangs in a driver does not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="frames", daemon=True)
        self._thread.start()

    def take_newest(self) -> CapturedFrame | None:
        """Take the newest frame, for which the caller must hold the lock of `changed`.

        Returns:
            The frame; None where none has come since the last call.
        """
        newest, self._newest = self._newest, None
        return newest

    def stop(self) -> None:
        """Ask the thread to end at its next frame."""
        self._stopping = True

    def join(self, timeout: float) -> bool:
        """Wait for the thread to end.

        Args:
            timeout: Seconds.

        Returns:
            True where it has ended; False where it hangs.
        """
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def is_alive(self) -> bool:
        """Tell whether the thread still runs.

        Returns:
            True where it does.
        """
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
        except Exception as error:  # of any kind: the program continues without this thread
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
                self._newest = CapturedFrame(frame, self._clock() - frame.age_s, took)
                self._changed.notify_all()
