"""The script that runs on the board: even interrupted, it leaves a complete and proven version running."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from deploy.payload import Payload
from tests.deploy.conftest import Board

Make = Callable[[str], Payload]
STARTED = ["daemon-reload", "enable -q edge-classifier.service", "restart edge-classifier.service"]


def test_the_first_time(board: Board, payload: Make) -> None:
    made = payload("good")
    done = board.install(made.folder)
    assert done.returncode == 0, done.stderr
    assert "ok    the doctor was here" in done.stdout
    assert f"installed {made.release}; before: none" in done.stdout
    assert board.release() == made.release
    assert board.asked() == STARTED
    current = board.home / "current"
    assert (current / "model.tflite").read_text() == "good"
    assert "system-site-packages = true" in (current / "env/pyvenv.cfg").read_text()
    assert (board.root / "etc/systemd/system/edge-classifier.service").read_text().startswith("[Unit]")
    assert (
        subprocess.run(["sha256sum", "-c", "--status", "model.tflite.sha256"], cwd=current, check=False).returncode == 0
    )


def test_an_installation_never_changes_settings(board: Board, payload: Make) -> None:
    conf = board.root / "etc/edge-classifier.conf"
    board.install(payload("good").folder)
    assert "SOURCE=0" in conf.read_text()
    conf.write_text("SOURCE=csi://0\n")
    board.install(payload("good two").folder)
    assert conf.read_text() == "SOURCE=csi://0\n"


def test_a_new_version_is_swapped_in_and_two_are_kept(board: Board, payload: Make) -> None:
    releases = []
    for text in ("good one", "good two", "good three"):
        made = payload(text)
        releases.append(made.release)
        assert board.install(made.folder).returncode == 0
    assert [board.release("previous"), board.release()] == releases[1:]
    assert {path.name for path in (board.home / "releases").iterdir()} == set(releases[1:])
    assert len(list((board.home / "environments").iterdir())) == 1


def test_the_same_again_starts_the_service_and_changes_nothing(board: Board, payload: Make) -> None:
    board.install(payload("good one").folder)
    made = payload("good two")
    board.install(made.folder)
    board.asked()
    before = board.release("previous")
    assert board.install(made.folder).returncode == 0
    assert (board.release(), board.release("previous")) == (made.release, before)
    assert board.asked() == STARTED


def test_a_version_that_fails_its_selftest_stays_out(board: Board, payload: Make) -> None:
    first = payload("good")
    board.install(first.folder)
    board.asked()
    done = board.install(payload("bad").folder)
    assert done.returncode == 1
    assert "result bad" in done.stdout
    assert "error: the selftest does not pass here" in done.stderr
    assert board.release() == first.release
    assert board.asked() == []


def test_rollback_goes_back_and_forth(board: Board, payload: Make) -> None:
    first, second = payload("good one"), payload("good two")
    assert first.release != second.release
    for text in ("good one", "good two"):
        board.install(payload(text).folder)
    board.asked()
    for expected in (first.release, second.release):
        done = board.install(board.home / "current", "rollback")
        assert done.returncode == 0, done.stderr
        assert f"rolled back to {expected}" in done.stdout
        assert board.release() == expected
        assert board.asked() == STARTED


def test_no_version_to_go_back_to(board: Board, payload: Make) -> None:
    board.install(payload("good").folder)
    done = board.install(board.home / "current", "rollback")
    assert done.returncode == 1
    assert "error: there is no other version on this board" in done.stderr


def test_no_rollback_to_a_damaged_version(board: Board, payload: Make) -> None:
    board.install(payload("good one").folder)
    second = payload("good two")
    board.install(second.folder)
    (board.home / "previous/model.tflite").write_text("bad by now")
    assert board.install(second.folder, "rollback").returncode == 1
    assert board.release() == second.release


def test_a_service_that_does_not_start_brings_the_old_version_back(board: Board, payload: Make) -> None:
    first, second = payload("good one").release, ""
    board.install(payload("good one").folder)
    second = payload("good two").release
    board.install(payload("good two").folder)
    board.refuse.touch()
    done = board.install(payload("good three").folder)
    assert done.returncode == 1
    assert f"{second} is back in its place" in done.stderr
    assert (board.release(), board.release("previous")) == (second, first)


def test_a_version_that_was_damaged_on_the_board_is_made_anew(board: Board, payload: Make) -> None:
    made = payload("good")
    board.install(made.folder)
    (board.home / "current/model.tflite").write_text("good, but another")
    assert board.install(made.folder).returncode == 0
    assert (board.home / "current/model.tflite").read_text() == "good"
    assert {path.name for path in (board.home / "releases").iterdir()} == {made.release}


@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_payload_is_refused_by_name(board: Board, payload: Make, damage: str) -> None:
    made = payload("good")
    model = made.folder / "model.tflite"
    model.write_text("go") if damage == "cut" else model.unlink()
    done = board.install(made.folder)
    assert done.returncode == 1
    state = "is damaged" if damage == "cut" else "is missing"
    assert done.stderr == f"error: model.tflite {state}; send it, or unpack it, again\n"
    assert board.release() == ""


@pytest.mark.parametrize(("key", "value"), [("machine", "riscv64"), ("python", "3.1")])
def test_a_payload_for_another_board_is_refused(board: Board, payload: Make, key: str, value: str) -> None:
    made = payload("good")
    manifest = json.loads((made.folder / "payload.json").read_text())
    (made.folder / "payload.json").write_text(json.dumps({**manifest, key: value}))
    done = board.install(made.folder)
    assert done.returncode == 1
    assert f"this is for {manifest['machine'] if key != 'machine' else value} with Python" in done.stderr
    assert "make bundle TARGET=" in done.stderr


@pytest.mark.parametrize("moment", ["environment", "release", "swap"])
def test_an_interrupted_installation_is_completed_by_the_next(board: Board, payload: Make, moment: str) -> None:
    first = payload("good one")
    board.install(first.folder)
    second = payload("good two")
    left = {
        "environment": board.home / "environments" / second.environment / "ready.json",
        "release": board.home / "releases" / f"{second.release}.new/runtime",
        "swap": board.home / "current.new",
    }[moment]
    if moment == "environment":  # half made: without its mark
        left.unlink()
        (left.parent / "bin/python").unlink()
    elif moment == "release":
        left.mkdir(parents=True)
    else:
        left.symlink_to("nowhere")
    assert board.release() == first.release
    done = board.install(second.folder)
    assert done.returncode == 0, done.stderr
    assert board.release() == second.release
    assert not list(board.home.rglob("*.new"))


def test_it_needs_root_for_a_real_board(payload: Make) -> None:
    code = "import os, runpy, sys; os.geteuid = lambda: 1000; sys.argv = sys.argv[1:]; "
    code += "runpy.run_path(sys.argv[0], run_name='__main__')"
    script = str(payload("good").folder / "install.py")
    done = subprocess.run([sys.executable, "-c", code, script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "error: this needs root; do: sudo python3 install.py\n"


def test_it_needs_nothing_but_python(payload: Make) -> None:
    words = [sys.executable, "-I", "-S", str(payload("good").folder / "install.py"), "-h"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "sudo python3 install.py rollback" in done.stdout.partition("example:")[2]
