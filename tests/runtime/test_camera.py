"""python -m runtime.camera on video files, pipes and HTTP; a real camera node: tests/camera."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.camera import Stop
from runtime.classifier import DEFAULT_MODEL
from runtime.image.files import read_image
from runtime.tflite.card_file import attach_card, split_card
from tests.packages import install
from tests.runtime.helpers import ROOT, MjpegServer, command

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
    for line, pattern in zip(lines, (r"frame 0: 7 \(", "frame 2: blank", r"frame 3: 2 \(.* fps\]$"), strict=True):
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
    assert re.search(
        r"^[\d:]+ frame 0: 31415 / 92653 \(\d+\.\d %\)\n$", command("runtime.camera", page, "--read").stdout
    )


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
        "Plug a camera in (one on the Pi's own connector is csi://0), or name a video file or a picture\n"
    )


@pytest.fixture
def stop() -> Iterator[Stop]:
    """The signals of the test run are its own again afterwards."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield Stop()
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_it_to_stop(stop: Stop, number: signal.Signals) -> None:
    assert [stop(), stop()] == [False, False]
    signal.raise_signal(number)
    assert [stop(), stop()] == [True, True]


def test_an_output_asks_it_to_stop(stop: Stop) -> None:
    stop.request()
    assert stop()


QUITTER = """
class Quitter:
    def __init__(self, context):
        self._context, self._turns = context, 0
        context.each_turn.append(self._process_events)

    def _process_events(self):
        self._turns += 1
        if self._turns == 3:
            self._context.request_stop()

    def emit(self, update):
        self._context.log(f"frame {update.frame.index}")

    def close(self):
        self._context.process_events()  # none is left: a window that is closed has no events
        self._context.log(f"closed after {self._turns} turns")
        return True

def open_output(argument, context):
    return Quitter(context)
"""


