"""JPEG after JPEG from a byte stream: a camera's HTTP stream, or standard input.

JPEGs are found by their own structure, so every server's idea of multipart will do, and none too.
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
from runtime.sources import network
from runtime.sources.base import Frame
from runtime.sources.network import explain_error

READ_TIMEOUT_S = 10.0  # without a byte, and for one whole frame; the loop says "stale" long before
MAX_DAMAGED = 30  # JPEGs in a row


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

    Raises SourceError: refused, not found, not MJPEG, no answer within network.CONNECT_TIMEOUT_S.
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
        return build_opener(ProxyHandler({}), *login).open(request, timeout=network.CONNECT_TIMEOUT_S)
    except HTTPError as error:
        error.close()
        who = "user and password" + ("" if parts.username is None else " are wrong; they")
        remedy = {401: f"{who} go into the URL: http://user:password@...", 404: "the path is wrong"}.get(error.code, "")
        raise SourceError(f"{name} answers {error.code} {error.reason}" + (f"; {remedy}" if remedy else "")) from None
    except (URLError, OSError, ValueError) as error:
        raise SourceError(f"cannot open {name}: {explain_error(error)}") from None
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
