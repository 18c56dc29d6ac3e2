"""The doctor names each fault with what mends it, and survives what it finds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime.classifier import DEFAULT_MODEL
from runtime.doctor import throttling
from tests.runtime.helpers import command

NAMES = ["python", "machine", "cpu", "numpy", "opencv", "interpreter", "picamera2", "cameras", "display", "memory"]


def examine(*words: str, broken: dict[str, str] | None = None, folder: Path | None = None) -> dict[str, dict[str, str]]:
    """The doctor's checks by name, on a machine where the `broken` packages are the given code."""
    env = {}
    if broken and folder:
        for name, code in broken.items():
            (folder / name).mkdir()
            (folder / name / "__init__.py").write_text(code)
        env = {"PYTHONPATH": str(folder)}
    done = command("runtime.doctor", "--json", *words, env=env)
    assert done.stderr == ""
    checks = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == (1 if any(check["state"] == "fault" for check in checks) else 0)
    for check in checks:
        assert list(check) == ["name", "value", "state", "remedy"]
        assert check["remedy"] or check["state"] != "fault", check
    return {check["name"]: check for check in checks}


def test_a_machine_that_runs_the_tests_is_fit() -> None:
    checks = examine()
    assert list(checks)[: len(NAMES)] == NAMES
    for name in ("python", "numpy", "opencv", "interpreter", "model", "selftest"):
        assert checks[name]["state"] == "ok", checks[name]


def test_text_has_a_line_a_check() -> None:
    done = command("runtime.doctor")
    assert [line for line in done.stdout.splitlines() if line.startswith("ok ") and "selftest" in line]


GONE = "raise ImportError('libGL.so.1: cannot open shared object file')"


def test_a_broken_opencv(tmp_path: Path) -> None:
    checks = examine(broken={"cv2": GONE}, folder=tmp_path)
    assert checks["opencv"]["state"] == "fault"
    assert "libGL.so.1" in checks["opencv"]["value"]
    assert "pip install 'opencv-python-headless'" in checks["opencv"]["remedy"]
    assert checks["numpy"]["state"] == "ok"
    assert checks["model"]["state"] == "note"


def test_a_broken_numpy(tmp_path: Path) -> None:
    checks = examine(broken={"numpy": GONE}, folder=tmp_path)
    assert checks["numpy"]["state"] == "fault"
    assert "pip install 'numpy'" in checks["numpy"]["remedy"]
    assert checks["python"]["state"] == "ok"


def test_opencv_4_11(tmp_path: Path) -> None:
    code = "__version__ = '4.11.0'\ndef getBuildInformation(): return ''"
    checks = examine(broken={"cv2": code}, folder=tmp_path)
    assert checks["opencv"]["state"] == "fault"
    assert "!=4.11.*" in checks["opencv"]["remedy"]


def test_no_interpreter(tmp_path: Path) -> None:
    packages = ("ai_edge_litert", "tflite_runtime", "tensorflow")
    checks = examine(broken=dict.fromkeys(packages, "raise ImportError('no such thing')"), folder=tmp_path)
    assert checks["interpreter"]["state"] == "fault"
    assert "pip install" in checks["interpreter"]["remedy"]
    assert checks["model"]["state"] == "note"


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "flipped", "text"])
def test_a_damaged_model(damage: str, tmp_path: Path) -> None:
    data = bytearray(DEFAULT_MODEL.read_bytes())
    data[20000] ^= 8
    content = {
        "empty": b"",
        "cut": bytes(data[:30000]),
        "flipped": bytes(data),
        "text": b"not a model at all, but text",
    }
    path = tmp_path / "model.tflite"
    if damage != "missing":
        path.write_bytes(content[damage])
    checks = examine("-m", str(path))
    assert checks["model"]["state"] == "fault"
    assert "copy the model again" in checks["model"]["remedy"]
    assert "selftest" not in checks


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
