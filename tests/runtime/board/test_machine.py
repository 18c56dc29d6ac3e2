"""Checks of the machine, on files that say what any board's do."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from runtime.board import machine
from runtime.board.machine import Check, check_disk, check_display, check_heat, check_machine, check_memory, throttling

Says = Callable[[dict[str, str]], None]


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Says:
    """Sets what the system's files say; all others are not there."""

    def set_files(files: dict[str, str]) -> None:
        monkeypatch.setattr(machine, "read_text", lambda path: files.get(path, ""))

    return set_files


def as_32_bit_arm(monkeypatch: pytest.MonkeyPatch, python: tuple[int, int]) -> None:
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    monkeypatch.setattr(sys, "version_info", (*python, 0))


def test_this_machine() -> None:
    names = [check.name for check in (*check_machine(), *check_display(), *check_memory()[:1], *check_disk())]
    assert names == ["machine", "cpu", "display", "memory", "disk"]
    assert check_machine()[0].value.startswith(f"{platform.machine()}, ")


@pytest.mark.parametrize(
    ("files", "is_one"),
    [
        ({"/proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0"}, True),
        ({"/proc/cpuinfo": "processor : 0\nModel\t\t: Raspberry Pi 4 Model B\n"}, True),
        ({"/proc/cpuinfo": "model name : Intel"}, False),
        ({}, False),
    ],
)
def test_a_raspberry_pi_is_known(says: Says, files: dict[str, str], is_one: bool) -> None:
    says(files)
    assert machine.is_raspberry_pi() is is_one
    assert ("Raspberry Pi" in check_machine()[0].value) is is_one


def test_extensions_of_the_processor_are_named(says: Says) -> None:
    says({"/proc/cpuinfo": "Features : fp asimd asimddp i8mm asimdhp\nFeatures : fp asimd"})
    assert check_machine()[1].value.endswith("cores, asimd asimddp i8mm")
    says({})
    assert check_machine()[1].value.endswith("no vector extension named")


@pytest.mark.parametrize(("python", "state"), [((3, 11), "note"), ((3, 12), "fault")])
def test_32_bits_have_an_interpreter_up_to_python_3_11(
    monkeypatch: pytest.MonkeyPatch, python: tuple[int, int], state: str
) -> None:
    as_32_bit_arm(monkeypatch, python)
    assert machine.is_32_bit_arm()
    check = check_machine()[0]
    assert (check.state, "32-bit Python" in check.value) == (state, True)
    assert "64-bit system image" in check.remedy


@pytest.mark.parametrize(("kib", "state"), [(64 * 1024, "ok"), (64 * 1024 - 1, "fault")])
def test_little_memory_is_a_fault(says: Says, kib: int, state: str) -> None:
    says({"/proc/meminfo": f"MemTotal: 1 kB\nMemAvailable:   {kib} kB\n"})
    (check,) = check_memory()
    assert (check.state, bool(check.remedy)) == (state, state == "fault")


def test_memory_that_cannot_be_told_and_a_limit_that_has_no_effect(says: Says) -> None:
    says({})
    assert check_memory() == [Check("memory", "unknown", "note")]
    says({"/proc/meminfo": "MemAvailable: 999999 kB", "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io pids"})
    assert [(check.name, check.state) for check in check_memory()] == [("memory", "ok"), ("memory limit", "note")]
    says({"/proc/meminfo": "MemAvailable: 999999 kB", "/sys/fs/cgroup/cgroup.controllers": "cpuset memory pids"})
    assert [check.name for check in check_memory()] == ["memory"]


@pytest.mark.parametrize(("mebibytes", "state"), [(50, "ok"), (49, "fault")])
def test_a_full_disk_is_a_fault(monkeypatch: pytest.MonkeyPatch, mebibytes: int, state: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=mebibytes * 2**20))
    (check,) = check_disk()
    assert (check.value, check.state) == (f"{mebibytes} MiB free", state)


def test_a_display_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WAYLAND_DISPLAY", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert check_display() == [Check("display", "none: readings come as text")]
    monkeypatch.setenv("DISPLAY", ":0")
    assert check_display() == [Check("display", ":0")]


@pytest.mark.parametrize(
    ("reading", "checks"),
    [
        ("", []),
        ("n/a", []),
        ("48312\n", [("48 degrees C", "ok")]),
        ("-5000", [("-5 degrees C", "ok")]),
        ("80000", [("80 degrees C", "note")]),
    ],
)
def test_heat(says: Says, monkeypatch: pytest.MonkeyPatch, reading: str, checks: list[tuple[str, str]]) -> None:
    says({"/sys/class/thermal/thermal_zone0/temp": reading})
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert [(check.value, check.state) for check in check_heat()] == checks


def test_the_firmware_is_asked_where_it_can_be(says: Says, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    says({})
    tool = tmp_path / "vcgencmd"
    tool.write_text("#!/bin/sh\necho throttled=0x50005\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    (check,) = check_heat()
    assert (check.name, check.state) == ("throttling", "fault")

    def hang(*words: object, **options: object) -> None:
        raise subprocess.TimeoutExpired("vcgencmd", 5)

    monkeypatch.setattr(subprocess, "run", hang)
    assert check_heat() == [Check("throttling", "vcgencmd gives no answer", "note")]


@pytest.mark.parametrize(
    ("answer", "state", "value"),
    [
        ("throttled=0x0\n", "ok", "none"),
        ("throttled=0x50005\n", "fault", "under-voltage, throttled now"),
        ("throttled=0x50000\n", "note", "under-voltage, throttled since the last start"),
        ("throttled=0x80008\n", "fault", "soft temperature limit now"),
        ("", "note", "vcgencmd gives no answer"),
    ],
)
def test_throttling_by_its_bits(answer: str, state: str, value: str) -> None:
    check = throttling(answer)
    assert (check.state, check.value) == (state, value)
    assert bool(check.remedy) == (state != "ok" and bool(answer))


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"caf\xe9")
    assert machine.read_text(str(tmp_path / "there")) == "caf\ufffd"
    assert machine.read_text(str(tmp_path / "not")) == ""
