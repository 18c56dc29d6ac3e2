"""Opening a URL: login, redirects, TLS, and servers that never come to the point. Loopback alone."""

from __future__ import annotations

import re
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from socket import socket

import pytest

from runtime.errors import SourceError
from runtime.sources import network
from runtime.sources.base import SourceOptions, TryLaterError
from runtime.sources.http_client import MAX_RETRY_AFTER_S, open_url
from runtime.sources.registry import open_source
from tests.runtime.helpers import jpeg
from tests.runtime.sources.raw_server import PATIENCE_S, RawServer

OK = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace\r\n\r\n"


def moved(location: str, code: int = 302) -> bytes:
    return f"HTTP/1.1 {code} Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def denied(challenge: str) -> bytes:
    return f"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\nContent-Length: 0\r\n\r\n".encode()


def opened(url: str, options: SourceOptions | None = None) -> int:
    stream = open_url(url, "camera", options or SourceOptions())
    stream.close()
    return stream.head.status


def logins(server: RawServer) -> list[bytes]:
    return [found[1] if (found := re.search(rb"Authorization: (\S+)", r)) else b"" for r in server.requests]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_on_the_same_host_keeps_the_login(code: int) -> None:
    with RawServer(moved("/my cam", code), OK) as server:
        assert opened(server.url.replace("//", "//me:secret@")) == 200
        assert logins(server) == [b"Basic", b"Basic"]
        assert server.requests[1].startswith(b"GET /my%20cam HTTP/1.1\r\n")


def test_a_redirect_elsewhere_loses_it_and_says_so() -> None:
    with RawServer(OK) as other, RawServer(moved(f"{other.url}/x")) as server:
        assert opened(server.url.replace("//", "//me:secret@")) == 200
        assert logins(other) == [b""]
    with RawServer(denied('Basic realm="x"')) as other, RawServer(moved(f"{other.url}/x")) as server:
        with pytest.raises(SourceError, match=r"answers 401 .*which user and password are not sent to; name that one"):
            opened(server.url.replace("//", "//me:secret@"))
        assert logins(other) == [b""]


def test_digest_follows_a_redirect_and_is_never_basic_again() -> None:
    challenge = denied('Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"')
    with RawServer(challenge, OK) as server:
        assert opened(server.url.replace("//", "//me:secret@")) == 200
        assert logins(server) == [b"Basic", b"Digest"]
        assert b"algorithm=SHA-256" in server.requests[1]
    with (
        RawServer(challenge) as server,
        pytest.raises(SourceError, match="401 Unauthorized; user and password are wrong"),
    ):
        opened(server.url.replace("//", "//me:secret@"))
    assert len(server.requests) == 2


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/x", "file:///etc/passwd", "gopher://x", "javascript:x"])
def test_a_redirect_to_what_is_no_http(location: str) -> None:
    with (
        RawServer(moved(location)) as server,
        pytest.raises(SourceError, match=r"sends on to \w+\S*, which is no HTTP"),
    ):
        opened(server.url)


def test_redirects_without_end() -> None:
    with RawServer(moved("/again")) as server, pytest.raises(SourceError, match="sends on more than 4 times"):
        opened(server.url)
    assert len(server.requests) == 6


def test_a_server_that_says_when_it_will_be_ready() -> None:
    for said, seconds in (("7", 7.0), ("99999999999", MAX_RETRY_AFTER_S)):
        busy = f"HTTP/1.1 503 Service Unavailable\r\nRetry-After: {said}\r\nContent-Length: 0\r\n\r\n".encode()
        with RawServer(busy) as server, pytest.raises(TryLaterError, match="503 Service Unavailable") as caught:
            opened(server.url)
        assert caught.value.seconds == seconds


@pytest.mark.parametrize(
    ("start", "unit"),
    [
        (b"HTTP/1.1 200 OK\r\nX: ", b"a"),
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["header", "status", "headers", "continue"],
)
@pytest.mark.parametrize("drips", [True, False])
def test_a_head_without_end_is_given_up_and_its_connection_closed(
    start: bytes, unit: bytes, drips: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "CONNECT_TIMEOUT_S", 0.3)
    with RawServer(b"") as server:
        server.answers[:] = [server.dripping(start, unit) if drips else server.endlessly(start, unit)]
        with pytest.raises(SourceError, match=r"no answer within|does not speak HTTP"):
            opened(server.url)
        assert server.left.wait(PATIENCE_S)


@pytest.mark.parametrize(
    ("start", "unit"),
    [
        (b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
        (b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"),
        (b"\r\n", b"x"),
        (b"\r\n\xff\xd8\xff", b"\0"),
    ],
    ids=["chunk size", "trailers", "body", "JPEG"],
)
def test_a_body_without_a_frame_is_given_up_and_its_connection_closed(
    start: bytes, unit: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runtime.sources import base

    monkeypatch.setattr(base, "FRAME_TIMEOUT_S", -1.7)
    with RawServer(b"") as server:
        server.answers[:] = [server.dripping(b"HTTP/1.1 200 OK\r\n" + start, unit)]
        frames = open_source(server.url)
        with pytest.raises(SourceError, match=r"sends too little|broke off"):
            next(frames)
        assert server.left.wait(PATIENCE_S)


# https


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=camera -addext subjectAltName=IP:127.0.0.1"
    made = subprocess.run(
        [*words.split(), "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder, capture_output=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return folder / "cert.pem"


@pytest.fixture
def secure(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    done = threading.Event()

    def serve(connection: socket, _: object) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as wrapped:
            wrapped.recv(4096)
            wrapped.sendall(OK + jpeg(50) + jpeg(90))
            done.wait(PATIENCE_S)

    server = RawServer(b"")
    server.serve = serve
    with server:
        yield server.url.replace("http", "https")
        done.set()


def test_a_certificate_that_is_not_trusted_has_two_remedies(secure: str, certificate: Path) -> None:
    with pytest.raises(SourceError, match=r"certificate is not trusted here .*--http-ca FILE\.pem.*--insecure"):
        open_source(secure)
    for options in (SourceOptions(http_ca=str(certificate)), SourceOptions(insecure=True)):
        frames = open_source(secure, options)
        assert next(frames).index == 0
        frames.close()  # type: ignore[attr-defined]


def test_http_on_a_port_of_https_and_the_other_way_round(secure: str) -> None:
    with RawServer(OK) as server, pytest.raises(SourceError, match=r"does not speak TLS|hangs up|no answer"):
        open_source(server.url.replace("http", "https"))
