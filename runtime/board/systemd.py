"""What systemd is told of the camera's loop: that it is ready, that it still goes round, that it ends.

The protocol of sd_notify(3): a line of text to the datagram socket that NOTIFY_SOCKET names.
Outside of a service there is none, and nothing here does anything.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress


class Notifier:
    """Speaks to the service manager, where there is one. A manager that does not listen is no fault."""

    def __init__(self, environ: Mapping[str, str] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        environ = os.environ if environ is None else environ
        self._clock = clock
        self._address = environ.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):  # Linux's abstract sockets are written so
            self._address = "\0" + self._address[1:]
        self._interval = _interval(environ)
        self._next = 0.0

    def ready(self, status: str) -> None:
        """The start is over: the model is loaded and proven."""
        self._tell(f"READY=1\nSTATUS={' '.join(status.split())}")

    def alive(self) -> None:
        """The loop goes round. Call it at every turn: it speaks twice in each time that the watchdog allows."""
        if self._interval is None:
            return
        now = self._clock()
        if now >= self._next:
            self._next = now + self._interval
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """The end has begun."""
        self._tell("STOPPING=1")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        import socket  # not above: a start without a service manager needs none of it

        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as speaker:
            speaker.sendto(text.encode(), self._address)


def _interval(environ: Mapping[str, str]) -> float | None:
    """Seconds between two signs of life; None where no watchdog waits for this process."""
    microseconds = environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdigit() or environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(microseconds) / 2e6
