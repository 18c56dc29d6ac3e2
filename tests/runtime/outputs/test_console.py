"""Standard output and standard error of a run; as a user has them: test_camera."""

from __future__ import annotations

import json
import os
import sys
import threading

import pytest

from runtime.outputs import console
from runtime.outputs.base import OutputContext
from runtime.outputs.console import ConsoleOutput, Log
from runtime.stream.answer import StreamUpdate
from tests.runtime.outputs.helpers import context, lost, result, update

PATIENCE_S = 60.0


def shown(capfd: pytest.CaptureFixture[str], run: OutputContext, *updates: StreamUpdate, as_json: bool) -> list[str]:
    """The lines on standard output."""
    output = ConsoleOutput(as_json, run)
    for one in updates:
        output.emit(one)
    assert output.close()
    return capfd.readouterr().out.splitlines()


def test_a_line_for_each_change(capfd: pytest.CaptureFixture[str]) -> None:
    log: list[str] = []
    updates = (update(index=1), update(index=2, changed=False), lost(), update(index=4, state="recovered"))
    lines = shown(capfd, context(log.append), *updates, as_json=False)
    assert [line.split(" ", 1)[1] for line in lines] == ["frame 1: 7 (90.0 %)", "frame 4: 7 (90.0 %)"]
    assert [line.split(" ", 1)[1] for line in log] == ["lost: unplugged", "recovered"]


def test_json_for_each_update(capfd: pytest.CaptureFixture[str]) -> None:
    log: list[str] = []
    updates = (update(index=1), update(result("8"), 2, changed=False), lost("no new frame for 2 s", "stale"))
    lines = [json.loads(line) for line in shown(capfd, context(log.append), *updates, as_json=True)]
    assert [(line["state"], line["label"], line["frame"]) for line in lines] == [
        ("ok", "7", 1),
        ("ok", "8", 2),
        ("stale", None, None),
    ]
    assert [line.split(" ", 1)[1] for line in log] == ["stale: no new frame for 2 s"]


def test_what_a_frame_took_is_measured(capfd: pytest.CaptureFixture[str]) -> None:
    run = context()
    shown(capfd, run, update(), update(changed=False), lost(), as_json=False)
    assert len(run.stages.values["render"]) == 2
    assert all(ms >= 0 for ms in run.stages.values["render"])


@pytest.mark.parametrize("live", [False, True])
def test_a_file_waits_for_its_reader_and_a_camera_does_not(live: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    reads_on = threading.Event()
    written: list[str] = []

    def write(line: str) -> None:
        assert reads_on.wait(PATIENCE_S)
        written.append(line)

    monkeypatch.setattr(console, "MAX_LINES", 1)
    monkeypatch.setattr(console, "line_writer", lambda *_: write)
    run = context(live=live)
    run.each_turn.append(reads_on.set)  # what a window does meanwhile
    output = ConsoleOutput(True, run)
    for index in range(5):
        output.emit(update(index=index))
    assert reads_on.is_set() is not live
    reads_on.set()
    assert output.close()
    frames = [json.loads(line)["frame"] for line in written]
    assert frames[-1] == 4
    assert len(frames) == 5 if not live else len(frames) < 5


def test_a_log_is_written_from_any_thread_and_never_ends_a_run(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log(lambda: False)
    log.write("mqtt broker pi:1883 connected")
    assert log.close()
    assert capfd.readouterr().err == "mqtt broker pi:1883 connected\n"
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as nobody:
        monkeypatch.setattr(sys, "stderr", nobody)
        log = Log(lambda: False)
        for _ in range(100):
            log.write("nobody reads this")
        assert log.close()


def test_a_log_whose_last_line_finds_no_reader_never_ends_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as nobody:
        monkeypatch.setattr(sys, "stderr", nobody)
        log = Log(lambda: False)
        log.write("nobody reads this")
        assert log.close()
