"""Bytes as they come from a socket or a pipe, under one time limit that no drip of single bytes gets round."""

from __future__ import annotations

import os
import select
import time
from typing import Protocol

CHUNK = 65536  # bytes that are read at once


class ByteStream(Protocol):
    """What `runtime.sources.mjpeg` reads."""

    def read(self) -> bytes:
        """Wait for the next bytes.

        Returns:
            One or more bytes; b"" at the end.

        Raises:
            TimeoutError: There were none within the time limit.
            OSError: The connection is lost.
            ValueError: What comes is not what the protocol has.
        """
        ...

    def is_ready(self, seconds: float) -> bool:
        """Tell whether bytes are there, or the end is.

        Args:
            seconds: How long to wait for them.

        Returns:
            True where `read` would not wait.
        """
        ...

    def renew(self) -> None:
        """Begin the time limit anew: what was waited for has come."""
        ...

    def close(self) -> None:
        """Release what is held. A second time does no harm."""
        ...


class Deadline:
    """A time limit, looked at before each wait."""

    def __init__(self, seconds: float) -> None:
        """Begin.

        Args:
            seconds: The time there is.
        """
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def renew(self, seconds: float | None = None) -> None:
        """Begin anew.

        Args:
            seconds: The time there is; None for as much as before.
        """
        self._seconds = self._seconds if seconds is None else seconds
        self._end = time.monotonic() + self._seconds

    def remaining(self) -> float:
        """Give the time that is left.

        Returns:
            Seconds, more than 0.

        Raises:
            TimeoutError: None is left.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"nothing within {self._seconds:g} s")
        return left


class PipeStream:
    """A file descriptor, such as standard input. It is not closed: it belongs to the process."""

    def __init__(self, descriptor: int, seconds: float, head: bytes = b"") -> None:
        """Read a descriptor.

        Args:
            descriptor: A pipe, a socket, a terminal or a file.
            seconds: The time limit of a wait; `renew` begins it anew.
            head: Bytes that were read of it already.
        """
        self._descriptor = descriptor
        self._deadline = Deadline(seconds)
        self._head = head
        self._closed = False

    def read(self) -> bytes:
        """Wait for the next bytes.

        Returns:
            One or more bytes; b"" at the end.

        Raises:
            TimeoutError: There were none within the time limit.
        """
        if self._head:
            head, self._head = self._head, b""
            return head
        if self._closed:
            return b""
        if not self.is_ready(self._deadline.remaining()):
            raise TimeoutError("nothing came")
        return os.read(self._descriptor, CHUNK)

    def is_ready(self, seconds: float) -> bool:
        """Tell whether bytes are there, or the end is.

        Args:
            seconds: How long to wait for them.

        Returns:
            True where `read` would not wait.
        """
        return bool(self._head or self._closed or select.select([self._descriptor], [], [], seconds)[0])

    def renew(self) -> None:
        """See `ByteStream`."""
        self._deadline.renew()

    def close(self) -> None:
        """See `ByteStream`."""
        self._closed = True
