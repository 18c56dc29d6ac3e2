"""Frames kept as a video."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.errors import OutputError
from runtime.outputs import disk, recorder
from runtime.outputs.base import OutputContext
from runtime.outputs.recorder import SUFFIXES, Timeline, VideoOutput
from runtime.outputs.video.file import FORMATS
from runtime.sources.base import Frame
from runtime.stream.answer import StreamUpdate
from tests.runtime.helpers import ROOT, command
from tests.runtime.outputs.helpers import AT, context

ROOM = 0  # bytes that are left free: these tests run on small disks too


def frame(index: int, at: float = AT, size: tuple[int, int] = (48, 64)) -> StreamUpdate:
    return StreamUpdate("ok", "camera 0", at, Frame(image(index, size), "camera 0", index, at))


def image(index: int, size: tuple[int, int] = (48, 64)) -> NDArray[np.uint8]:
    return np.full((*size, 3), 8 * index, np.uint8)


def frames(path: Path) -> list[int]:
    """The numbers of the frames that can be read."""
    found: list[int] = []
    video = cv2.VideoCapture(str(path))
    while True:
        is_there, picture = video.read()
        if not is_there:
            return found
        found.append(round(float(picture.mean()) / 8))


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def recording(path: Path, run: OutputContext, clock: Clock | None = None, max_size: int | None = None) -> VideoOutput:
    return VideoOutput(path, run, ROOM, max_size, clock or Clock())


def test_each_format_has_its_suffix() -> None:
    assert set(SUFFIXES) == set(FORMATS)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_is_recorded_frame_by_frame(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"caf\u00e9{suffix.upper()}"
    notes: list[str] = []
    output = recording(path, context(notes.append))
    for index in range(20):
        output.emit(frame(index, size=(48, 64) if index < 9 else (96, 128)))
    gray = StreamUpdate("ok", "x", AT, Frame(np.full((48, 64), 160, np.uint8), "x", 20, AT))
    output.emit(gray)
    assert output.close()
    assert frames(path) == list(range(21))
    assert notes == [f"saved {path}, 21 frames"]


def test_a_video_runs_as_the_world_did() -> None:
    live = Timeline(10, live=True)
    assert [live.tick(at) for at in (7.0, 7.1, 7.11, 7.5, 7.6)] == [0, 1, None, 5, 6]
    assert [live.tick(at) for at in (67.0, 67.1)] == [17, 18]  # a long gap is one second
    file = Timeline(10, live=False)
    assert [file.tick(0.0) for _ in range(3)] == [0, 1, 2]


@pytest.mark.parametrize(("suffix", "shown"), [(".avi", [1, 2, 2, 3, *[3] * 10, 4, 5]), (".mp4", [1, 2, 3, 4, 5])])
def test_a_live_recording_keeps_time_and_skips_a_long_gap(suffix: str, shown: list[int], tmp_path: Path) -> None:
    path = tmp_path / f"live{suffix}"
    output = recording(path, context(live=True, fps=10))
    for index, at in enumerate((0.0, 0.1, 0.3, 60.0, 60.1), start=1):
        output._write((image(index), at))
    assert output.close()
    assert frames(path) == shown


def test_times_are_not_those_of_the_wall_clock(tmp_path: Path) -> None:
    clock = Clock()
    output = recording(tmp_path / "live.mp4", context(live=True, fps=10), clock)
    for index in range(4):  # the board's clock is set back each time
        output.emit(frame(index, AT - 3600 * index))
        clock.now += 0.1
    assert output.close()
    assert frames(tmp_path / "live.mp4") == [0, 1, 2, 3]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_that_exists_is_replaced(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"day{suffix}"
    (tmp_path / "victim").write_bytes(b"old")
    path.symlink_to(tmp_path / "victim")
    (tmp_path / f"day-2{suffix}").mkdir()
    (tmp_path / f"day-3{suffix}").write_bytes(b"older")
    for number in (4, 5):  # two runs, as a service's restart makes them
        output = recording(path, context())
        output.emit(frame(number))
        assert output.close()
        assert frames(tmp_path / f"day-{number}{suffix}") == [number]
    assert (tmp_path / "victim").read_bytes() == b"old"
    assert (tmp_path / f"day-3{suffix}").read_bytes() == b"older"


def test_a_full_disk_is_said_once_and_a_new_file_begins_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 10**9
    monkeypatch.setattr(disk, "free_bytes", lambda _: free)
    notes: list[str] = []
    run, clock = context(notes.append, live=True, fps=4), Clock()
    output = VideoOutput(tmp_path / "out.mkv", run, 500_000_000, None, clock)
    for index in range(21):  # 4 a second: by time, whatever the number of frames is
        free = 10**8 if 6 <= index < 15 else 10**9
        output._write((image(index), clock.now))
        clock.now += 0.25
    assert output.close()
    assert frames(tmp_path / "out.mkv") == [0, 1, 2, 3, 4, 5, 6, 7]  # it looks once a second
    assert frames(tmp_path / "out-2.mkv") == [16, 17, 18, 19, 20]
    ended = f"recording ended: less than 500 MB are free in {tmp_path}"
    complaint = f"{ended}; make room, and it goes on in a new file (--min-free)"
    assert run.failures == [complaint]
    assert notes == [
        f"error: {complaint}",
        f"saved {tmp_path / 'out.mkv'}, 8 frames",
        f"recording goes on in {tmp_path}",
        f"saved {tmp_path / 'out-2.mkv'}, 5 frames",
    ]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EFBIG])
def test_a_write_that_fails_keeps_what_was_written_and_says_how_much(
    suffix: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, fails = os.write, False

    def write(descriptor: int, data: bytes) -> int:
        if not fails:
            return written(descriptor, data)
        if len(data) < 300:
            raise OSError(code, os.strerror(code))
        return written(descriptor, data[:200])  # a part of a frame

    monkeypatch.setattr(os, "write", write)
    notes: list[str] = []
    run, clock = context(notes.append), Clock()
    output = recording(tmp_path / f"out{suffix}", run, clock)
    for index in range(30):
        fails = 5 <= index < 11
        output._write((image(index), clock.now))
        clock.now += 1
    assert output.close()
    said = [line for line in notes if line.startswith("error: ")]
    assert said == [
        f"error: --record: cannot write {tmp_path / f'out{suffix}'}: {os.strerror(code)}; "
        "it goes on in a new file when that is possible"
    ]
    first, second = frames(tmp_path / f"out{suffix}"), frames(tmp_path / f"out-2{suffix}")
    assert first == [0, 1, 2, 3, 4]
    assert second[0] >= 11
    assert second[-1] == 29
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"out-2{suffix}", f"out{suffix}"]
    assert [line for line in notes if line.startswith("saved")] == [
        f"saved {tmp_path / f'out{suffix}'}, 5 frames",
        f"saved {tmp_path / f'out-2{suffix}'}, {len(second)} frames",
    ]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_max_size_holds_for_all_files_of_the_name(suffix: str, tmp_path: Path) -> None:
    notes: list[str] = []
    run, clock = context(notes.append), Clock()
    (tmp_path / f"out-7{suffix}").write_bytes(bytes(5000))
    (tmp_path / f"outer{suffix}").write_bytes(bytes(5000))  # another name
    output = recording(tmp_path / f"out{suffix}", run, clock, 20_000)

    def show(first: int) -> None:
        for index in range(first, first + 100):
            output._write((image(index % 25), clock.now))
            clock.now += 0.1

    show(0)
    assert 15_000 < disk.size_of_series(tmp_path / f"out{suffix}") <= 20_000
    (tmp_path / f"out-7{suffix}").unlink()
    show(100)
    assert output.close()
    assert 15_000 < disk.size_of_series(tmp_path / f"out{suffix}") <= 20_000
    ended = f"recording ended: {tmp_path / f'out{suffix}'} and its numbered files reach 20 KB, see --max-size"
    assert notes.count(ended) == 2
    assert run.failures == []  # as asked for
    found = [frames(path) for path in (tmp_path / f"out{suffix}", tmp_path / f"out-2{suffix}")]
    assert all(found)
    assert [line.rpartition(", ")[2] for line in notes if line.startswith("saved")] == [
        f"{len(one)} frames" for one in found
    ]


def test_a_large_recording_goes_on_in_the_next_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MAX_FILE_BYTES", 3000)
    output = recording(tmp_path / "out.mp4", context())
    for index in range(12):
        output.emit(frame(index))
    assert output.close()
    shown = [number for name in ("out.mp4", "out-2.mp4", "out-3.mp4") for number in frames(tmp_path / name)]
    assert shown == list(range(len(shown)))
    assert len(list(tmp_path.iterdir())) > 2


@pytest.mark.parametrize(("name", "complaint"), [("out.gif", "ends in .mp4"), ("no/out.mp4", "no such folder")])
def test_where_no_video_can_go(name: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=complaint):
        VideoOutput(tmp_path / name, context())


def test_a_folder_that_may_not_be_written_into_is_said_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # whoever runs the tests may be root
    with pytest.raises(OutputError, match=r"cannot write .*out\.avi; check the folder's permissions"):
        VideoOutput(tmp_path / "out.avi", context())


def test_a_picture_that_no_format_holds_is_one_line(tmp_path: Path) -> None:
    notes: list[str] = []
    output = recording(tmp_path / "out.mp4", context(notes.append))
    output.emit(frame(1, size=(1, 70_000)))
    assert output.close()
    assert len(notes) == 1
    assert "expected at most 65535 pixels a side; received 70000x1" in notes[0]
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_not_utf8_is_recorded_too(tmp_path: Path) -> None:
    output = recording(tmp_path / "caf\udce9.avi", context())
    output.emit(frame(1))
    assert output.close()
    assert (tmp_path / "caf\udce9.avi").stat().st_size > 800


def limited(number: int) -> Callable[[], None]:
    """Files of the child end at so many bytes: a disk that fills, without root."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (number, number))

    return limit


