"""Every source there is: cameras that are not there, files, pipes, and a real HTTP server on loopback."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import tempfile
import types
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from runtime import fake, mjpeg
from runtime.capture import csi_cameras, node_number, node_problem
from runtime.errors import OptionError, SourceError
from runtime.frames import Frame
from runtime.sources import SourceOptions, has_video, is_live, open_source, redacted, turn
from tests.runtime.helpers import ROOT, MjpegServer, jpeg, stroke

SEVEN = stroke((60, 80), 30, 220, 4)


def shade(frame: Frame) -> int:
    """A test picture is of one grey, JPEG adds a little."""
    return round(float(frame.image.mean()) / 10) * 10


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (80, 60))
    for level in (30, 90, 30):
        writer.write(cv2.cvtColor(stroke((60, 80), level, 220, 4), cv2.COLOR_GRAY2BGR))
    writer.release()
    return path


def test_every_frame_of_a_video_counts(video: Path) -> None:
    frames = list(open_source(str(video)))
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert all(frame.image.shape == (60, 80, 3) and frame.image.dtype == np.uint8 for frame in frames)
    assert {frame.source for frame in frames} == {str(video)}


def test_pictures_are_a_source_too(tmp_path: Path) -> None:
    for name in ("img10.png", "img2.png", "notes.txt"):
        (tmp_path / name).write_bytes(cv2.imencode(".png", SEVEN)[1].tobytes())
    for text in (str(tmp_path), str(tmp_path / "*.png")):
        assert [Path(frame.source).name for frame in open_source(text)] == ["img2.png", "img10.png"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("99", r"cannot open camera 99: /dev/video99 does not exist"),
        ("/dev/video98", r"cannot open camera /dev/video98: /dev/video98 does not exist"),
        ("v4l2:///dev/video98", r"cannot open camera /dev/video98: /dev/video98 does not exist"),
        ("nowhere.mp4", r"no such file: nowhere\.mp4"),
        ("nowhere", r"no such file or folder: nowhere"),
        ("fake://cats", r"expected fake://digits; received fake://cats"),
        ("csi://0", r"csi://0 needs picamera2 .*apt install python3-picamera2.*--system-site-packages"),
        ("csi://left", r"expected csi://0"),
        ("gopher://me:secret@there", r"expected 0, /dev/video0, .*; received gopher://me:\*\*\*@there"),
        ("rtsp://127.0.0.1:1/none", r"cannot open rtsp://127\.0\.0\.1:1/none: connection refused"),
        ("/dev/videoX", r"expected a camera such as 0, /dev/video0 or a link to it; received /dev/videoX"),
        ("v4l2://", r"expected a camera such as 0, .*; received none"),
    ],
)
def test_a_source_that_is_not_there(text: str, complaint: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match=complaint):
        open_source(text)
    assert capfd.readouterr() == ("", "")


def test_a_video_that_is_none(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"nothing to see here" * 50)
    with pytest.raises(SourceError, match=r"bad\.mp4: not a video OpenCV can read"):
        open_source(str(tmp_path / "bad.mp4"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "live", "video"),
    [
        ("0", True, True),
        ("/dev/video3", True, True),
        ("/dev/v4l/by-id/usb-a-camera-0", True, True),
        ("csi://0", True, True),
        ("rtsp://x/y", True, True),
        ("http://x/y.mp4", True, True),
        ("fake://digits", True, True),
        ("clip.mp4", False, True),
        ("folder", False, False),
        ("seven.png", False, False),
    ],
)
def test_what_is_live(text: str, live: bool, video: bool) -> None:
    assert (is_live(text), has_video(text)) == (live, video)


def test_passwords_stay_out_of_names() -> None:
    assert redacted("rtsp://admin:pa:ss@10.0.0.2/1") == "rtsp://admin:***@10.0.0.2/1"
    assert redacted("http://10.0.0.2:8080/a@b") == "http://10.0.0.2:8080/a@b"


def test_a_node_you_may_not_read() -> None:
    # Not tmp_path: whom root plays here may not even look into pytest's folders.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        node = Path(folder) / "video0"
        assert "does not exist" in node_problem(node)
        node.write_bytes(b"")
        assert node_problem(node) == ""
        node.chmod(0)
        root = os.geteuid() == 0  # who may read everything
        try:
            if root:
                os.seteuid(65534)
            assert "usermod -aG video" in node_problem(node)
        finally:
            if root:
                os.seteuid(0)


# Turning


def test_flip_rotate_and_cut() -> None:
    image = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert turn(image, SourceOptions(flip="h")).tolist() == [[2, 1, 0], [5, 4, 3]]
    assert turn(image, SourceOptions(flip="v")).tolist() == [[3, 4, 5], [0, 1, 2]]
    assert turn(image, SourceOptions(flip="hv")).tolist() == [[5, 4, 3], [2, 1, 0]]
    assert turn(image, SourceOptions(rotate=90)).tolist() == [[3, 0], [4, 1], [5, 2]]
    assert turn(image, SourceOptions(rotate=270)).tolist() == [[2, 5], [1, 4], [0, 3]]
    assert turn(image, SourceOptions(roi=(1, 0, 2, 1))).tolist() == [[1, 2]]
    assert turn(image, SourceOptions(flip="h", rotate=90, roi=(0, 0, 1, 2))).tolist() == [[5], [4]]


def test_turned_frames_come_from_the_source(video: Path) -> None:
    frames = list(open_source(str(video), SourceOptions(rotate=90, roi=(0, 0, 30, 40))))
    assert [frame.image.shape for frame in frames] == [(40, 30, 3)] * 3
    with pytest.raises(SourceError, match=r"--roi 0,0,81,60 lies outside the picture, which is 80x60"):
        list(open_source(str(video), SourceOptions(roi=(0, 0, 81, 60))))


def test_only_a_camera_is_asked_for_a_size(video: Path) -> None:
    with pytest.raises(OptionError, match="has its own"):
        open_source(str(video), SourceOptions(width=640))


# The fake


def test_the_fake_keeps_its_pace_and_catches_up_no_more_than_a_second() -> None:
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))
        now[0] += seconds

    frames = fake.open_fake("fake://digits", SourceOptions(width=64, height=48, fps=10), lambda: now[0], sleep)
    first = next(frames)
    assert (first.image.shape, first.index, first.source) == ((48, 64, 3), 0, "fake://digits")
    assert next(frames).index == 1
    assert slept == [0.1, 0.1]
    now[0] += 60
    pauses = [next(frames).captured_at for _ in range(12)]
    assert slept[2:12] == [0.0] * 10
    assert len(pauses) == 12
    assert slept[-1] > 0


def test_the_fake_shows_every_digit_and_moves() -> None:
    assert [fake.digit_at(i) for i in (0, 29, 30, 299, 300)] == [0, 0, 1, 9, 0]
    assert not np.array_equal(fake.draw(0), fake.draw(1))


# The Pi's own camera, as far as it goes without one


class Picamera2:
    """What runtime.capture uses of picamera2."""

    log: list[object] = []  # noqa: RUF012

    def __init__(self, number: int) -> None:
        if number > 0:
            try:
                raise IndexError("list index out of range")
            except IndexError:
                raise RuntimeError("Camera __init__ sequence did not complete.") from None

    @staticmethod
    def global_camera_info() -> list[dict[str, object]]:
        usb: dict[str, object] = {"Model": "Webcam", "Id": "/base/axi/pcie/usb@1/1:1.0"}
        return [{"Model": "imx708", "Id": "/base/soc/i2c0mux/i2c@1/imx708@1a"}, usb]

    def create_video_configuration(self, **words: object) -> dict[str, object]:
        return words

    def configure(self, words: dict[str, object]) -> None:
        if words["controls"] == {"FrameRate": 13}:
            raise RuntimeError("no such rate")
        self.log.append(words)

    def start(self) -> None:
        self.log.append("start")

    def capture_array(self, stream: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        self.log.append(stream)
        return np.full((4, 6, 3), (1, 2, 3), np.uint8)

    def stop(self) -> None:
        self.log.append("stop")

    def close(self) -> None:
        self.log.append("close")


@pytest.fixture
def picamera2(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was asked of it."""
    module = types.ModuleType("picamera2")
    module.Picamera2 = Picamera2  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    monkeypatch.setattr(Picamera2, "log", [])
    return Picamera2.log


