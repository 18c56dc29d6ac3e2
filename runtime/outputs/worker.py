"""A thread for work that must not delay the frames, such as writing to a disk or a pipe."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
POLL_S = 0.1  # how soon a request to stop is seen while waiting
GRACE_S = 0.2  # the time that the items of a queue have to be handled after a request to stop


class BackgroundWriter(Generic[T]):
    """Calls a function with each item, in order, in a thread of its own.

    An error is raised by the next `put`, or by `close`. The item is lost; the thread goes on with the next one.

    Attributes:
        dropped: The number of items that were dropped because the queue was full.
    """

    def __init__(
        self,
        handle: Callable[[T], None],
        max_queue: int,
        block_when_full: bool,
        stop: Callable[[], bool],
        name: str = "output",
        while_waiting: Callable[[], None] = lambda: None,
    ) -> None:
        """Start the thread.

        Args:
            handle: Called with each item, in the thread.
            max_queue: Number of items that may wait.
            block_when_full: `put` then waits until there is room, or `stop()`; otherwise the oldest item is dropped.
            stop: True once the run is to end.
            name: Name of the thread.
            while_waiting: Called again and again, about every POLL_S, while `put` waits.
        """
        self.dropped = 0
        self._handle = handle
        self._max_queue = max_queue
        self._block_when_full = block_when_full
        self._stop = stop
        self._while_waiting = while_waiting
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._error: Exception | None = None
        # A daemon, because the reader of a pipe may never read on.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, item: T) -> None:
        """Hand an item over.

        Args:
            item: What the function is called with.

        Raises:
            Exception: Whatever an earlier item raised.
        """
        with self._changed:
            while self._must_wait():
                self._while_waiting()
                self._changed.wait(POLL_S)
            self._raise_error()
            if len(self._items) >= self._max_queue:
                self._items.popleft()
                self.dropped += 1
            self._items.append(item)
            self._changed.notify_all()

    def close(self) -> bool:
        """Let the items that wait be handled.

        Returns:
            True where they were; False where that did not come to an end before a request to stop, and GRACE_S.

        Raises:
            Exception: What an item raised, where no `put` has raised it since.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        while self._thread.is_alive() and not self._stop():
            self._thread.join(POLL_S)
        self._thread.join(GRACE_S)
        self._raise_error()
        return not self._thread.is_alive()

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _must_wait(self) -> bool:
        is_full = len(self._items) >= self._max_queue
        return self._block_when_full and is_full and self._error is None and not self._stop()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._items and not self._closing:
                    self._changed.wait()
                if not self._items:
                    return
                item = self._items.popleft()
                self._changed.notify_all()
            try:
                self._handle(item)
            except Exception as error:  # raised by the next put, or by close
                with self._changed:
                    self._error = error
                    self._changed.notify_all()
            del item  # otherwise a picture stays in memory until the next one comes


def line_writer(descriptor: int, encoding: str) -> Callable[[str], None]:
    """Make a function that writes a line at once and whole.

    It writes past sys.stdout: while one thread is blocked there, every other one would wait for its lock.

    Args:
        descriptor: Descriptor of an open file.
        encoding: Letters that it does not have become backslash escapes.

    Returns:
        The function; it takes a line without its line break.
    """

    def write(line: str) -> None:
        data = (line + "\n").encode(encoding, "backslashreplace")
        while data:
            data = data[os.write(descriptor, data) :]

    return write
