"""Cameras, RTSP and videos through OpenCV: errors without the hardware, and a real video file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from runtime.errors import SourceError
from runtime.sources import opencv
from runtime.sources.base import Frame
from runtime.sources.opencv import explain_node_error, node_number
from runtime.sources.registry import has_video, open_source


def test_every_frame_of_a_video_counts(video: Path) -> None:
    frames = list(open_source(str(video)))
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert all(frame.image.shape == (60, 80, 3) and frame.image.dtype == np.uint8 for frame in frames)
    assert {frame.source for frame in frames} == {str(video)}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("99", r"cannot open camera 99: /dev/video99 does not exist"),
        ("/dev/video98", r"cannot open camera /dev/video98: /dev/video98 does not exist"),
        ("v4l2:///dev/video98", r"cannot open camera /dev/video98: /dev/video98 does not exist"),
        ("nowhere.mp4", r"no such file: nowhere\.mp4"),
        ("rtsp://127.0.0.1:1/none", r"cannot open rtsp://127\.0\.0\.1:1/\.\.\.: connection refused"),
        ("/dev/videoX", r"expected a camera such as 0, /dev/video0 or a link to it; received /dev/videoX"),
        ("v4l2://", r"expected a camera such as 0, .*; received none"),
    ],
)
def test_a_source_that_is_not_there(text: str, complaint: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match=complaint):
        open_source(text)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["clip", "clip.h264", "clip.dat", "clip.jpg"])
def test_a_video_by_its_content_whatever_its_name(video: Path, name: str) -> None:
    named = video.rename(video.with_name(name))
    assert len(list(open_source(str(named)))) == 3
    assert has_video(str(named))


@pytest.mark.parametrize("suffix", [".mkv", ".avi"])
def test_a_video_that_is_cut_in_half_is_told_after_its_last_frame(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (320, 240))
    shades = np.random.default_rng(1).integers(0, 255, (60, 240, 320, 3), np.uint8)
    for shade in shades:
        writer.write(shade)
    writer.release()
    assert len(list(open_source(str(path)))) == 60
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    seen: list[Frame] = []
    with pytest.raises(SourceError, match=r"cut short or damaged: \d+ of about 60 frames could be read; copy"):
        seen.extend(open_source(str(path)))


def test_frames_that_are_too_large_are_refused_before_one_is_decoded(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opencv, "MAX_FRAME_PIXELS", 80 * 60 - 1)
    with pytest.raises(SourceError, match=r"clip\.avi: its frames are too large: 80x60 pixels, of at most 4,799"):
        open_source(str(video))


@pytest.mark.parametrize(
    ("frames", "last", "promised", "fps", "is_cut"),
    [
        (60, 5.9, 60, 10, False),
        (30, 2.9, 60, 10, True),
        (30, 0.0, 60, 10, True),
        (58, 5.7, 60, 10, False),
        (30, 5.9, 60, 10, False),  # a rate that changes
        (30, 2.9, -1.9e14, 25, False),  # raw H.264
        (30, 2.9, 0, 0, False),
        (9000, 299.9, 9100, 30, False),
    ],
)
def test_what_is_missing_of_a_video(frames: int, last: float, promised: float, fps: float, is_cut: bool) -> None:
    assert bool(opencv.explain_missing(frames, last, promised, fps)) is is_cut


def test_a_damaged_video(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"nothing to see here" * 50)
    with pytest.raises(SourceError, match=r"bad\.mp4: not a video OpenCV can read"):
        open_source(str(tmp_path / "bad.mp4"))
    assert capfd.readouterr() == ("", "")


def test_a_node_you_may_not_read() -> None:
    # Not tmp_path: the user that root becomes here may not even look into pytest's folders.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        node = Path(folder) / "video0"
        assert "does not exist" in explain_node_error(node)
        node.write_bytes(b"")
        assert explain_node_error(node) == ""
        node.chmod(0)
        root = os.geteuid() == 0  # who may read everything
        try:
            if root:
                os.seteuid(65534)
            assert "usermod -aG video" in explain_node_error(node)
        finally:
            if root:
                os.seteuid(0)


def test_a_link_to_a_camera_is_that_camera(tmp_path: Path) -> None:
    link = tmp_path / "usb-Webcam_C920-video-index0"
    link.symlink_to("/dev/video98")
    assert node_number(str(link)) == 98
    with pytest.raises(SourceError, match=r"/dev/video98 does not exist"):
        open_source(f"v4l2://{link}")


def test_a_name_that_the_system_refuses() -> None:
    with pytest.raises(SourceError, match=r"a{300}\.avi: cannot be read: File name too long"):
        open_source("a" * 300 + ".avi")


def test_a_name_that_would_crash_opencv_is_refused(tmp_path: Path, video: Path) -> None:
    path = tmp_path / "caf\udce9.avi"
    path.write_bytes(video.read_bytes())
    with pytest.raises(SourceError, match="whose name is not UTF-8; rename it"):
        open_source(str(path))
