"""Opens an http:// or https:// URL of a camera: connection, TLS, login, redirects, and what went wrong in words."""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace
from urllib.parse import urljoin

from runtime.errors import SourceError
from runtime.sources import network
from runtime.sources.base import SourceOptions, TryLaterError
from runtime.sources.byte_stream import Deadline
from runtime.sources.http_body import HttpStream
from runtime.sources.http_login import basic, digest
from runtime.sources.network import explain_connection_error
from runtime.sources.url import NetworkUrl, parse_url

MAX_HOPS = 6  # requests: redirects, and a second one for a Digest login
OPEN_TIMEOUT_S = 10.0  # for all of them; each has network.CONNECT_TIMEOUT_S
REDIRECTS = (301, 302, 303, 307, 308)
BUSY = (429, 503)
MAX_RETRY_AFTER_S = 300.0


@dataclass(frozen=True)
class _Request:
    """What is asked for next.

    Attributes:
        url: Without user and password.
        login: They; None once they may be sent no more.
        header: The value of Authorization; None for none.
        was_digest: True where a Digest has been tried.
        was_dropped: True where a redirect led where the login is not sent to.
    """

    url: NetworkUrl
    login: tuple[str, str] | None
    header: str | None
    was_digest: bool = False
    was_dropped: bool = False


def open_url(text: str, name: str, options: SourceOptions) -> HttpStream:
    """Ask for a URL with GET.

    A password is sent by Basic at once, and by Digest where that is refused; never to another scheme, host or port.

    Args:
        text: http:// or https://, with user and password where the camera wants them.
        name: The URL without secrets, for errors.
        options: `http_ca` and `insecure` are used.

    Returns:
        The answer, of status 200; its body is read within the time that `renew` gives.

    Raises:
        SourceError: The connection is refused, the answer is another one or not HTTP, or there is none in time.
            TryLaterError where the server says when it will be ready.
    """
    url = parse_url(text)
    login = None if url.user is None else (url.user, url.password)
    request = _Request(url, login, basic(*login) if login else None)
    deadline = Deadline(OPEN_TIMEOUT_S)
    for _ in range(MAX_HOPS):
        stream = _ask(request, name, options, deadline)
        following = _next(request, stream, name)
        if following is None:
            return stream
        stream.close()
        request = following
    raise SourceError(f"{name} sends on more than {MAX_HOPS - 2} times; its path is wrong")


def _ask(request: _Request, name: str, options: SourceOptions, whole: Deadline) -> HttpStream:
    """Connect, send one request, and read the head of the answer."""
    try:
        deadline = Deadline(min(network.CONNECT_TIMEOUT_S, whole.remaining()))
        connection = _connect(request.url, options, deadline)
        try:
            connection.settimeout(deadline.remaining())
            connection.sendall(_written(request))
        except BaseException:
            connection.close()
            raise
        return HttpStream(connection, deadline)
    except OSError as error:  # first: an error of a certificate is a ValueError too
        raise SourceError(f"cannot open {name}: {explain_connection_error(error)}") from None
    except ValueError as error:
        raise SourceError(f"{name} does not speak HTTP ({error})") from None


def _connect(url: NetworkUrl, options: SourceOptions, deadline: Deadline) -> socket.socket:
    # No proxy: a camera is in the local network.
    connection = socket.create_connection((url.host, url.port), deadline.remaining())
    if url.scheme != "https":
        return connection
    try:
        import ssl  # here: most cameras have none

        context = ssl.create_default_context(cafile=options.http_ca)
        if options.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        connection.settimeout(deadline.remaining())
        return context.wrap_socket(connection, server_hostname=url.host)
    except BaseException:
        connection.close()
        raise


def _written(request: _Request) -> bytes:
    lines = [
        f"GET {request.url.target} HTTP/1.1",
        f"Host: {request.url.authority}",
        "User-Agent: edge-classifier",
        "Accept: multipart/x-mixed-replace, */*",
        "Accept-Encoding: identity",
        "Connection: close",
    ]
    if request.header is not None:
        lines.append(f"Authorization: {request.header}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def _next(request: _Request, stream: HttpStream, name: str) -> _Request | None:
    """The request that follows from an answer; None where it is the stream."""
    head = stream.head
    if head.status == 200:
        return None
    if head.status in REDIRECTS and head.get("location"):
        stream.close()
        return _sent_on(request, head.get("location"), name)
    if head.status == 401 and request.login and not request.was_digest:
        challenges = head.headers.get("www-authenticate", [])
        header = digest(challenges, *request.login, request.url.target)
        if header is not None:
            return replace(request, header=header, was_digest=True)
    stream.close()
    message = f"{name} answers {head.status} {head.reason}".rstrip()
    remedy = _remedy(head.status, request)
    error = SourceError(message + (f"; {remedy}" if remedy else ""))
    seconds = head.get("retry-after")
    if head.status in BUSY and seconds.isdecimal():
        raise TryLaterError(str(error), min(float(seconds[:9]), MAX_RETRY_AFTER_S))
    raise error


def _remedy(status: int, request: _Request) -> str:
    if status == 401 and request.was_dropped:
        return (
            f"it is sent on to {request.url.scheme}://{request.url.authority}, which user and password are not sent to;"
            " name that one"
        )
    who = "user and password" + (" are wrong; they" if request.login else "")
    return {
        401: f"{who} go into the URL: http://user:password@...",
        403: "this user may not watch it, or the path is wrong",
        404: "the path is wrong",
    }.get(status, "")


def _sent_on(request: _Request, location: str, name: str) -> _Request:
    """The request for where a redirect leads; the login goes along within the same origin alone."""
    # A header is latin-1; what is not ASCII in it is UTF-8.
    target = urljoin(str(request.url), location.encode("latin-1").decode("utf-8", "replace"))
    scheme = target.partition("://")[0].lower()
    if scheme not in ("http", "https"):
        raise SourceError(f"{name} sends on to {scheme[:20]}://, which is no HTTP; its path is wrong")
    url = replace(parse_url(target), user=None, password="")
    keeps = request.login is not None and url.origin == request.url.origin
    login = request.login if keeps else None
    return _Request(
        url,
        login,
        basic(*login) if login else None,
        was_dropped=request.was_dropped or (not keeps and bool(request.login)),
    )
