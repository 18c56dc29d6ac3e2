"""HTTP answers, from a real socket: what is right, what is hostile, and what has no end."""

from __future__ import annotations

import gzip
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from runtime.sources.byte_stream import CHUNK, Deadline
from runtime.sources.http_body import HttpStream

OK = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def answered(data: bytes, seconds: float = 10.0) -> Iterator[HttpStream]:
    """The stream of what a server sent before it hung up."""
    here, there = socket.socketpair()
    with here, there:
        there.sendall(data)
        there.shutdown(socket.SHUT_WR)
        stream = HttpStream(here, Deadline(seconds))
        yield stream
        stream.close()


def body(data: bytes) -> bytes:
    with answered(data) as stream:
        pieces = list(iter(stream.read, b""))
        return b"".join(pieces)


@pytest.mark.parametrize(
    "data",
    [
        OK + b"\r\nhello",
        OK + b"Content-Length: 5\r\n\r\nhello and more",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200\nA: b\n\nhello",
        OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"hello"),
        OK + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"hello"),
        OK + b"Content-Length: 99999\r\nContent-Type: multipart/x-mixed-replace\r\n\r\nhello",  # of a part, by mistake
    ],
)
def test_every_form_of_a_body(data: bytes) -> None:
    assert body(data) == b"hello"


def test_the_head_is_read() -> None:
    with answered(b"HTTP/1.1 404 Not Found\r\nContent-Type: Text/HTML; a=b\r\nX: 1\r\nx: 2\r\n\r\n") as stream:
        head = stream.head
        assert (head.status, head.reason, head.kind, head.headers["x"]) == (404, "Not Found", "text/html", ["1", "2"])
        assert head.get("y") == ""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\xff\xd8\xff\xe0",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK",
        OK + b"A: b\r\n",
        OK + b"A: " + b"b" * 200_000,
        OK + b"A: b\r\n" * 20_000 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 1000,
        OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 99_999,
        OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 20_000,
        OK + b"Content-Length: 9\r\n\r\nhello",
        OK + b"Content-Encoding: br\r\n\r\nhello",
        OK + b"Content-Encoding: gzip\r\n\r\nhello",
    ],
)
def test_what_is_no_http_or_breaks_off_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        body(data)


@pytest.mark.parametrize(
    "start",
    [b"", b"HTTP/1.1 200 OK\r\nX: ", OK + b"Transfer-Encoding: chunked\r\n\r\n1", OK + b"Content-Length: 9\r\n\r\nx"],
)
def test_what_stalls_ends_within_its_time(start: bytes) -> None:
    here, there = socket.socketpair()
    with here, there:
        there.sendall(start)

        def read() -> None:
            stream = HttpStream(here, Deadline(0.05))
            while stream.read():
                pass

        with pytest.raises(TimeoutError):
            read()


def test_a_packed_bomb_comes_in_pieces() -> None:
    with answered(OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(30_000_000))) as stream:
        sizes = [len(piece) for piece in iter(stream.read, b"")]
    assert sum(sizes) == 30_000_000
    assert max(sizes) <= CHUNK


def test_bytes_that_wait_are_seen_and_the_end_of_a_chunk_is_none() -> None:
    here, there = socket.socketpair()
    with here, there:
        there.sendall(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
        stream = HttpStream(here, Deadline(10.0))
        assert stream.is_ready(0)
        assert stream.read() == b"hello"
        assert not stream.is_ready(0)
        there.sendall(b"3\r\nyou\r\n")
        assert stream.is_ready(10)
        assert stream.read() == b"you"
        stream.close()
        assert stream.read() == b""
