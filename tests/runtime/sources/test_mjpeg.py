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
from runtime.image.jpeg import decode_jpeg
from runtime.sources import base, mjpeg, network
from runtime.sources.base import Frame
from runtime.sources.registry import open_source
from tests.runtime.helpers import ROOT, MjpegServer, jpeg
from tests.runtime.sources.raw_server import RawServer


def shade(frame: Frame) -> int:
    """A test picture is of one gray, JPEG adds a little."""
    return round(float(frame.image.mean()) / 10) * 10


class Script:
    """A byte stream and its clock: (seconds after which it comes, bytes), one after the other."""

    def __init__(self, *pieces: tuple[float, bytes]) -> None:
        self.now = 1000.0
        self.due = [(self.now + at, data) for at, data in pieces]
        self.closed = False

    def clock(self) -> float:
        return self.now

    def read(self) -> bytes:
        if not self.due:
            return b""
        at, data = self.due.pop(0)
        self.now = max(self.now, at)
        return data

    def is_ready(self, seconds: float) -> bool:
        if not self.due or self.due[0][0] <= self.now + seconds:
            self.now = max(self.now, self.due[0][0] if self.due else self.now)
            return True
        self.now += seconds
        return False

    def renew(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True

    def levels(self, live: bool = True) -> list[int]:
        return [shade(frame) for frame in mjpeg.decode_stream(self, "s", live, self.clock)]


def test_a_damaged_jpeg_is_left_out_and_many_are_an_error() -> None:
    bad = b"\xff\xd8\xff\xe0\x00\x10JFIF\0.........\xff\xd9"
    assert Script((0, jpeg(50)), (1, bad), (2, jpeg(90))).levels(live=False) == [50, 90]
    with pytest.raises(SourceError, match="30 damaged JPEGs in a row"):
        Script((0, bad * 40)).levels(live=False)
    with pytest.raises(SourceError, match="no whole JPEG in it"):
        Script().levels()


def smooth(level: int, start: float, count: int, interval: float = 0.1) -> list[tuple[float, bytes]]:
    return [(start + number * interval, jpeg(level)) for number in range(count)]


def burst(level: int, at: float, count: int) -> list[tuple[float, bytes]]:
    """What waited in a sender, as it comes over a network: each a little after the other."""
    return [(at + number / 1000, jpeg(level)) for number in range(count)]


@pytest.mark.parametrize("pieces", [1, 40], ids=["as they were sent", "all in one piece"])
def test_what_waited_during_a_pause_is_not_new(pieces: int) -> None:
    # A network that stalls for 6 s, or this process stopped so long: what comes then was made meanwhile.
    waited = burst(90, 7, 40)
    if pieces > 1:
        waited = [(7, b"".join(data for _, data in waited))]
    levels = Script(*smooth(50, 0, 10), *waited, *smooth(130, 7.2, 20)).levels()
    assert levels[:10] == [50] * 10
    assert 90 not in levels
    assert levels.count(130) >= 16


def test_a_frame_after_a_pause_that_none_follows_is_given() -> None:
    slow = Script(*[(5.0 * number, jpeg(50)) for number in range(6)])
    assert slow.levels() == [50] * 6  # a picture every five seconds
    at_a_change = Script(*smooth(50, 0, 10), (20, jpeg(90)), (50, jpeg(130)))
    assert at_a_change.levels() == [50] * 10 + [90, 130]


def test_a_reader_that_is_too_slow_skips_to_what_is_new() -> None:
    script = Script(*smooth(50, 0, 400, 0.01))
    times = []
    for frame in mjpeg.decode_stream(script, "s", True, script.clock):
        times.append((script.now, 1000 + frame.index * 0.01))
        script.now += 0.1  # ten times what the camera takes
    late = [now - made for now, made in times]
    assert max(late) < 0.8
    assert len(times) > 20


def test_every_frame_of_a_file_is_given_and_a_fast_pipe_does_not_starve() -> None:
    everything = burst(50, 0, 300)
    assert Script(*everything).levels(live=False) == [50] * 300
    assert Script((0, jpeg(50) + jpeg(90) + jpeg(130))).levels() == [50, 90, 130]


def test_the_time_of_a_frame_is_that_of_its_arrival_whatever_happened_while_it_was_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = Script((0, jpeg(50)))

    def stopped(data: bytes) -> object:
        script.now += 8  # SIGSTOP, for eight seconds
        return decode_jpeg(data)

    monkeypatch.setattr(mjpeg, "decode_jpeg", stopped)
    (frame,) = mjpeg.decode_stream(script, "s", True, script.clock)
    assert frame.age_s == pytest.approx(8)
    assert script.closed


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
    assert server.passwords == ["me:p@ss"] * 2  # it is sent on to the same host


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
        ("/picture", r"no whole JPEG in it"),
        ("/nothing", r"answers 404 .*the path is wrong"),
        ("/secret", r"answers 401 .*http://user:password@"),
        ("/rubbish", r"does not speak HTTP"),
    ],
)
def test_a_url_that_is_no_stream(server: MjpegServer, path: str, complaint: str) -> None:
    with pytest.raises(SourceError, match=complaint) as caught:
        next(open_source(server.url + path))
    assert str(caught.value).count("\n") == 0


