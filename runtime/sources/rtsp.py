"""What FFmpeg does not do for an RTSP URL: take a password apart, and say why a stream cannot be opened."""

from __future__ import annotations

import socket
from urllib.parse import unquote, urlsplit, urlunsplit

PORTS = {"rtsp": 554, "rtsps": 322}
TIMEOUT_S = 3.0
REMEDIES = {
    401: "user, password or path is wrong; name them as rtsp://user:password@host/path",
    403: "this user may not watch it",
    404: "the path is wrong; the camera's manual has it, often /stream1, /live or /h264",
    453: "too many watch it already",
    503: "too many watch it already, or it is still starting",
}


def for_ffmpeg(url: str) -> str:
    """The URL as FFmpeg wants it, which takes user and password as they stand: p@ss, not p%40ss."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    plain = unquote(user)
    if any(character in plain for character in "/?#"):  # would end the host's name
        plain = user
    return urlunsplit(parts._replace(netloc=plain + at + host))


def explain_error(url: str) -> str:
    """Asks the server itself why its stream cannot be opened, without a password; what to do is in the answer."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port or PORTS[parts.scheme]
    except ValueError:
        host, port = None, 0
    if not host:
        return "expected rtsp://host/path or rtsp://user:password@host:port/path"
    try:
        with socket.create_connection((host, port), TIMEOUT_S) as connection:
            if parts.scheme == "rtsps":
                return "it answers, but gives no stream; user, password, path or certificate is wrong"
            bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
            request = f"DESCRIBE {bare} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n"
            connection.sendall(request.encode("utf-8"))
            return _meaning(connection.recv(1000))
    except OSError as error:
        from runtime.sources.network import explain_error

        return explain_error(error)


def _meaning(answer: bytes) -> str:
    """What the first line of an answer says: b"RTSP/1.0 404 Not Found"."""
    words = answer.partition(b"\r\n")[0].decode("latin-1").split(None, 2)
    if len(words) < 2 or not words[0].startswith("RTSP/") or not words[1].isdigit():
        return "what listens there does not speak RTSP; is the port right?"
    code = int(words[1])
    if code == 200:
        return "it answers, but gives no pictures that FFmpeg can read; H.264, H.265 and MJPEG are what it knows best"
    return f"it answers {' '.join(words[1:])}" + (f"; {REMEDIES[code]}" if code in REMEDIES else "")
