"""JPEG after JPEG, from a pipe and from a real HTTP server on loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from runtime.errors import SourceError
from runtime.sources import mjpeg, network
from runtime.sources.base import Frame
from runtime.sources.registry import open_source
from tests.runtime.helpers import ROOT, MjpegServer, jpeg


def shade(frame: Frame) -> int:
    """A test picture is of one gray, JPEG adds a little."""
    return round(float(frame.image.mean()) / 10) * 10


def test_a_damaged_jpeg_is_left_out_and_many_are_an_error() -> None:
    bad = b"\xff\xd8\xff\xe0\x00\x10JFIF\0.........\xff\xd9"
    good = [jpeg(50), bad, jpeg(90), b""]
    assert [shade(f) for f in mjpeg.decode_stream(lambda _: good.pop(0), "s")] == [50, 90]
    with pytest.raises(SourceError, match="30 damaged JPEGs in a row"):
        list(mjpeg.decode_stream(lambda _: bad, "s"))
    with pytest.raises(SourceError, match="no whole JPEG in it"):
        list(mjpeg.decode_stream(lambda _: b"", "s"))


READ_STDIN = """
import sys
from runtime.sources.registry import is_live, open_source
print(is_live("-"), [round(float(f.image.mean()), -1) for f in open_source("-")])
"""


def test_standard_input_from_a_pipe_and_from_a_file(tmp_path: Path) -> None:
    data = jpeg(50) + jpeg(90) + jpeg(130)
    words = [sys.executable, "-c", READ_STDIN]
    done = subprocess.run(words, cwd=ROOT, input=data, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "True [50.0, 90.0, 130.0]"
    (tmp_path / "three.mjpeg").write_bytes(data)
    with (tmp_path / "three.mjpeg").open("rb") as file:
        done = subprocess.run(words, cwd=ROOT, stdin=file, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "False [50.0, 90.0, 130.0]"
    png = cv2.imencode(".png", np.full((20, 20), 70, np.uint8))[1].tobytes()
    done = subprocess.run(words, cwd=ROOT, input=png, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "True [70.0]"


# HTTP, from a real server


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with MjpegServer() as running:
        yield running


@pytest.mark.parametrize("path", ["/lengths", "/bare", "/chunked"])
def test_every_way_to_serve_mjpeg(server: MjpegServer, path: str) -> None:
    server.show(jpeg(50), jpeg(90), jpeg(130))
    frames = open_source(server.url + path)
    assert [shade(next(frames)) for _ in range(3)] == [50, 90, 130]
    server.hang_up()
    with pytest.raises(SourceError, match=r"http://127\.0\.0\.1:\d+/\.\.\. (ended|broke off)"):
        next(frames)


def test_a_redirect_and_a_password(server: MjpegServer) -> None:
    server.show(jpeg(50))
    url = server.url.replace("//", "//me:p%40ss@") + "/moved"
    frame = next(open_source(url))
    assert frame.source == server.url.replace("//", "//***@") + "/..."
    assert server.passwords == ["me:p@ss"]  # once: where it is sent on to may be another host


def test_a_camera_that_wants_a_digest_in_place_of_the_password(server: MjpegServer) -> None:
    server.show(jpeg(50))
    url = server.url.replace("//", "//me:p%40ss@") + "/digest"
    assert shade(next(open_source(url))) == 50
    with pytest.raises(SourceError, match=r"answers 401 .*; user and password are wrong"):
        open_source(url.replace("p%40ss", "guess"))


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("/page", r"is text/html, not a stream; expected MJPEG"),
        ("/picture", r"is image/jpeg, not a stream"),
        ("/nothing", r"answers 404 .*the path is wrong"),
        ("/secret", r"answers 401 .*http://user:password@"),
        ("/rubbish", r"does not speak HTTP"),
    ],
)
def test_a_url_that_is_no_stream(server: MjpegServer, path: str, complaint: str) -> None:
    with pytest.raises(SourceError, match=complaint) as caught:
        open_source(server.url + path)
    assert str(caught.value).count("\n") == 0


def test_nothing_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else can take it
        with pytest.raises(SourceError, match=r"cannot open http://127.* connection refused; nothing listens there"):
            open_source(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    with pytest.raises(SourceError, match=r"cannot open http:///x: "):
        open_source("http:///x")


def test_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "CONNECT_TIMEOUT_S", 0.05)
    silent = socket.create_server(("127.0.0.1", 0))  # the kernel accepts, nobody reads
    with silent, pytest.raises(SourceError, match=r"no answer within 0\.05 s; is the camera on"):
        open_source(f"http://127.0.0.1:{silent.getsockname()[1]}/")


def test_a_stream_that_sends_nothing_more(server: MjpegServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.show(jpeg(50))
    frames = open_source(server.url + "/lengths")
    assert shade(next(frames)) == 50
    monkeypatch.setattr(mjpeg, "READ_TIMEOUT_S", -1.0)
    with pytest.raises(SourceError, match="sends too little: no whole frame within"):
        next(frames)
