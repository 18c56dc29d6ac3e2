"""Checks of packages and cameras. How broken packages look from outside: tests/runtime/test_doctor.py."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import pytest

from runtime.board import machine, packages
from runtime.board.packages import install_command, one_line, try_import
from runtime.sources import v4l2


def test_what_runs_the_tests_is_fit() -> None:
    for check in (packages.check_python, packages.check_numpy, packages.check_opencv, packages.check_interpreter):
        (found,) = check()
        assert found.state == "ok", found


def test_no_camera(tmp_path: Path) -> None:
    (check,) = packages.check_cameras(tmp_path)
    assert (check.state, check.value) == ("note", f"no camera at {tmp_path}/video*")
    assert "python -m runtime.camera --list" in check.remedy


def test_no_permission_for_a_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "video0").touch()
    monkeypatch.setattr("os.access", lambda *_: False)  # root may always
    (check,) = packages.check_cameras(tmp_path)
    assert (check.state, check.value) == ("fault", f"no permission for {tmp_path}/video0")
    assert check.remedy == "sudo usermod -aG video $USER, then log in again"


def test_a_node_that_is_no_camera(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    assert packages.check_cameras(tmp_path)[0].state == "note"


def test_a_camera_is_named_and_a_decoder_is_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [v4l2.Camera("/dev/video0", "HD Webcam", ()), v4l2.Camera("/dev/video10", "bcm2835-codec-decode", ())]
    monkeypatch.setattr(v4l2, "cameras", lambda folder: (nodes, []))
    (check,) = packages.check_cameras(tmp_path)
    assert (check.state, check.value) == ("ok", "/dev/video0 (HD Webcam)")


@pytest.mark.parametrize(("is_pi", "state"), [(True, "note"), (False, "ok")])
def test_picamera2_matters_on_a_raspberry_pi(monkeypatch: pytest.MonkeyPatch, is_pi: bool, state: str) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(machine, "is_raspberry_pi", lambda: is_pi)
    (check,) = packages.check_picamera2()
    assert (check.state, "apt install python3-picamera2" in check.remedy) == (state, is_pi)


def test_an_import_that_speaks_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken_package.py").write_text("print('loud')\nraise RuntimeError('two\\nlines')")
    (tmp_path / "versionless_package.py").write_text("")
    (tmp_path / "good_package.py").write_text("__version__ = '1.0'")
    monkeypatch.syspath_prepend(tmp_path)
    assert try_import("broken_package") == (None, "two lines")
    assert try_import("versionless_package")[0] is None
    assert try_import("nowhere_package") == (None, "No module named 'nowhere_package'")
    module, problem = try_import("good_package")
    assert (module is sys.modules["good_package"], problem) == (True, "")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("package", "is_managed", "is_arm32", "command"),
    [
        ("numpy", False, False, f"{sys.executable} -m pip install --force-reinstall 'numpy'"),
        ("numpy<2", True, False, "sudo apt install python3-numpy"),
        ("opencv-python-headless>=4.12", False, True, "sudo apt install python3-opencv"),
        (
            "ai-edge-litert",
            True,
            False,
            "python3 -m venv --system-site-packages .venv && .venv/bin/pip install 'ai-edge-litert'",
        ),
        (
            "tflite-runtime==2.14.0",
            False,
            True,
            f"{sys.executable} -m pip install --force-reinstall 'tflite-runtime==2.14.0'",
        ),
    ],
)
def test_the_command_fits_the_python(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: str, is_managed: bool, is_arm32: bool, command: str
) -> None:
    """A Python of the distribution (PEP 668) takes packages from apt, or from a virtual environment."""
    if is_managed:
        (tmp_path / "EXTERNALLY-MANAGED").touch()
        monkeypatch.setattr(sys, "base_prefix", sys.prefix)
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    monkeypatch.setattr(machine, "is_32_bit_arm", lambda: is_arm32)
    assert install_command(package) == command


def test_an_error_is_a_line_that_is_not_too_long() -> None:
    assert one_line(ValueError("a\n  b")) == "a b"
    assert len(one_line("x" * 1000)) == packages.LINE_LENGTH
