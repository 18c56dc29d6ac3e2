"""What FFmpeg does not do for an RTSP URL: take it as it is typed, and say why a stream cannot be opened."""

from __future__ import annotations

import socket
from urllib.parse import quote

from runtime.sources.network import explain_connection_error
from runtime.sources.url import parse_url

TIMEOUT_S = 3.0  # to ask a server whose stream FFmpeg could not open
REMEDIES = {
    401: "user, password or path is wrong; name them as rtsp://user:password@host/path",
    403: "this user may not watch it",
    404: "the path is wrong; the camera's manual has it, often /stream1, /live or /h264",
    453: "too many clients watch it already",
    503: "too many clients watch it already, or it is still starting",
}


def for_ffmpeg(url: str) -> str:
    """Write a URL as FFmpeg takes it: escaped, whatever a person typed.

    Args:
        url: rtsp:// or rtsps://, such as "RTSP://me:p@ss#1@camera/my cam".

    Returns:
        The URL, such as "rtsp://me:p%40ss%231@camera:554/my%20cam".

    Raises:
        SourceError: There is no host in it, or its port is not one.

    Example:
        >>> for_ffmpeg("rtsp://me:p@ss@camera:8554/my cam")
        'rtsp://me:p%40ss@camera:8554/my%20cam'
    """
    parts = parse_url(url)
    user, password = (quote(one or "", safe="", errors="surrogateescape") for one in (parts.user, parts.password))
    login = "" if parts.user is None else f"{user}:{password}@"
    return f"{parts.scheme}://{login}{parts.authority}{parts.target}"


def diagnose(url: str) -> str:
    """Ask the server why its stream cannot be opened, by a DESCRIBE request (RFC 2326) without the password.

    Args:
        url: rtsp:// or rtsps://. Over rtsps:// only the connection is tried.

    Returns:
        The reason and what to do, to follow "cannot open X: ".

    Raises:
        SourceError: There is no host in the URL, or its port is not one.
    """
    parts = parse_url(url)
    try:
        with socket.create_connection((parts.host, parts.port), TIMEOUT_S) as connection:
            if parts.scheme == "rtsps":
                return "it answers, but gives no stream; user, password, path or certificate is wrong"
            request = f"DESCRIBE {parts} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n"
            connection.sendall(request.encode("utf-8"))
            return _explain_status(connection.recv(1000))
    except OSError as error:
        return explain_connection_error(error)


def _explain_status(answer: bytes) -> str:
    """Explain the first line of an answer, such as b"RTSP/1.0 404 Not Found"."""
    words = answer.partition(b"\r\n")[0].decode("latin-1").split(None, 2)
    if len(words) < 2 or not words[0].startswith("RTSP/") or not words[1].isdigit():
        return "what listens there does not speak RTSP; is the port right?"
    code = int(words[1])
    if code == 200:
        return "it answers, but gives no pictures that FFmpeg can read; H.264, H.265 and MJPEG are what it knows best"
    return f"it answers {' '.join(words[1:])}" + (f"; {REMEDIES[code]}" if code in REMEDIES else "")