def test_nothing_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else can take it
        with pytest.raises(SourceError, match=r"cannot open http://127.* connection refused; nothing listens there"):
            open_source(f"http://127.0.0.1:{taken.getsockname()[1]}/")
    with pytest.raises(SourceError, match=r"^expected http://host:port/path .*; there is no host in it"):
        open_source("http:///x")


def test_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "CONNECT_TIMEOUT_S", 0.05)
    silent = socket.create_server(("127.0.0.1", 0))  # the kernel accepts, nobody reads
    with silent, pytest.raises(SourceError, match=r"no answer within 0\.05 s; is the camera on"):
        open_source(f"http://127.0.0.1:{silent.getsockname()[1]}/")


def test_a_stream_that_sends_nothing_more(server: MjpegServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "FRAME_TIMEOUT_S", -1.9)
    server.show(jpeg(50))
    frames = open_source(server.url + "/lengths")
    assert shade(next(frames)) == 50
    with pytest.raises(SourceError, match="sends too little: no whole frame in time"):
        next(frames)


def test_a_stream_that_is_called_a_picture_and_a_camera_that_gives_one_for_each_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mjpeg, "SNAPSHOT_S", 0.0)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"
    single = [head + b"Content-Length: %d\r\n\r\n" % len(jpeg(level)) + jpeg(level) for level in (50, 90, 130)]
    with RawServer(*single) as server:
        frames = open_source(server.url)
        seen = [next(frames) for _ in range(3)]
        assert ([shade(frame) for frame in seen], [frame.index for frame in seen]) == ([50, 90, 130], [0, 1, 2])
        frames.close()  # type: ignore[attr-defined]
    with RawServer(head + b"\r\n" + jpeg(50) + jpeg(90)) as server:
        frames = open_source(server.url)
        assert [shade(next(frames)), shade(next(frames))] == [50, 90]
        with pytest.raises(SourceError, match="ended"):
            next(frames)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        (
            "application/vnd.apple.mpegurl",
            r"is an HLS or DASH playlist, not MJPEG; name the camera's rtsp:// .* -i",
        ),
        ("video/mp4", r"is video/mp4, not MJPEG.* ffmpeg -i"),
        ("image/png", r"gives pictures as image/png; expected JPEG"),
        ("application/json", r"is application/json, not a stream"),
    ],
)
def test_a_content_type_that_is_no_mjpeg(kind: str, complaint: str) -> None:
    answer = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode()
    with RawServer(answer) as server, pytest.raises(SourceError, match=complaint):
        open_source(server.url)