def test_the_loop_gives_outputs_their_turns_and_ends_where_one_asks(video: Path, tmp_path: Path) -> None:
    install(tmp_path, "quitter", QUITTER, "edge_classifier.outputs", "quitter = quitter:open_output")
    done = command("runtime.camera", str(video), "--output", "quitter", env={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0
    assert done.stderr.splitlines()[1:] == ["frame 0", "frame 1", "closed after 3 turns", "stopped"]


# Live sources, as a user runs them


class Running:
    """python -m runtime.camera WORDS --json, line by line as it writes them; a watchdog ends what hangs."""

    def __init__(self, *words: str, stdin: int | None = None) -> None:
        line = [sys.executable, "-m", "runtime.camera", *words]
        self.process = subprocess.Popen(
            line, cwd=ROOT, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._watchdog = threading.Timer(120, self.process.kill)
        self._watchdog.start()
        self.lines: list[dict[str, object]] = []

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self._watchdog.cancel()
        with suppress(ValueError):  # a test closed its standard input
            self.process.communicate()

    def until(self, **wanted: object) -> dict[str, object]:
        """The next line that has these values."""
        assert self.process.stdout is not None
        for text in self.process.stdout:
            line = json.loads(text)
            self.lines.append(line)
            if all(line[key] == value for key, value in wanted.items()):
                return dict(line)
        raise AssertionError(f"it ended: {self.process.communicate()[1]}")

    def end(self, number: signal.Signals = signal.SIGTERM) -> str:
        """Ask it to stop, and give what it said on standard error."""
        self.process.send_signal(number)
        out, err = self.process.communicate()
        self.lines += [json.loads(line) for line in out.splitlines()]
        return err


def sample(name: str) -> bytes:
    return cv2.imencode(".jpg", frame(ROOT / "samples" / name))[1].tobytes()


def test_a_stream_that_is_killed_and_brought_back() -> None:
    with MjpegServer() as server:
        server.repeat = sample("photo_7.jpg")
        running = Running(server.url + "/lengths", "--json")
        running.until(state="ok", label="7")
        server.repeat = None  # it says nothing, and does not hang up
        assert running.until(state="stale")["label"] is None
        server.repeat = sample("photo_7.jpg")
        assert running.until(state="recovered")["label"] == "7"
    with running:
        lost = running.until(state="lost")
        assert "127.0.0.1" in str(lost["message"])
        with MjpegServer(server.port) as server:
            server.repeat = sample("pencil_2.jpg")
            assert running.until(state="recovered")["label"] == "2"
            running.until(state="ok", label="2")
            err = running.end()
        assert running.process.returncode == 0
    assert {line["label"] for line in running.lines} == {"7", "2", None}
    assert all((line["label"] is None) == (line["state"] in ("stale", "lost")) for line in running.lines)
    told = [line.split()[1].rstrip(":") for line in err.splitlines() if re.match(r"\d\d:\d\d:\d\d ", line)]
    assert told == [line["state"] for line in running.lines if line["state"] != "ok"]
    assert err.splitlines()[-1] == "stopped"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_source_that_hangs_does_not_keep_it_from_ending(number: signal.Signals) -> None:
    with MjpegServer() as server, Running(server.url + "/bare", "--json") as running:
        server.show(sample("photo_7.jpg"))
        running.until(label="7")
        err = running.end(number)
        assert running.process.returncode == 0
        assert err.splitlines()[-1] == "stopped"
        assert "Traceback" not in err


def test_a_pipe_of_jpegs_to_its_end() -> None:
    with Running("-", "--json", stdin=subprocess.PIPE) as running:
        pipe = running.process.stdin
        assert pipe is not None
        for name, label in (("photo_7.jpg", "7"), ("pencil_2.jpg", "2"), ("board_4.jpg", "4")):
            pipe.buffer.write(sample(name))  # type: ignore[attr-defined]
            pipe.flush()
            running.until(label=label)
        pipe.close()
        assert running.process.wait() == 0
    assert [line["state"] for line in running.lines] == ["ok"] * 3


def test_it_gives_up_where_it_is_told_to() -> None:
    with MjpegServer() as server:
        server.repeat = sample("photo_7.jpg")
        running = Running(server.url + "/chunked", "--json", "--give-up", "1")
        running.until(label="7")
    with running:
        running.until(state="lost")
        _, err = running.process.communicate()
    assert running.process.returncode == 1
    assert re.search(r"^error: http://127\S+ was lost for 1 s: ", err.splitlines()[-1])


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("http://127.0.0.1:1/",), r"error: cannot open http://127.0.0.1:1/: connection refused"),
        (("gopher://x",), r"error: expected 0, /dev/video0, csi://0"),
        (("samples/photo_7.jpg", "--width", "64"), r"error: --width, --height and --fps are asked of a camera"),
        (("samples/photo_7.jpg", "--roi", "0,0,9999,10"), r"error: --roi 0,0,9999,10 lies outside the picture"),
    ],
)
def test_what_cannot_be_watched_is_one_line(words: tuple[str, ...], complaint: str) -> None:
    done = command("runtime.camera", *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert re.match(complaint, done.stderr)


@pytest.mark.parametrize("words", [("--roi", "1,2,3"), ("--roi", "0,0,0,9"), ("--rotate", "45"), ("--flip", "x")])
def test_usage_errors(words: tuple[str, str]) -> None:
    assert command("runtime.camera", *words).returncode == 2


def test_list_names_cameras_or_says_there_are_none() -> None:
    done = command("runtime.camera", "--list")
    assert done.returncode == 0
    assert done.stdout or "no camera found" in done.stderr


def test_a_board_that_computes_something_else_classifies_nothing(tmp_path: Path) -> None:
    model, card = split_card(DEFAULT_MODEL.read_bytes())
    assert card is not None
    golden = card.golden[0]
    wrong = dataclasses.replace(golden, output=bytes(reversed(golden.output)))
    (tmp_path / "wrong.tflite").write_bytes(attach_card(model, dataclasses.replace(card, golden=(wrong,))))
    done = command("runtime.camera", "samples/photo_7.jpg", "-m", str(tmp_path / "wrong.tflite"))
    assert (done.returncode, done.stdout) == (1, "")
    assert re.match(r"error: self-test failed, nothing is classified: golden vector 0: expected", done.stderr)


def test_a_model_without_a_card_is_used_with_one_note(tmp_path: Path, bare_model: bytes) -> None:
    (tmp_path / "bare.tflite").write_bytes(bare_model)
    done = command("runtime.camera", "samples/photo_7.jpg", "-m", str(tmp_path / "bare.tflite"))
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    notes = [line for line in done.stderr.splitlines() if "bare.tflite" in line or "warning" in line]
    assert len(notes) == 1
    assert notes[0].startswith("note: bare.tflite has no card; fed 0..255 as its input quantization says")


def test_stats_and_pictures_in_a_folder(samples: Path) -> None:
    done = command("runtime.camera", "samples/[a-z]*_*.*", "--stats")
    assert done.returncode == 0
    labels = {path.stem.partition("_")[2] for path in samples.glob("[a-z]*_*.*")}
    assert len(done.stdout.splitlines()) >= len(labels)
    assert re.search(r"^stats: \d+ frames; .*capture .*inference .*memory \d+ MB$", done.stderr, re.MULTILINE)


def test_smoothing_leaves_out_a_label_of_one_frame(video: Path) -> None:
    lines = command("runtime.camera", str(video), "--smoothing", "2", "--count", "50").stdout.splitlines()
    assert not [line for line in lines if "blank" in line]
    # Between two readings comes one frame in which neither has two of the last three.
    assert [re.split(r"frame \d+: ", line)[1][0] for line in lines[:3]] == ["7", "n", "2"]


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_standard_output_on_a_full_disk_is_one_line(options: list[str]) -> None:
    words = [sys.executable, "-m", "runtime.camera", "samples/photo_7.jpg", *options]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(words, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "error: standard output: No space left on device"


def test_standard_output_that_fails_ends_no_other_output(tmp_path: Path) -> None:
    words = [
        sys.executable,
        "-m",
        "runtime.camera",
        "samples/[a-z]*_*.*",
        "--json",
        "--record",
        str(tmp_path / "out.avi"),
    ]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(words, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    said = "error: standard output: No space left on device; readings go on without it"
    assert lines.count(said) == len([line for line in lines if line.startswith("error:")]) == 1
    assert cv2.VideoCapture(str(tmp_path / "out.avi")).read()[0]


FAILING = """
class Failing:
    def emit(self, update):
        raise KeyError("a stranger's mistake")

    def close(self):
        return True

def open_output(argument, context):
    return Failing()
"""


@pytest.mark.parametrize("number", [None, signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_output_that_fails_is_the_exit_status_and_readings_go_on(
    number: signal.Signals | None, tmp_path: Path
) -> None:
    packages = install(tmp_path, "failing", FAILING, "edge_classifier.outputs", "bad = failing:open_output")
    count = [] if number else ["--count", "20"]
    words = [sys.executable, "-m", "runtime.camera", "fake://digits", "--json", "--output", "bad", *count]
    environment = {**os.environ, "PYTHONPATH": str(packages)}
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True) as running:
        assert running.stdout is not None
        frames = [json.loads(running.stdout.readline())["frame"] for _ in range(10)]
        if number:
            running.send_signal(number)
        _, err = running.communicate(timeout=60)
    assert frames == sorted(set(frames))
    assert [line for line in err.splitlines() if "stranger" in line] == [
        'error: output bad: KeyError: "a stranger\'s mistake"; readings go on without it'
    ]
    assert "Traceback" not in err
    # SIGTERM and SIGHUP are an order from outside, which was carried out.
    assert running.returncode == (0 if number in (signal.SIGTERM, signal.SIGHUP) else 1)


def test_a_hang_up_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    others = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        stop = Stop()
        signal.raise_signal(signal.SIGHUP)
        assert not stop()
    finally:
        for number, handler in {**others, signal.SIGHUP: before}.items():
            signal.signal(number, handler)