def test_csi_frames_are_bgr_and_the_camera_is_released(picamera2: list[object]) -> None:
    frames = open_source("csi://0", SourceOptions(width=320, height=240, fps=25))
    assert next(frames).image[0, 0].tolist() == [1, 2, 3]
    close(frames)
    main = {"size": (320, 240), "format": "RGB888"}
    assert picamera2 == [
        {"main": main, "controls": {"FrameRate": 25}, "buffer_count": 4},
        "start",
        "main",
        "stop",
        "close",
    ]


def test_a_csi_camera_that_cannot_be_had(picamera2: list[object]) -> None:
    with pytest.raises(SourceError, match=r"cannot open csi://3: list index out of range; is the cable in"):
        open_source("csi://3")
    assert picamera2 == []
    with pytest.raises(SourceError, match=r"cannot open csi://0: no such rate"):
        open_source("csi://0", SourceOptions(fps=13))
    assert picamera2 == ["close"]  # it would else be busy for good


def test_csi_cameras_are_listed(picamera2: list[object]) -> None:
    assert csi_cameras() == ["csi://0  imx708"]


def test_without_picamera2_none_are_listed() -> None:
    assert csi_cameras() == []


def test_a_link_to_a_camera_is_that_camera(tmp_path: Path) -> None:
    link = tmp_path / "usb-Webcam_C920-video-index0"
    link.symlink_to("/dev/video98")
    assert node_number(str(link)) == 98
    with pytest.raises(SourceError, match=r"/dev/video98 does not exist"):
        open_source(f"v4l2://{link}")


