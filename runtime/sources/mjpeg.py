"""JPEG after JPEG from a byte stream: a camera's HTTP stream, or standard input.

JPEGs are found by their own structure, so every server's idea of multipart will do, and none too.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import (
    BaseHandler,
    HTTPDigestAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    ProxyHandler,
    Request,
    build_opener,
)

from runtime.errors import SourceError
from runtime.frames import JPEG_START, Frame, decode_jpeg

CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 10.0  # without a byte, and for one whole frame; the loop says "stale" long before
CHUNK = 65536  # bytes
MAX_JPEG = 32_000_000  # bytes without a whole JPEG: this is no MJPEG
MAX_DAMAGED = 30  # JPEGs in a row
# A marker within the picture's data: FF and neither a stuffed 0, a restart (D0 to D7) nor padding.
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
START, END, SCAN = 0xD8, 0xD9, 0xDA


def jpeg_end(data: bytes | bytearray, position: int = 0) -> tuple[int, int]:
    """Where the JPEG that starts at byte 0 of `data` ends: (its length, 0), or (0, where to look on).

    position: what an earlier call on less data gave as the second. A JPEG that another one cuts short
    gives (-1, where that one starts). Lengths are those of ITU-T T.81, section B.
    """
    at = position or 2
    while True:
        marker = MARKER.search(data, at)
        if marker is None:
            return 0, max(2, len(data) - 1)
        at = marker.start()
        code = data[at + 1]
        if code == END:
            return at + 2, 0
        if code == START:
            return -1, at
        if len(data) < at + 4:
            return 0, at
        length = 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        # A segment may hold a thumbnail, a JPEG of its own: step over it.
        if len(data) < at + length:
            return 0, at
        at += length


def jpegs(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Every whole JPEG of a byte stream; what is between them, or cut short, is left out.

    read(n) gives up to n bytes as they come, b"" at the end. Raises SourceError where 32 MB hold none.
    """
    data = bytearray()
    position = 0
    while chunk := read(CHUNK):
        data += chunk
        while True:
            if not data.startswith(JPEG_START):
                start = data.find(JPEG_START)
                del data[: start if start >= 0 else max(0, len(data) - 2)]
                if start < 0:
                    break
            length, position = jpeg_end(data, position)
            if length > 0:
                yield bytes(data[:length])
                del data[:length]
            elif length < 0:
                del data[:position]
                position = 0
            else:
                break
        if len(data) > MAX_JPEG:
            raise SourceError(f"{len(data):,} bytes without a whole JPEG; expected an MJPEG stream")


def frames_of(read: Callable[[int], bytes], source: str, close: Callable[[], None] | None = None) -> Iterator[Frame]:
    """The frames of a byte stream. It ends with the stream; SourceError where it holds no picture."""
    try:
        index = damaged = 0
        for data in jpegs(read):
            image = decode_jpeg(data)
            if image is None:
                damaged += 1
                if damaged >= MAX_DAMAGED:
                    raise SourceError(f"{source}: {damaged} damaged JPEGs in a row")
                continue
            damaged = 0
            yield Frame(image, source, index, time.time())
            index += 1
        if index == 0:
            raise SourceError(f"{source}: no whole JPEG in it; expected one JPEG after another")
    finally:
        if close:
            close()


def open_http(url: str, name: str) -> Iterator[Frame]:
    """Frames of an MJPEG stream over HTTP. name: the URL without its password.

    Raises SourceError: refused, not found, not MJPEG, no answer within CONNECT_TIMEOUT_S.
    """
    response = _connect(url, name)
    kind = str(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()
    if kind.startswith(("text/", "image/", "application/json", "application/xhtml", "video/mp4")):
        response.close()
        raise SourceError(
            f"{name} is {kind}, not a stream; expected MJPEG (multipart/x-mixed-replace). "
            "The camera's manual has the path, often /video, /stream or /mjpg/video.mjpg"
        )
    return _http(response, name)


def _connect(url: str, name: str) -> Any:
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    try:
        request = Request(bare, headers={"User-Agent": "edge-classifier", "Accept": "multipart/x-mixed-replace, */*"})
        login = _login(request, parts) if parts.username is not None else []
        # No proxy: a camera is on this network.
        return build_opener(ProxyHandler({}), *login).open(request, timeout=CONNECT_TIMEOUT_S)
    except HTTPError as error:
        error.close()
        who = "user and password" + ("" if parts.username is None else " are wrong; they")
        remedy = {401: f"{who} go into the URL: http://user:password@...", 404: "the path is wrong"}.get(error.code, "")
        raise SourceError(f"{name} answers {error.code} {error.reason}" + (f"; {remedy}" if remedy else "")) from None
    except (URLError, OSError, ValueError) as error:
        raise SourceError(f"cannot open {name}: {reason(error)}") from None
    except Exception as error:  # http.client's own, for what does not speak HTTP
        raise SourceError(f"{name} does not speak HTTP ({type(error).__name__})") from None


def _login(request: Request, parts: SplitResult) -> list[BaseHandler]:
    """Says user and password by Basic at once, and by Digest where that is refused; to no other host."""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    basic = base64.b64encode(f"{user}:{password}".encode()).decode()
    request.add_unredirected_header("Authorization", f"Basic {basic}")
    known = HTTPPasswordMgrWithDefaultRealm()
    known.add_password(None, request.full_url, user, password)
    return [HTTPDigestAuthHandler(known)]


def reason(error: BaseException) -> str:
    """What a failed connection means, in words that say what to do."""
    cause = error.reason if isinstance(error, URLError) and isinstance(error.reason, BaseException) else error
    if isinstance(cause, TimeoutError):
        return f"no answer within {CONNECT_TIMEOUT_S:g} s; is the camera on, and the address right?"
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused; nothing listens there. Is the port right?"
    return str(getattr(cause, "strerror", None) or cause)


def _http(response: Any, name: str) -> Iterator[Frame]:
    deadline = time.monotonic() + READ_TIMEOUT_S

    def read(size: int) -> bytes:
        if time.monotonic() > deadline:
            raise SourceError(f"{name} sends too little: no whole frame within {READ_TIMEOUT_S:g} s")
        try:
            return bytes(response.read1(size))
        except TimeoutError:
            raise SourceError(f"{name} sends nothing") from None
        except Exception as error:  # OSError, or http.client's own for a body cut short
            raise SourceError(f"{name} broke off: {error}") from None

    for frame in frames_of(read, name, response.close):
        yield frame
        deadline = time.monotonic() + READ_TIMEOUT_S
    raise SourceError(f"{name} ended")
