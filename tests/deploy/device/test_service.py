"""The unit and its settings file: systemd accepts the one, and the camera every option of the other."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.payload import DEVICE
from tests.runtime.helpers import command

UNIT = (DEVICE / "edge-classifier.service").read_text(encoding="utf-8")
CONF = (DEVICE / "edge-classifier.conf").read_text(encoding="utf-8")


def values(text: str) -> dict[str, str]:
    """The NAME=value lines, without comments."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))


def test_the_unit_uses_every_setting_and_no_other() -> None:
    assert (
        set(values(CONF))
        == set(re.findall(r"\$\{?(\w+)\}?", values(UNIT)["ExecStart"]))
        == {"SOURCE", "MODEL", "OPTIONS"}
    )


def test_the_settings_are_what_the_camera_takes() -> None:
    examples = [line.split("=", 1)[1] for line in CONF.splitlines() if re.match(r"(#\s+)?OPTIONS=", line)]
    assert len(examples) >= 4
    usage = command("runtime.camera", "-h").stdout
    known = set(re.findall(r"--[a-z][a-z-]*", usage))
    assert {word for options in examples for word in options.split() if word.startswith("--")} <= known
    for options in examples:
        done = command("runtime.camera", "fake://digits", *options.split(), "--version")
        assert done.returncode == 0, (options, done.stderr)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Type", "notify"),
        ("Restart", "always"),
        ("User", "edge-classifier"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("CapabilityBoundingSet", ""),
        ("WantedBy", "multi-user.target"),
        ("EnvironmentFile", "/etc/edge-classifier.conf"),
    ],
)
def test_the_unit_sets(name: str, value: str) -> None:
    assert values(UNIT)[name] == value


def test_limits_are_set() -> None:
    unit = values(UNIT)
    assert re.fullmatch(r"\d+M", unit["MemoryMax"])
    assert int(unit["WatchdogSec"]) > 0


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "edge-classifier.service"
    unit.write_text(UNIT.replace("/opt/edge-classifier/current/env/bin/python", sys.executable))  # it must be there
    words = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    unit.write_text(unit.read_text().replace("Restart=always", "Restart=sometimes"))
    assert (
        "restart specifier" in subprocess.run(words, capture_output=True, text=True, check=False).stderr
    )  # it does look
