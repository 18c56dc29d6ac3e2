"""What a source may be, and files, pictures and the fake among them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from runtime.errors import OptionError, SourceError
from runtime.sources import synthetic
from runtime.sources.base import SourceOptions
from runtime.sources.network import redacted
from runtime.sources.opencv import node_number, node_problem
from runtime.sources.registry import has_video, is_live, open_source
from runtime.sources.transform import turn
from tests.runtime.helpers import stroke

SEVEN = stroke((60, 80), 30, 220, 4)


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

    frames = synthetic.open_fake("fake://digits", SourceOptions(width=64, height=48, fps=10), lambda: now[0], sleep)
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
    assert [synthetic.digit_at(i) for i in (0, 29, 30, 299, 300)] == [0, 0, 1, 9, 0]
    assert not np.array_equal(synthetic.draw(0), synthetic.draw(1))


def test_a_link_to_a_camera_is_that_camera(tmp_path: Path) -> None:
    link = tmp_path / "usb-Webcam_C920-video-index0"
    link.symlink_to("/dev/video98")
    assert node_number(str(link)) == 98
    with pytest.raises(SourceError, match=r"/dev/video98 does not exist"):
        open_source(f"v4l2://{link}")
