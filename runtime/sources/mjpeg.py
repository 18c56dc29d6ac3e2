"""MJPEG, one JPEG after another, from a byte stream: a camera's HTTP stream, or standard input.

JPEGs are found by their own structure, so that every server's variant of multipart works, and a stream without
multipart too.
"""

from __future__ import annotations

import base64
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
from runtime.image.jpeg import decode_jpeg, jpegs
from runtime.redaction import redacted
from runtime.sources import network
from runtime.sources.base import Frame, SourceOptions
from runtime.sources.network import explain_connection_error

READ_TIMEOUT_S = 10.0  # for one whole frame; the source is stale (STALE_S) long before
MAX_DAMAGED = 30  # damaged JPEGs in a row, after which a stream is an error


def decode_stream(
    read: Callable[[int], bytes], source: str, close: Callable[[], None] | None = None
) -> Iterator[Frame]:
    """Decode the JPEGs of a byte stream.

    Args:
        read: read(n) returns up to n bytes as they come, and b"" at the end.
        source: The name for the frames and for errors, without any password.
        close: Called when the iterator ends or is closed.

    Yields:
        A frame for each JPEG, until the stream ends. Damaged JPEGs are left out.

    Raises:
        SourceError: There is no whole JPEG in the stream, or 30 damaged ones follow one another.
    """
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


def open_http(text: str, options: SourceOptions) -> Iterator[Frame]:
    """Open an MJPEG stream over HTTP.

    Args:
        text: http:// or https://, with user and password where the camera wants them.
        options: Not used: a stream has a size and a frame rate of its own.

    Returns:
        The frames. The iterator raises SourceError where the stream breaks off or ends.

    Raises:
        SourceError: The connection is refused, the path is wrong, the answer is not MJPEG, or there is none within
            network.CONNECT_TIMEOUT_S.
    """
    name = redacted(text)
    response = _connect(text, name)
    kind = str(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()
    if kind.startswith(("text/", "image/", "application/json", "application/xhtml", "video/mp4")):
        response.close()
        raise SourceError(
            f"{name} is {kind}, not a stream; expected MJPEG (multipart/x-mixed-replace). "
            "The camera's manual has the path, often /video, /stream or /mjpg/video.mjpg"
        )
    return _response_frames(response, name)


def _connect(url: str, name: str) -> Any:
    parts = urlsplit(url)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    try:
        request = Request(bare, headers={"User-Agent": "edge-classifier", "Accept": "multipart/x-mixed-replace, */*"})
        handlers = _authenticate(request, parts) if parts.username is not None else []
        # No proxy: a camera is in the local network.
        return build_opener(ProxyHandler({}), *handlers).open(request, timeout=network.CONNECT_TIMEOUT_S)
    except HTTPError as error:
        error.close()
        who = "user and password" + ("" if parts.username is None else " are wrong; they")
        remedy = {401: f"{who} go into the URL: http://user:password@...", 404: "the path is wrong"}.get(error.code, "")
        raise SourceError(f"{name} answers {error.code} {error.reason}" + (f"; {remedy}" if remedy else "")) from None
    except (URLError, OSError, ValueError) as error:
        raise SourceError(f"cannot open {name}: {explain_connection_error(error)}") from None
    except Exception as error:  # http.client raises errors of its own for other protocols
        raise SourceError(f"{name} does not speak HTTP ({type(error).__name__})") from None


def _authenticate(request: Request, parts: SplitResult) -> list[BaseHandler]:
    """Send the password by Basic at once, and by Digest where that is refused; never to another host."""
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    basic = base64.b64encode(f"{user}:{password}".encode()).decode()
    request.add_unredirected_header("Authorization", f"Basic {basic}")
    known = HTTPPasswordMgrWithDefaultRealm()
    known.add_password(None, request.full_url, user, password)
    return [HTTPDigestAuthHandler(known)]


def _response_frames(response: Any, name: str) -> Iterator[Frame]:
    deadline = time.monotonic() + READ_TIMEOUT_S

    def read(size: int) -> bytes:
        if time.monotonic() > deadline:
            raise SourceError(f"{name} sends too little: no whole frame within {READ_TIMEOUT_S:g} s")
        try:
            return bytes(response.read1(size))
        except TimeoutError:
            raise SourceError(f"{name} sends nothing") from None
        except Exception as error:  # OSError, or an error of http.client for a body cut short
            raise SourceError(f"{name} broke off: {error}") from None

    for frame in decode_stream(read, name, response.close):
        yield frame
        deadline = time.monotonic() + READ_TIMEOUT_S
    raise SourceError(f"{name} ended")
