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
    unsure = UnsureFramesOutput(tmp_path / "new", 99, context(live=True))
    for index in range(25):
        unsure.emit(frame(index, AT + index / 10))
    assert unsure.close()
    assert len(list((tmp_path / "new").glob("*.jpg"))) == 3


def test_names_hold_no_odd_letters() -> None:
    assert file_name(AT, 3, (Candidate("a/b c", 0, 0.5),)) == "20231114T221320Z_000003_a-b-c_0.50.jpg"
    assert file_name(AT, 3, ()) == "20231114T221320Z_000003.jpg"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot make folder"):
        UnsureFramesOutput(tmp_path / "file" / "in", 3, context())


def test_a_full_disk_ends_the_keeping_and_not_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "MIN_FREE_BYTES", 1 << 62)
    notes: list[str] = []
    unsure = UnsureFramesOutput(tmp_path, 99, context(notes.append))
    for index in range(3):
        unsure.emit(frame(index))
    assert unsure.close()
    assert notes == [f"no more frames are saved in {tmp_path}: it holds 0, or the disk is full"]
    assert list(tmp_path.glob("*.jpg")) == []


def test_what_fails_at_the_last_frame_is_raised_at_the_end(tmp_path: Path) -> None:
    unsure = UnsureFramesOutput(tmp_path / "gone", 99, context())
    (tmp_path / "gone").rmdir()
    (tmp_path / "gone").write_bytes(b"")
    unsure.emit(frame(0))
    with pytest.raises(OutputError, match=r"cannot write .*_7_0\.41\.jpg: Not a directory"):
        unsure.close()