def close(frames: Iterator[Frame]) -> None:
    frames.close()  # type: ignore[attr-defined]


# JPEG after JPEG


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_jpegs_are_found_whatever_the_pieces(size: int) -> None:
    inner = jpeg(10)
    thumbnail = b"\xff\xe1" + struct.pack(">H", len(inner) + 2) + inner
    outer = jpeg(50)[:2] + thumbnail + jpeg(50)[2:]
    stream = b"--junk\r\n\r\n" + jpeg(90) + outer + jpeg(70)[:-40] + b"\r\n--junk\r\n" + jpeg(110) + jpeg(30)[:60]
    pieces = chunks(stream, size)
    assert list(mjpeg.jpegs(lambda _: next(pieces, b""))) == [jpeg(90), outer, jpeg(110)]


def test_a_stream_of_something_else_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mjpeg, "MAX_JPEG", 1000)
    rubbish = [b"x" * 999] * 9
    assert list(mjpeg.jpegs(lambda _: rubbish.pop() if rubbish else b"")) == []
    with pytest.raises(SourceError, match="without a whole JPEG"):
        list(mjpeg.jpegs(lambda _: b"\xff\xd8\xff" + b"x" * 999))


def test_a_damaged_jpeg_is_left_out_and_many_are_an_error() -> None:
    bad = b"\xff\xd8\xff\xe0\x00\x10JFIF\0.........\xff\xd9"
    good = [jpeg(50), bad, jpeg(90), b""]
    assert [shade(f) for f in mjpeg.frames_of(lambda _: good.pop(0), "s")] == [50, 90]
    with pytest.raises(SourceError, match="30 damaged JPEGs in a row"):
        list(mjpeg.frames_of(lambda _: bad, "s"))
    with pytest.raises(SourceError, match="no whole JPEG in it"):
        list(mjpeg.frames_of(lambda _: b"", "s"))


READ_STDIN = """
import sys
from runtime.sources import open_source, is_live
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
    with pytest.raises(SourceError, match=r"http://127\.0\.0\.1:\d+/\w+ (ended|broke off)"):
        next(frames)


def test_a_redirect_and_a_password(server: MjpegServer) -> None:
    server.show(jpeg(50))
    url = server.url.replace("//", "//me:p%40ss@") + "/moved"
    frame = next(open_source(url))
    assert frame.source == url.replace("p%40ss", "***")
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
    monkeypatch.setattr(mjpeg, "CONNECT_TIMEOUT_S", 0.05)
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
