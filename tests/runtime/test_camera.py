"""python -m runtime.camera on a video file; a live camera node has tests of its own."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.frames import read_image
from tests.runtime.helpers import ROOT, command

SHOWN = ("photo_7.jpg", "photo_7.jpg", "blank.jpg", "pencil_2.jpg", "pencil_2.jpg")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "digits.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (640, 480))
    shown = {name: frame(ROOT / "samples" / name) for name in set(SHOWN)}
    for _ in range(60):
        for name in SHOWN:
            writer.write(shown[name])
    writer.release()
    return path


def frame(path: Path) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(read_image(path), (640, 480), interpolation=cv2.INTER_AREA), np.uint8)


def test_a_line_for_each_change(video: Path) -> None:
    done = command("runtime.camera", str(video), "--count", "5")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    for line, pattern in zip(lines, (r"frame 0: 7 \(", "frame 2: blank", r"frame 3: 2 \("), strict=True):
        assert re.search(r"^\d\d:\d\d:\d\d " + pattern, line)


def test_json_is_a_line_a_frame(video: Path) -> None:
    done = command("runtime.camera", str(video), "--json", "--count", "4")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["label"] for line in lines] == ["7", "7", None, "2"]
    assert [line["frame"] for line in lines] == [0, 1, 2, 3]
    assert all(line["state"] == "ok" and line["age_ms"] >= 0 and line["captured_at"] > 0 for line in lines)
    assert all(line["source"] == str(video) for line in lines)


def test_read_gives_the_text_of_the_whole_frame() -> None:
    page = "samples/lines/note_31415_92653.jpg"
    done = command("runtime.camera", page, "--read", "--json")
    (line,) = (json.loads(line) for line in done.stdout.splitlines())
    assert line["text"] == "31415\n92653"
    assert len(line["regions"]) == 10
    assert "31415\n  92653" in command("runtime.camera", page, "--read").stdout


def test_the_end_of_a_file_is_the_end(video: Path) -> None:
    done = command("runtime.camera", str(video), "--json")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 60 * len(SHOWN)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(video: Path, number: signal.Signals) -> None:
    # Its output fills the pipe long before the video ends, so it is still at work when the signal comes.
    words = [sys.executable, "-m", "runtime.camera", str(video), "--json"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["frame"] == 0
        running.send_signal(number)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 0
    assert err.splitlines()[-1] == "stopped"
    assert "Traceback" not in err
    assert all(json.loads(line) for line in out.splitlines())


def test_no_camera_is_one_line() -> None:
    done = command("runtime.camera", "97")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: cannot open camera 97: /dev/video97 does not exist. "
        "Plug a camera in, or name a video file or a picture\n"
    )
