"""Frames kept on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.errors import OutputError
from runtime.image.files import read_image
from runtime.outputs import recorder
from runtime.outputs.recorder import UnsureFramesOutput, VideoOutput, copies, file_name
from runtime.results import Candidate, Prediction
from runtime.sources.base import Frame
from runtime.sources.registry import open_source
from runtime.stream.answer import FrameResult, StreamUpdate

AT = 1_700_000_000.0


def answer(index: int, at: float, reason: str | None = "unsure", size: tuple[int, int] = (48, 64)) -> StreamUpdate:
    image = np.full((*size, 3), 10 * index, np.uint8)
    top = (Candidate("7", 7, 0.4149), Candidate("1", 1, 0.3))
    look = FrameResult(Prediction(None if reason else "7", None, 0.41, reason, top, None, 1.0, 1.0))
    return StreamUpdate("ok", "camera 0", at, Frame(image, "camera 0", index, at), look, True)


def never() -> bool:
    return False


def frames(path: Path) -> list[int]:
    return [round(float(frame.image.mean()) / 10) for frame in open_source(str(path))]


@pytest.mark.parametrize("name", ["out.mp4", "out.avi"])
def test_a_file_is_recorded_frame_by_frame(name: str, tmp_path: Path) -> None:
    notes: list[str] = []
    recording = VideoOutput(tmp_path / name, None, False, notes.append, never)
    for index in range(20):
        recording.emit(answer(index, AT, size=(48, 64) if index < 9 else (96, 128)))
    assert recording.close()
    assert frames(tmp_path / name) == list(range(20))
    assert notes == [f"saved {tmp_path / name}, 20 frames"]


@pytest.mark.parametrize(
    ("elapsed", "written", "times"), [(0, 0, 1), (0.1, 1, 1), (0.15, 2, 1), (0.11, 2, 0), (0.5, 2, 4)]
)
def test_a_video_runs_as_the_world_did(elapsed: float, written: int, times: int) -> None:
    assert copies(elapsed, written, 10) == times


def test_a_live_recording_keeps_time_and_skips_a_long_gap(tmp_path: Path) -> None:
    recording = VideoOutput(tmp_path / "live.avi", 10, True, lambda _: None, never)
    for index, at in enumerate((0.0, 0.1, 0.3, 60.0, 60.1), start=1):
        recording._write((answer(index, at).frame.image, at))  # type: ignore[union-attr]
    assert recording.close()
    assert frames(tmp_path / "live.avi") == [1, 2, 3, 3, *[4] * 11, 5]


def test_a_full_disk_ends_the_recording_and_not_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "KEEP_FREE", 1 << 62)
    notes: list[str] = []
    recording = VideoOutput(tmp_path / "out.avi", 10, False, notes.append, never)
    for index in range(5):
        recording.emit(answer(index, AT))
    assert recording.close()
    assert notes[0].startswith("recording ended: less than ")


@pytest.mark.parametrize(("name", "complaint"), [("out.gif", "ends in .mp4"), ("no/out.mp4", "no such folder")])
def test_where_no_video_can_go(name: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=complaint):
        VideoOutput(tmp_path / name, None, False, print, never)


def test_unsure_frames_are_kept_up_to_a_number(tmp_path: Path) -> None:
    notes: list[str] = []
    (tmp_path / "older.jpg").write_bytes(b"")
    unsure = UnsureFramesOutput(tmp_path, 3, False, notes.append, never)
    for index in range(6):
        unsure.emit(answer(index, AT, "unsure" if index != 1 else None))
    assert unsure.close()
    kept = sorted(path.name for path in tmp_path.glob("2*.jpg"))
    assert kept == ["20231114T221320Z_000000_7_0.41.jpg", "20231114T221320Z_000002_7_0.41.jpg"]
    assert len(notes) == 1
    assert notes[0].startswith(f"no more frames are saved in {tmp_path}: it holds 3")
    assert np.mean(read_image(tmp_path / kept[1])) == pytest.approx(20, abs=2)


def test_of_a_live_source_one_a_second_is_kept(tmp_path: Path) -> None:
    unsure = UnsureFramesOutput(tmp_path / "new", 99, True, print, never)
    for index in range(25):
        unsure.emit(answer(index, AT + index / 10))
        while unsure._worker._items:
            pass
    assert unsure.close()
    assert len(list((tmp_path / "new").glob("*.jpg"))) == 3


def test_names_hold_no_odd_letters() -> None:
    assert file_name(AT, 3, (Candidate("a/b c", 0, 0.5),)) == "20231114T221320Z_000003_a-b-c_0.50.jpg"
    assert file_name(AT, 3, ()) == "20231114T221320Z_000003.jpg"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot make folder"):
        UnsureFramesOutput(tmp_path / "file" / "in", 3, False, print, never)


def test_a_video_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "out.avi").mkdir()  # a folder has the name already
    recording = VideoOutput(tmp_path / "out.avi", None, False, print, never)
    recording.emit(answer(1, AT))
    recording.close()
    with pytest.raises(OutputError, match=r"cannot write .*out\.avi; may you write there"):
        recording.emit(answer(2, AT))