def test_the_command_records_within_what_a_disk_takes(tmp_path: Path) -> None:
    options = ("--record", str(tmp_path / "a.mp4"), "--min-free", "1K", "--json", "--count", "60")
    words = [sys.executable, "-m", "runtime.camera", "fake://digits", *options]
    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, preexec_fn=limited(60_000)
    )
    assert done.returncode == 1
    assert len([line for line in done.stdout.splitlines() if json.loads(line)["frame"] is not None]) == 60
    assert len([line for line in done.stderr.splitlines() if line.startswith("error: --record: cannot write")]) == 1
    assert 0 < len(frames(tmp_path / "a.mp4")) < 60


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
def test_a_recording_survives_the_sudden_end(suffix: str, number: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    words = [
        sys.executable,
        "-m",
        "runtime.camera",
        "fake://digits",
        "--json",
        "--record",
        str(path),
        "--min-free",
        "1K",
    ]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        assert running.stdout is not None
        shown = [running.stdout.readline() for _ in range(30)]
        running.send_signal(number)
        running.communicate(timeout=60)
    assert all(shown)
    assert running.returncode == (-9 if number == signal.SIGKILL else 0)
    assert len(frames(path)) >= 15  # of 30, of which half are one too many for 15 a second


def test_a_size_is_checked_by_the_parser() -> None:
    for words in (["--record", "a.mp4", "--max-size", "no"], ["--max-size", "5M"]):
        done = command("runtime.camera", "fake://digits", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert "argument --max-size: " in done.stderr.splitlines()[-1]
