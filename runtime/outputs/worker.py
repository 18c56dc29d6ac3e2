"""Work that must not hold up the frames: done by a thread of its own, in the order it was handed over."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
SLICE_S = 0.1  # how soon a request to stop is seen while waiting
GRACE_S = 0.2  # what is left in a queue gets to go out after a request to stop


class BackgroundWriter(Generic[T]):
    """Calls `handle` with each item. Its first error is raised where the next item is handed over."""

    def __init__(
        self,
        handle: Callable[[T], None],
        max_queue: int,
        block_when_full: bool,
        stop: Callable[[], bool],
        name: str = "output",
    ) -> None:
        """max_queue: items that may wait. block_when_full: `put` then waits (unless `stop()`); else the oldest goes."""
        self.dropped = 0
        self._handle = handle
        self._room = max_queue
        self._patient = block_when_full
        self._stop = stop
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._error: Exception | None = None
        # A daemon: whoever reads our output may never read on.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Hand an item over. Raises what `handle` raised earlier."""
        with self._changed:
            while self._patient and len(self._items) >= self._room and self._error is None and not self._stop():
                self._changed.wait(SLICE_S)
            if self._error is not None:
                raise self._error
            if len(self._items) >= self._room:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self._changed.notify_all()

    def close(self) -> bool:
        """Let it finish what waits; False where it does not, after a request to stop."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        while self._thread.is_alive() and not self._stop():
            self._thread.join(SLICE_S)
        self._thread.join(GRACE_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while True:
                with self._changed:
                    while not self._items and not self._closing:
                        self._changed.wait()
                    if not self._items:
                        return
                    item = self._items.popleft()
                    self._changed.notify_all()
                self._handle(item)
                del item  # not a picture kept until the next one comes
        except Exception as error:  # raised by the next put
            with self._changed:
                self._error = error
                self._changed.notify_all()


def line_writer(descriptor: int, encoding: str) -> Callable[[str], None]:
    """Writes a line at once and whole; past sys.stdout, whose lock a reader who stands still would hold."""

    def write(line: str) -> None:
        data = (line + "\n").encode(encoding, "backslashreplace")
        while data:
            data = data[os.write(descriptor, data) :]

    return write
