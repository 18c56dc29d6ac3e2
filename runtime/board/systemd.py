"""Messages to systemd about the camera's loop: it is ready, it is alive, it ends.

The protocol is that of sd_notify(3): lines of text to the datagram socket that NOTIFY_SOCKET names. Outside of a
service there is no such socket, and nothing is sent. By hand: systemd's own package for Python has to be compiled on
the board, for one `sendto`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress


class Notifier:
    """Sends messages to the service manager, where there is one. That nobody receives them is no error.

    Example:
        >>> notifier = Notifier()
        >>> notifier.ready("reading /dev/video0")
        >>> notifier.alive()
        >>> notifier.stopping()
    """

    def __init__(self, environ: Mapping[str, str] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the socket's address and the watchdog's time from the environment.

        Args:
            environ: With NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID as systemd sets them; os.environ where None.
            clock: Seconds, from any start.
        """
        environ = os.environ if environ is None else environ
        self._clock = clock
        self._address = environ.get("NOTIFY_SOCKET", "")
        if self._address.startswith("@"):  # Linux's abstract sockets are written so
            self._address = "\0" + self._address[1:]
        self._interval = _watchdog_interval(environ)
        self._next = 0.0

    def ready(self, status: str) -> None:
        """Say that the start is over: the model is loaded and proven.

        Args:
            status: What `systemctl status` shows.
        """
        self._send(f"READY=1\nSTATUS={' '.join(status.split())}")

    def alive(self) -> None:
        """Say that the loop runs. Call it in every turn: it sends twice in each interval that the watchdog allows."""
        if self._interval is None:
            return
        now = self._clock()
        if now >= self._next:
            self._next = now + self._interval
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        import socket  # not above: a start without a service manager needs none of it

        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as connection:
            connection.sendto(text.encode(), self._address)


def _watchdog_interval(environ: Mapping[str, str]) -> float | None:
    """Seconds between two messages; None where no watchdog waits for this process."""
    microseconds = environ.get("WATCHDOG_USEC", "")
    if not microseconds.isdigit() or environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(microseconds) / 2e6
