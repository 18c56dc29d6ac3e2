"""rtsp://, from a real server: GStreamer's, which is killed and brought back."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime.errors import SourceError
from runtime.sources import rtsp
from runtime.sources.registry import open_source
from tests.runtime.helpers import free_port
from tests.runtime.test_camera import Running, sample

# Debian's GStreamer comes with bindings for Debian's own Python.
PYTHON = "/usr/bin/python3"
PACKAGES = "gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly"
PROBE = """
import gi
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer
Gst.init(None)
raise SystemExit(not all(map(Gst.ElementFactory.find, ("x264enc", "rtph264pay", "rtpjpegpay", "jpegdec"))))
"""


class RtspServer:
    """rtsp_server.py on loopback; what it shows can be changed, and it can be killed and started again."""

    def __init__(self, folder: Path, *user: str) -> None:
        self.port = free_port()
        self._folder = folder
        self._user = user
        self._running: subprocess.Popen[str] | None = None

    def url(self, path: str, user: str = "") -> str:
        return f"rtsp://{user}127.0.0.1:{self.port}/{path}"

    def start(self, picture: str) -> None:
        line = [PYTHON, str(Path(__file__).with_name("rtsp_server.py")), str(self.port), *self._user]
        self._running = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._running.stdout is not None
        assert self._running.stdout.readline() == "ready\n"
        self.show(picture)

    def show(self, picture: str) -> None:
        """A sample's name; "": silence."""
        file = self._folder / f"{picture}.jpg"
        if picture:
            file.write_bytes(sample(picture))
        assert self._running is not None
        assert self._running.stdin is not None
        self._running.stdin.write(f"{file if picture else ''}\n")
        self._running.stdin.flush()

    def kill(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running.communicate()
            self._running = None


@pytest.fixture(scope="module")
def gstreamer() -> None:
    if not Path(PYTHON).exists() or subprocess.run([PYTHON, "-c", PROBE], capture_output=True, check=False).returncode:
        pytest.skip(f"NOT RUN: no RTSP server; apt-get install {PACKAGES}")


@pytest.fixture
def server(gstreamer: None, tmp_path: Path) -> Iterator[RtspServer]:
    made = RtspServer(tmp_path)
    yield made
    made.kill()


@contextmanager
def reading(url: str, label: str) -> Iterator[tuple[Running, dict[str, object]]]:
    """The camera program on a stream, and its first line with that label.

    A machine that is busy with other things may not bring a first frame through in the 12 s that the program
    waits: it says so and ends, as it should, and is started again.
    """
    for attempts_left in (2, 1, 0):
        with Running(url, "--json") as running:
            try:
                first = running.until(state="ok", label=label)
            except AssertionError as error:
                if attempts_left and "gives no frame and no error" in str(error):
                    continue
                raise
            yield running, first
            return


@pytest.mark.parametrize("path", ["jpeg", "h264"])
def test_digits_come_back_and_so_does_a_server_that_was_killed(server: RtspServer, path: str) -> None:
    server.start("photo_7.jpg")
    with reading(server.url(path), "7") as (running, first):
        assert int(str(first["frame"])) > 0  # what came while the stream was looked over is old
        server.show("pencil_2.jpg")
        running.until(state="ok", label="2")
        server.show("")
        running.until(state="stale")
        server.show("pencil_2.jpg")
        running.until(state="recovered", label="2")
        server.kill()
        lost = running.until(state="lost")
        assert "rtsp://127.0.0.1" in str(lost["message"])
        server.start("board_4.jpg")
        assert running.until(state="recovered")["label"] == "4"
        running.until(state="ok", label="4")
        err = running.end()
        assert running.process.returncode == 0
    with_answer = [line["label"] for line in running.lines if line["state"] in ("ok", "recovered")]
    assert [label for label, before in zip(with_answer, [None, *with_answer], strict=False) if label != before] == [
        "7",
        "2",
        "4",
    ]
    assert all(line["label"] is None for line in running.lines if line["state"] in ("stale", "lost"))
    assert re.findall(r"^[\d:]+ (\w+)", err, re.MULTILINE)[:2] == ["stale", "recovered"]


def test_a_read_that_hangs_does_not_keep_it_from_ending(server: RtspServer) -> None:
    server.start("photo_7.jpg")
    with reading(server.url("jpeg"), "7") as (running, _):
        server.show("")
        running.until(state="stale")
        assert running.end().splitlines()[-1] == "stopped"
        assert running.process.returncode == 0


def test_a_password_as_urls_write_it(gstreamer: None, tmp_path: Path) -> None:
    server = RtspServer(tmp_path, "me", "p@ss")
    try:
        server.start("photo_7.jpg")
        frames = open_source(server.url("jpeg", "me:p%40ss@"))
        assert next(frames).source == server.url("...", "***@")
        frames.close()  # type: ignore[attr-defined]
        for user in ("", "me:wrong@"):
            with pytest.raises(
                SourceError, match=r"answers 401 Unauthorized; user, password or path is wrong"
            ) as caught:
                open_source(server.url("jpeg", user))
            assert "wrong@" not in str(caught.value)
    finally:
        server.kill()


def test_a_wrong_path(server: RtspServer) -> None:
    server.start("photo_7.jpg")
    with pytest.raises(SourceError, match=r"^cannot open rtsp://127\S+/\.\.\.: it answers 404 Not Found; the path is"):
        open_source(server.url("x"))


@pytest.mark.parametrize(
    ("url", "given"),
    [
        ("rtsp://camera/1", "rtsp://camera/1"),
        ("rtsp://me:p%40ss@camera:8554/a?b=%40", "rtsp://me:p%40ss@camera:8554/a?b=%40"),
        ("RTSP://me:p@ss word#1@camera:8554/my cam", "rtsp://me:p%40ss%20word%231@camera:8554/my%20cam"),
        ("rtsp://me:a/b@camera/1", "rtsp://me:a%2Fb@camera/1"),
        ("rtsp://me:a%2Fb@camera/1", "rtsp://me:a%2Fb@camera/1"),
    ],
)
def test_ffmpeg_takes_every_url_escaped(url: str, given: str) -> None:
    assert rtsp.for_ffmpeg(url) == given


def answering(answer: bytes) -> Iterator[int]:
    """The port of a server that says one thing to whoever comes first."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (b"RTSP/1.0 200 OK\r\n\r\n", "gives no pictures that FFmpeg can read"),
        (b"RTSP/1.0 418 I'm a teapot\r\n\r\n", "it answers 418 I'm a teapot"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak RTSP; is the port right"),
        (b"", "does not speak RTSP"),
    ],
)
def test_what_a_server_says(answer: bytes, meaning: str) -> None:
    for port in answering(answer):
        assert meaning in rtsp.diagnose(f"rtsp://me:secret@127.0.0.1:{port}/x")


def test_no_server_and_no_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtsp, "TIMEOUT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/x"
        assert "no answer" in rtsp.diagnose(url)
        assert "gives no stream" in rtsp.diagnose(url.replace("rtsp", "rtsps"))
    assert "connection refused" in rtsp.diagnose(f"rtsp://127.0.0.1:{free_port()}/x")
    for url in ("rtsp:///x", "rtsp://camera:99999/x", "rtsp://camera:port/x"):
        with pytest.raises(SourceError, match=r"^expected rtsp://host:port/path"):
            rtsp.diagnose(url)
