"""Frames kept as a video."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.errors import OutputError
from runtime.outputs import disk
from runtime.outputs.recorder import VideoOutput, frame_repeats
from runtime.sources.base import Frame
from runtime.sources.registry import open_source
from runtime.stream.answer import StreamUpdate
from tests.runtime.outputs.helpers import AT, context


def frame(index: int, at: float = AT, size: tuple[int, int] = (48, 64)) -> StreamUpdate:
    image = np.full((*size, 3), 10 * index, np.uint8)
    return StreamUpdate("ok", "camera 0", at, Frame(image, "camera 0", index, at))


def frames(path: Path) -> list[int]:
    return [round(float(frame.image.mean()) / 10) for frame in open_source(str(path))]


@pytest.mark.parametrize("name", ["out.mp4", "out.avi"])
def test_a_file_is_recorded_frame_by_frame(name: str, tmp_path: Path) -> None:
    notes: list[str] = []
    recording = VideoOutput(tmp_path / name, context(notes.append))
    for index in range(20):
        recording.emit(frame(index, size=(48, 64) if index < 9 else (96, 128)))
    assert recording.close()
    assert frames(tmp_path / name) == list(range(20))
    assert notes == [f"saved {tmp_path / name}, 20 frames"]


@pytest.mark.parametrize(
    ("elapsed", "written", "times"), [(0, 0, 1), (0.1, 1, 1), (0.15, 2, 1), (0.11, 2, 0), (0.5, 2, 4)]
)
def test_a_video_runs_as_the_world_did(elapsed: float, written: int, times: int) -> None:
    assert frame_repeats(elapsed, written, 10) == times


def test_a_live_recording_keeps_time_and_skips_a_long_gap(tmp_path: Path) -> None:
    recording = VideoOutput(tmp_path / "live.avi", context(live=True, fps=10))
    for index, at in enumerate((0.0, 0.1, 0.3, 60.0, 60.1), start=1):
        recording._write((frame(index, at).frame.image, at))  # type: ignore[union-attr]
    assert recording.close()
    assert frames(tmp_path / "live.avi") == [1, 2, 3, 3, *[4] * 11, 5]


def test_a_full_disk_ends_the_recording_and_not_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "MIN_FREE_BYTES", 1 << 62)
    notes: list[str] = []
    recording = VideoOutput(tmp_path / "out.avi", context(notes.append, fps=10))
    for index in range(5):
        recording.emit(frame(index))
    assert recording.close()
    assert notes[0].startswith("recording ended: less than ")


@pytest.mark.parametrize(("name", "complaint"), [("out.gif", "ends in .mp4"), ("no/out.mp4", "no such folder")])
def test_where_no_video_can_go(name: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=complaint):
        VideoOutput(tmp_path / name, context())


def test_a_video_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "out.avi").mkdir()  # a folder has the name already
    recording = VideoOutput(tmp_path / "out.avi", context())
    recording.emit(frame(1))
    complaint = r"cannot write .*out\.avi; check the folder's permissions"
    with pytest.raises(OutputError, match=complaint):
        recording.close()


def test_a_name_that_would_crash_opencv_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="--record: expected a name in UTF-8"):
        VideoOutput(tmp_path / "caf\udce9.avi", context())
