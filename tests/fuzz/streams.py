"""Hostile byte streams: HTTP answers, multipart, chunks and JPEGs, mutated, through what reads cameras and pipes.

`check` raises where anything but the errors of a stream comes out, where it takes too long, or where a good picture is
not found again afterwards.
"""

from __future__ import annotations

import gzip
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import cv2
import numpy as np

from runtime.errors import EdgeError
from runtime.sources.byte_stream import Deadline
from runtime.sources.http_body import HttpStream
from runtime.sources.jpeg_stream import JpegSplitter
from runtime.sources.mjpeg import decode_stream

MOST_S = 5.0  # of one stream
MAX_SEGMENT = 65_535  # bytes that a JPEG's segment can claim


def _jpeg(*flags: int) -> bytes:
    image = np.random.default_rng(3).integers(0, 255, (24, 32, 3), np.uint8)
    return cv2.imencode(".jpg", image, flags)[1].tobytes()


JPEG, PROGRESSIVE = _jpeg(), _jpeg(cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
OK = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n"
PART = b"--b\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(JPEG) + JPEG + b"\r\n"


def _chunked(data: bytes, size: int) -> bytes:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


SEEDS = (
    OK + b"\r\n" + PART * 4,
    OK + b"\r\n" + PART.replace(JPEG, PROGRESSIVE) * 3,
    OK + b"\r\n" + PART.replace(JPEG, JPEG[:-2]) * 5,
    OK + b"Transfer-Encoding: chunked\r\n\r\n" + _chunked(PART * 3, 100),
    OK + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(PART * 3),
    b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"\r\n" + PART,
    b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(JPEG) + JPEG,
    b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="x", nonce="y", qop="auth"\r\n\r\n',
    b"HTTP/1.1 302 Found\r\nLocation: /x\r\nRetry-After: 3\r\n\r\n",
    JPEG * 4,
    b"\0\0\0\1\x67" + bytes(500),
)
PIECES = (
    b"\xff\xd8\xff", b"\xff\xd9", b"\xff\xda", b"\xff\xe0\xff\xff", b"\xff\xe0\0\2", b"\xff\xff", b"\xff\0", b"\r\n",
    b"\n", b"\r\n\r\n", b"--b", b"0\r\n", b"ffffffffffffffff\r\n", b"-1\r\n", b"HTTP/1.1 100 Continue\r\n\r\n",
    b"\0" * 5000, b"A: b\r\n" * 500, b"Content-Length: 99999999999999999999\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Content-Encoding: deflate\r\n", b"\xff\xc0\0\x11\x08\xff\xff\xff\xff", b"\x1f\x8b", JPEG, JPEG[:200], JPEG[200:],
)  # fmt: skip


def mutations(seed: int) -> Iterator[bytes]:
    """Streams without end, the same for the same seed: seeds cut, joined, with pieces put in or changed."""
    chance = random.Random(seed)
    while True:
        data = bytearray(chance.choice(SEEDS))
        for _ in range(chance.randrange(1, 8)):
            at = chance.randrange(len(data) + 1)
            action = chance.randrange(6)
            if action == 0:
                data[at:at] = chance.choice(PIECES)
            elif action == 1:
                data[at : at + chance.randrange(1, 400)] = b""
            elif action == 2:
                data[at : at + 9] = chance.randbytes(chance.randrange(1, 9))
            elif action == 3:
                data += chance.choice(SEEDS)[chance.randrange(200) :]
            elif action == 4:
                data[at:at] = data[at : at + chance.randrange(1, 400)] * chance.randrange(1, 9)
            elif data:
                data[min(at, len(data) - 1)] ^= 1 << chance.randrange(8)
        yield bytes(data)


def check(data: bytes) -> None:
    """Read one stream as an answer of a server and as a pipe; AssertionError where that goes wrong."""
    start = time.monotonic()
    _check_http(data)
    whole = _split(data, len(data) or 1)
    assert _split(data, 7) == whole, "the pieces in which it comes change what is found"
    after = _split(data + bytes(MAX_SEGMENT) + JPEG * 4, 4096)
    assert after[-1:] == [JPEG], "a good picture after it is not found"
    took = time.monotonic() - start
    assert took < MOST_S, f"it takes {took:.1f} s"


def _split(data: bytes, size: int) -> list[bytes]:
    splitter = JpegSplitter()
    return [jpeg for at in range(0, len(data), size) for jpeg in splitter.feed(data[at : at + size])]


def _check_http(data: bytes) -> None:
    here, there = socket.socketpair()

    def send() -> None:
        with suppress(OSError):
            there.sendall(data)
        with suppress(OSError):
            there.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send, daemon=True)
    with here, there:
        sender.start()
        with suppress(EdgeError, ValueError, OSError):  # those that open_url explains
            stream = HttpStream(here, Deadline(MOST_S))
            for frame in decode_stream(stream, "camera"):
                assert frame.image.dtype == np.uint8
        here.close()
        sender.join(MOST_S)
