"""Running commands as a user does, and pictures to run them on."""

from __future__ import annotations

import base64
import hashlib
import os
import random
import re
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from pathlib import Path
from queue import Empty, Queue

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent.parent
# Every character that must not leave the process as it is: C0, DEL, C1, separators of lines, bidirectional controls,
# and some of the lone surrogates, which no encoding has.
UNSAFE = [
    chr(code)
    for span in (
        range(0x20),
        range(0x7F, 0xA0),
        (0x61C, 0x200E, 0x200F),
        range(0x2028, 0x202F),
        range(0x2066, 0x2070),
        (0xD800, 0xDBFF, 0xDC80, 0xDCFF, 0xDFFF),
    )
    for code in span
]


def command(*words: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`python -m WORDS` in a process of its own, from the project's folder; text in and out."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        env={**os.environ, **(env or {})},
        timeout=120,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    )


def stroke(shape: tuple[int, int], ink: int, paper: int, width: int) -> NDArray[np.uint8]:
    """A "7" drawn in the middle of a plain sheet, gray (h, w) uint8."""
    height, width_px = shape
    image = np.full(shape, paper, np.uint8)
    points = np.array([[0.35, 0.25], [0.65, 0.25], [0.45, 0.75]]) * (width_px, height)
    cv2.polylines(image, [points.astype(np.int32)], False, (ink,), width, cv2.LINE_AA)
    return image


def free_port() -> int:
    """A port nobody listens on, outside the range that outgoing connections take theirs from."""
    for port in random.sample(range(20000, 32000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


def jpeg(level: int) -> bytes:
    """A JPEG of one gray level."""
    return cv2.imencode(".jpg", np.full((48, 64), level, np.uint8))[1].tobytes()


def digest_is_right(header: str) -> bool:
    """True where an Authorization header for GET /digest is of me, password p@ss (RFC 7616, MD5 and qop=auth)."""
    said = dict(re.findall(r'(\w+)="?([^",]*)"?', header.removeprefix("Digest ")))
    if not header.startswith("Digest ") or said["nonce"] != "n1":
        return False

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    middle = ":".join(said[key] for key in ("nonce", "nc", "cnonce", "qop"))
    return bool(said["response"] == md5(f"{md5('me:camera:p@ss')}:{middle}:{md5('GET:/digest')}"))


class MjpegServer:
    """A real HTTP server on loopback that streams the JPEGs it is told to `show`.

    /lengths, /bare, /chunked: three ways to serve MJPEG. The rest: what is no stream.
    """

    def __init__(self, port: int | None = None) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port or free_port()), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.passwords: list[str] = []
        self.left = threading.Event()  # a stream is over: its client closed the connection, or `hang_up`
        self.repeat: bytes | None = None  # sent again and again where nothing else is shown
        self._shown: Queue[bytes | None] = Queue()
        self._closed = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> MjpegServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed = True
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def show(self, *pictures: bytes) -> None:
        for picture in pictures:
            self._shown.put(picture)

    def hang_up(self) -> None:
        """End the connection that is open, or the next one."""
        self._shown.put(None)

    def stream(self, out: BufferedIOBase, path: str) -> None:
        while not self._closed:
            try:
                picture = self._shown.get(timeout=0.05)
            except Empty:
                picture = self.repeat
                if picture is None:
                    continue
            if picture is None:
                return
            length = b"Content-Length: %d\r\n" % len(picture) if path == "/lengths" else b""
            part = b"--frame\r\nContent-Type: image/jpeg\r\n" + length + b"\r\n" + picture + b"\r\n"
            if path == "/bare":
                part = picture
            if path == "/chunked":
                part = b"%x\r\n" % len(part) + part + b"\r\n"
            out.write(part)
            out.flush()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        mjpeg_server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                self.close_connection = True
                password = self.headers.get("Authorization", "")
                if password.startswith("Basic "):
                    mjpeg_server.passwords.append(base64.b64decode(password.split()[1]).decode())
                if self.path in ("/nothing", "/secret"):
                    self.send_error({"/nothing": 404, "/secret": 401}[self.path])
                    return
                if self.path == "/digest" and not digest_is_right(password):
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Digest realm="camera", nonce="n1", qop="auth"')
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                if self.path == "/rubbish":
                    self.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
                    return
                if self.path == "/moved":
                    self.send_response(302)
                    self.send_header("Location", "/lengths")
                    self.end_headers()
                    return
                kind = {"/page": "text/html", "/picture": "image/jpeg"}.get(self.path)
                self.send_response(200)
                self.send_header("Content-Type", kind or "multipart/x-mixed-replace; boundary=frame")
                if self.path == "/chunked":
                    self.send_header("Transfer-Encoding", "chunked")
                self.send_header("Connection", "close")
                self.end_headers()
                if not kind:
                    with suppress(OSError):
                        mjpeg_server.stream(self.wfile, self.path)
                    mjpeg_server.left.set()

        return Handler
