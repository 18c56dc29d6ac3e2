"""HTTP/1.1 as a camera's server speaks it (RFC 9112): the head of an answer, and its body, read within limits."""

from __future__ import annotations

import re
import select
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runtime.sources.byte_stream import CHUNK, Deadline

if TYPE_CHECKING:
    import zlib

MAX_LINE = 16_384  # bytes of a status line, a header, a chunk's size
MAX_HEAD = 65_536  # bytes of all headers, of all trailers
MAX_INTERIM = 10  # answers such as 100 Continue before the real one
STATUS = re.compile(rb"HTTP/1\.\d (\d{3})(?: (.*))?")
CODINGS = ("gzip", "x-gzip", "deflate")


@dataclass(frozen=True)
class Head:
    """The head of an answer.

    Attributes:
        status: Such as 200.
        reason: Such as "OK".
        headers: The values by their names in lower case; a header may come more than once.
    """

    status: int
    reason: str
    headers: dict[str, list[str]]

    def get(self, name: str) -> str:
        """Give a header's first value.

        Args:
            name: In lower case.

        Returns:
            The value; "" where there is none.
        """
        return self.headers.get(name, [""])[0]

    @property
    def kind(self) -> str:
        """The content type without its parameters, in lower case; "" where there is none."""
        return self.get("content-type").partition(";")[0].strip().lower()


class HttpStream:
    """One answer of a server: its head, and then its body as a `ByteStream`."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        """Read the head.

        Args:
            connection: The request has been sent on it. It belongs to the stream, also where this fails.
            deadline: For the head, and renewed for the body.

        Raises:
            TimeoutError: There is no whole head in time.
            OSError: The connection is lost.
            ValueError: It is not HTTP, or out of all proportion.
        """
        self._socket = connection
        self._deadline = deadline
        self._buffer = bytearray()
        self._body: Iterator[bytes] = iter(())
        try:
            self.head = self._read_head()
            self._body = self._decoded(self._bodies())
        except BaseException:
            self.close()
            raise

    def read(self) -> bytes:
        """Wait for the next bytes.

        Returns:
            One or more bytes; b"" at the end.

        Raises:
            TimeoutError: There were none within the time limit.
            OSError: The connection is lost.
            ValueError: What comes is not what the protocol has.
        """
        return next(self._body, b"")

    def is_ready(self, seconds: float) -> bool:
        """Tell whether bytes are there, or the end is.

        Args:
            seconds: How long to wait for them.

        Returns:
            True where `read` would not wait.
        """
        # A line's end alone is that of a chunk that has been given: no data.
        if self._buffer.strip(b"\r\n") or self._socket.fileno() < 0:
            return True
        pending = getattr(self._socket, "pending", None)  # of TLS: decrypted, and not yet taken
        return bool((pending and pending()) or select.select([self._socket], [], [], seconds)[0])

    def renew(self, seconds: float | None = None) -> None:
        """Begin the time limit anew.

        Args:
            seconds: The time there is; None for as much as before.
        """
        self._deadline.renew(seconds)

    def close(self) -> None:
        """See `ByteStream`."""
        self._socket.close()
        self._body = iter(())

    def _receive(self) -> bytes:
        self._socket.settimeout(self._deadline.remaining())
        return self._socket.recv(CHUNK)

    def _line(self) -> bytes:
        """The next line, without its end."""
        while (end := self._buffer.find(b"\n")) < 0:
            piece = self._receive()
            if not piece:
                raise ValueError("the connection ended within a line")
            self._buffer += piece
            if len(self._buffer) > MAX_LINE + CHUNK:
                break
        if not 0 <= end <= MAX_LINE:
            raise ValueError(f"a line of more than {MAX_LINE} bytes")
        line = bytes(self._buffer[:end]).rstrip(b"\r")
        del self._buffer[: end + 1]
        return line

    def _read_head(self) -> Head:
        for _ in range(MAX_INTERIM):
            found = STATUS.fullmatch(self._line())
            if found is None:
                raise ValueError("no status line")
            headers = self._headers()
            if not found[1].startswith(b"1"):
                return Head(int(found[1]), (found[2] or b"").decode("latin-1").strip(), headers)
        raise ValueError(f"more than {MAX_INTERIM} interim answers")

    def _headers(self) -> dict[str, list[str]]:
        """The header lines up to an empty one; also the trailers after a body in chunks."""
        headers: dict[str, list[str]] = {}
        size = 0
        while line := self._line():
            size += len(line)
            if size > MAX_HEAD:
                raise ValueError(f"more than {MAX_HEAD} bytes of headers")
            name, _, value = line.decode("latin-1").partition(":")
            headers.setdefault(name.strip().lower(), []).append(value.strip())
        return headers

    def _bodies(self) -> Iterator[bytes]:
        """The body as it comes, without the marks of its chunks."""
        if "chunked" in self.head.get("transfer-encoding").lower():
            while size := int(self._line().partition(b";")[0].strip(), 16):
                if size < 0:
                    raise ValueError("a chunk of negative size")
                yield from self._exactly(size)
                if self._line():
                    raise ValueError("a chunk that is longer than its size says")
            self._headers()
            return
        length = self.head.get("content-length")
        if length.isdecimal() and len(length) < 19 and "multipart" not in self.head.kind:
            yield from self._exactly(int(length))
            return
        while piece := self._piece(CHUNK):
            yield piece

    def _exactly(self, size: int) -> Iterator[bytes]:
        while size > 0:
            piece = self._piece(min(size, CHUNK))
            if not piece:
                raise ValueError("the connection ended within the body")
            size -= len(piece)
            yield piece

    def _piece(self, most: int) -> bytes:
        if not self._buffer:
            self._buffer += self._receive()
        piece = bytes(self._buffer[:most])
        del self._buffer[:most]
        return piece

    def _decoded(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        coding = self.head.get("content-encoding").strip().lower()
        if coding in ("", "identity"):
            return pieces
        if coding not in CODINGS:
            raise ValueError(f"a body in the encoding {coding}; expected none, gzip or deflate")
        return _unpacked(pieces)


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Undo gzip or zlib, in pieces of bounded size whatever they unpack to."""
    import zlib  # here: cameras do not compress what is compressed already

    unpacker: zlib._Decompress = zlib.decompressobj(wbits=47)  # 32 + 15: gzip or zlib, found out by its first bytes
    for piece in pieces:
        rest = piece
        while rest:
            try:
                out = unpacker.decompress(rest, CHUNK)
            except zlib.error as error:
                raise ValueError(f"damaged compression: {error}") from None
            if out:
                yield out
            rest = unpacker.unconsumed_tail
