"""What the service manager hears, on a real datagram socket."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.board.systemd import Notifier
from tests.runtime.helpers import ROOT


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """(the address of a socket as systemd has one, the socket)."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(60)
        yield address, listener


def heard(listener: socket.socket) -> list[str]:
    """All that was said so far."""
    listener.setblocking(False)
    said = []
    while True:
        try:
            said.append(listener.recv(4096).decode())
        except BlockingIOError:
            return said


def test_a_sign_of_life_twice_in_the_watchdogs_time(manager: tuple[str, socket.socket]) -> None:
    address, listener = manager
    times = [100.0, 101.0, 104.9, 105.0, 105.1, 130.0]
    clock = iter(times)
    notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "10000000"}, lambda: next(clock))
    notifier.ready("reading camera 0\nwith LiteRT")
    for _ in times:
        notifier.alive()
    notifier.stopping()
    assert heard(listener) == [
        "READY=1\nSTATUS=reading camera 0 with LiteRT",
        *["WATCHDOG=1"] * 3,  # at 100, 105 and 130
        "STOPPING=1",
    ]


def test_an_abstract_socket() -> None:
    name = f"edge-classifier-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name)
        Notifier({"NOTIFY_SOCKET": "@" + name}).ready("on")
        assert heard(listener) == ["READY=1\nSTATUS=on"]


@pytest.mark.parametrize("extra", [{}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}])
def test_without_a_watchdog_for_this_process_there_are_no_signs(
    extra: dict[str, str], manager: tuple[str, socket.socket]
) -> None:
    address, listener = manager
    Notifier({"NOTIFY_SOCKET": address, **extra}).alive()
    assert heard(listener) == []


@pytest.mark.parametrize("address", ["", "/nowhere/at/all"])
def test_nobody_listens_and_nothing_happens(address: str) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1"})
    notifier.ready("on")
    notifier.alive()
    notifier.stopping()


@pytest.mark.parametrize("source", ["fake://digits", "samples"])
def test_the_camera_tells_it_all(source: str, manager: tuple[str, socket.socket]) -> None:
    address, listener = manager
    words = [sys.executable, "-m", "runtime.camera", source, "--count", "8"]
    env = {**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "2"}
    said: list[str] = []
    with subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not said or said[-1] != "STOPPING=1":  # read as it comes: the kernel holds few that nobody reads
            said.append(listener.recv(4096).decode())
        assert process.wait(60) == 0
    assert said[0].startswith(f"READY=1\nSTATUS=reading {source} with ")
    assert set(said[1:-1]) == {"WATCHDOG=1"}
    assert len(said) >= 2 + 8  # a sign of life for each turn at least


def test_signs_of_life_go_on_while_no_frame_comes(manager: tuple[str, socket.socket]) -> None:
    """A camera that is lost is no hung program: systemd must not restart it."""
    address, listener = manager
    words = [sys.executable, "-m", "runtime.camera", "-"]
    env = {**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "2"}
    with subprocess.Popen(words, cwd=ROOT, env=env, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert listener.recv(4096).startswith(b"READY=1")
        for _ in range(4):  # standard input gives nothing, and the loop still goes round
            assert listener.recv(4096) == b"WATCHDOG=1"
        process.send_signal(signal.SIGTERM)
        while listener.recv(4096) != b"STOPPING=1":
            pass
        assert process.wait(60) == 0


def test_a_model_that_fails_its_selftest_is_never_ready(manager: tuple[str, socket.socket], tmp_path: Path) -> None:
    address, listener = manager
    model = tmp_path / "cut.tflite"
    model.write_bytes((ROOT / "runtime" / "models" / "digits.tflite").read_bytes()[:30000])
    words = [sys.executable, "-m", "runtime.camera", "fake://digits", "--count", "1", "-m", str(model)]
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, "NOTIFY_SOCKET": address}, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert heard(listener) == []
