"""Frames kept for labeling."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.errors import OutputError
from runtime.image.files import read_image
from runtime.outputs import disk
from runtime.outputs.unsure import UnsureFramesOutput, file_name
from runtime.results import Candidate, Prediction
from runtime.sources.base import Frame
from runtime.stream.answer import FrameResult, StreamUpdate
from tests.runtime.outputs.helpers import AT, context


def frame(index: int, at: float = AT, reason: str | None = "unsure") -> StreamUpdate:
    image = np.full((48, 64, 3), 10 * index, np.uint8)
    top = (Candidate("7", 7, 0.4149), Candidate("1", 1, 0.3))
    look = FrameResult(Prediction(None if reason else "7", None, 0.41, reason, top, None, 1.0, 1.0))
    return StreamUpdate("ok", "camera 0", at, Frame(image, "camera 0", index, at), look, True)


def test_unsure_frames_are_kept_up_to_a_number(tmp_path: Path) -> None:
    notes: list[str] = []
    (tmp_path / "older.jpg").write_bytes(b"")
    unsure = UnsureFramesOutput(tmp_path, 3, context(notes.append))
    for index in range(6):
        unsure.emit(frame(index, reason="unsure" if index != 1 else None))
    assert unsure.close()
    kept = sorted(path.name for path in tmp_path.glob("2*.jpg"))
    assert kept == ["20231114T221320Z_000000_7_0.41.jpg", "20231114T221320Z_000002_7_0.41.jpg"]
    assert len(notes) == 1
    assert notes[0].startswith(f"no more frames are saved in {tmp_path}: it holds 3")
    assert np.mean(read_image(tmp_path / kept[1])) == pytest.approx(20, abs=2)


def test_of_a_live_source_one_a_second_is_kept(tmp_path: Path) -> None:
    now = 0.0
    unsure = UnsureFramesOutput(tmp_path / "new", 99, context(live=True), clock=lambda: now)
    for index in range(25):
        unsure.emit(frame(index, AT + index / 10))
        now += 0.1
    assert unsure.close()
    assert len(list((tmp_path / "new").glob("*.jpg"))) == 3


def test_names_hold_no_odd_letters() -> None:
    assert file_name(AT, 3, (Candidate("a/b c", 0, 0.5),)) == "20231114T221320Z_000003_a-b-c_0.50.jpg"
    assert file_name(AT, 3, ()) == "20231114T221320Z_000003.jpg"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot make folder"):
        UnsureFramesOutput(tmp_path / "file" / "in", 3, context())


def test_a_full_disk_is_a_failure_that_is_said_once_and_ends_with_the_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 10
    monkeypatch.setattr(disk, "free_bytes", lambda _: free)
    notes: list[str] = []
    run = context(notes.append)
    unsure = UnsureFramesOutput(tmp_path, 99, run, min_free=50_000_000)
    for index in range(3):
        unsure._save((np.zeros((48, 64, 3), np.uint8), f"{index}.jpg"))
    complaint = (
        f"no more frames are saved in {tmp_path}: less than 50 MB are free; make room, and it goes on (--min-free)"
    )
    assert (notes, run.failures) == ([f"error: {complaint}"], [complaint])
    assert list(tmp_path.glob("*.jpg")) == []
    free = 50_000_000
    unsure._save((np.zeros((48, 64, 3), np.uint8), "9.jpg"))
    assert unsure.close()
    assert [path.name for path in tmp_path.glob("*.jpg")] == ["9.jpg"]
    assert notes[1:] == [f"frames are saved in {tmp_path} again"]


def test_a_folder_that_was_moved_away_is_made_again(tmp_path: Path) -> None:
    notes: list[str] = []
    unsure = UnsureFramesOutput(tmp_path / "unsure", 2, context(notes.append))
    for index in range(2):
        unsure._save((np.zeros((48, 64, 3), np.uint8), f"{index}.jpg"))
    (tmp_path / "unsure").rename(tmp_path / "labeled")
    unsure._save((np.zeros((48, 64, 3), np.uint8), "2.jpg"))
    assert unsure.close()
    assert [path.name for path in (tmp_path / "unsure").iterdir()] == ["2.jpg"]
    assert notes == []


def test_what_cannot_be_written_is_said_once_and_each_frame_is_tried(tmp_path: Path) -> None:
    notes: list[str] = []
    run = context(notes.append)
    unsure = UnsureFramesOutput(tmp_path / "gone", 99, run)
    (tmp_path / "gone").rmdir()
    (tmp_path / "gone").write_bytes(b"")  # not even root can write into a file
    for index in range(5):
        unsure.emit(frame(index))
    assert unsure.close()
    assert len(notes) == len(run.failures) == 1
    assert notes[0].startswith(f"error: --save-unsure: cannot write into {tmp_path / 'gone'}: ")
    (tmp_path / "gone").unlink()
    unsure = UnsureFramesOutput(tmp_path / "gone", 99, run)
    unsure.emit(frame(0))
    assert unsure.close()
    assert len(list((tmp_path / "gone").iterdir())) == 1


def test_a_kept_frame_never_replaces_another(tmp_path: Path) -> None:
    for _ in range(2):  # two runs within a second, as a restart makes them
        unsure = UnsureFramesOutput(tmp_path, 99, context())
        unsure.emit(frame(0))
        assert unsure.close()
    assert len(list(tmp_path.iterdir())) == 2


def test_the_number_of_files_is_looked_at_again(tmp_path: Path) -> None:
    now = 0.0
    notes: list[str] = []
    run = context(notes.append)
    unsure = UnsureFramesOutput(tmp_path, 1, run, clock=lambda: now)
    for _ in range(2):
        for index in range(3):
            unsure._save((np.zeros((48, 64, 3), np.uint8), f"{index}.jpg"))
        assert [path.name for path in tmp_path.iterdir()] == ["0.jpg"]
        (tmp_path / "0.jpg").unlink()
        now += 1
    assert unsure.close()
    assert notes == [f"no more frames are saved in {tmp_path}: it holds 1, see --max-files"] * 2
    assert run.failures == []  # as asked for


def test_intervals_are_not_those_of_the_wall_clock(tmp_path: Path) -> None:
    now = 0.0
    unsure = UnsureFramesOutput(tmp_path, 99, context(live=True), clock=lambda: now)
    for index in range(4):
        unsure.emit(frame(index, AT - 3600 * index))  # the board's clock is set back each time
        now += 1
    assert unsure.close()
    assert len(list(tmp_path.iterdir())) == 4
