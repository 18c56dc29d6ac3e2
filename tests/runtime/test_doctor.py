"""The doctor names each fault with the command that repairs it, and survives what it finds."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from runtime import __version__
from runtime.board import machine
from runtime.board.machine import Check
from runtime.classifier import DEFAULT_MODEL, Classifier
from runtime.doctor import examine as examine_here
from runtime.doctor import to_text
from runtime.tflite.card import ModelCard
from runtime.tflite.card_file import attach_card
from tests.runtime.helpers import ROOT, command

NAMES = ["version", "python", "machine", "cpu", "numpy", "opencv", "interpreter", "picamera2"]
NAMES += ["cameras", "display", "memory"]


def examine(*words: str, broken: dict[str, str] | None = None, folder: Path | None = None) -> dict[str, dict[str, str]]:
    """The doctor's checks by name, on a machine where the `broken` packages are the given code."""
    env = {}
    if broken and folder:
        for name, code in broken.items():
            (folder / name).mkdir(parents=True)
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
    assert "pip install --force-reinstall 'opencv-python-headless'" in checks["opencv"]["remedy"]
    assert checks["numpy"]["state"] == "ok"
    assert checks["model"]["state"] == "note"


def test_a_broken_numpy(tmp_path: Path) -> None:
    checks = examine(broken={"numpy": GONE}, folder=tmp_path)
    assert checks["numpy"]["state"] == "fault"
    assert "pip install --force-reinstall 'numpy'" in checks["numpy"]["remedy"]
    assert checks["python"]["state"] == "ok"


def test_opencv_4_11(tmp_path: Path) -> None:
    code = "__version__ = '4.11.0'\ndef getBuildInformation(): return ''"
    checks = examine(broken={"cv2": code}, folder=tmp_path)
    assert checks["opencv"]["state"] == "fault"
    assert "!=4.11.*" in checks["opencv"]["remedy"]


def test_a_numpy_that_the_interpreter_does_not_take(tmp_path: Path) -> None:
    """numpy 2 beside tflite-runtime: its interpreter would end the process."""
    barred = dict.fromkeys(("ai_edge_litert", "tensorflow"), "raise ImportError('no such thing')")
    code = "__version__ = '2.0.0'\nfrom types import ModuleType\nndarray = generic = bool_ = object"
    env = {**barred, "tflite_runtime": "", "numpy": code, "numpy/typing": "NDArray = dict"}
    checks = examine(broken=env, folder=tmp_path)
    assert checks["interpreter"]["state"] == "fault"
    assert "numpy 2.0.0" in checks["interpreter"]["value"]
    assert checks["interpreter"]["remedy"].endswith("pip install --force-reinstall 'numpy<2'")


def test_an_opencv_built_for_another_numpy(tmp_path: Path) -> None:
    code = "import sys\nprint('A module that was compiled using NumPy 1.x', file=sys.stderr)\n"
    checks = examine(
        broken={"cv2": code + "raise ImportError('numpy.core.multiarray failed to import')"}, folder=tmp_path
    )
    assert checks["opencv"]["state"] == "fault"
    assert "'opencv-python-headless>=4.12'" in checks["opencv"]["remedy"] or "'numpy<2'" in checks["opencv"]["remedy"]


def test_a_package_that_breaks_in_any_way_keeps_nothing_from_being_looked_at(tmp_path: Path) -> None:
    checks = examine(broken={"cv2": "raise RuntimeError('numpy.dtype size changed')"}, folder=tmp_path)
    assert checks["opencv"]["state"] == "fault"
    assert checks["memory"]["state"] == "ok"


def test_an_empty_folder_is_no_numpy(tmp_path: Path) -> None:
    assert examine(broken={"numpy": ""}, folder=tmp_path)["numpy"]["state"] == "fault"


def test_picamera2_that_does_not_fit(tmp_path: Path) -> None:
    """As Bookworm's, built for numpy 1, beside numpy 2."""
    code = "raise ValueError('numpy.dtype size changed, may indicate binary incompatibility')"
    check = examine(broken={"picamera2": code}, folder=tmp_path)["picamera2"]
    assert check["state"] == "note"
    assert "numpy.dtype size changed" in check["value"]
    assert "'numpy<2'" in check["remedy"]
    (tmp_path / "picamera2/__init__.py").write_text("")
    check = examine(broken={"empty": ""}, folder=tmp_path)["picamera2"]
    assert (check["state"], check["value"]) == ("ok", "found")


def test_another_models_card(bare_model: bytes, shipped_card: ModelCard, tmp_path: Path) -> None:
    other = bytearray(bare_model)
    other[-1] ^= 1
    path = tmp_path / "model.tflite"
    path.write_bytes(bytes(other) + attach_card(bare_model, shipped_card)[len(bare_model) :])
    check = examine("-m", str(path))["model"]
    assert check["state"] == "fault"
    assert "sha256" in check["value"]


def test_a_whole_model_that_is_not_the_one_installed(
    bare_model: bytes, shipped_card: ModelCard, tmp_path: Path
) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(DEFAULT_MODEL.read_bytes())
    note = tmp_path / "model.tflite.sha256"
    note.write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  model.tflite\n")
    assert examine("-m", str(path))["model"]["state"] == "ok"
    path.write_bytes(attach_card(bare_model, dataclasses.replace(shipped_card, name="another")))
    check = examine("-m", str(path))["model"]
    assert check["state"] == "fault"
    assert "not the file that was installed" in check["value"]
    assert check["remedy"] == "on the workstation: make deploy HOST=..."


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


NO_NUMPY = "import sys\nsys.modules.update(dict.fromkeys({barred!r}))\n"


def test_it_works_with_everything_heavy_barred() -> None:
    """numpy, OpenCV and the interpreters cannot even be looked for: every check still has its line."""
    barred = ("numpy", "cv2", "ai_edge_litert", "tflite_runtime", "tensorflow")
    code = NO_NUMPY.format(barred=barred) + "sys.argv = ['doctor', '--json']\n"
    code += "import runpy\nrunpy.run_module('runtime.doctor', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    checks = {check["name"]: check for check in map(json.loads, done.stdout.splitlines())}
    assert list(checks)[: len(NAMES)] == NAMES
    assert checks["numpy"]["state"] == "fault"
    assert {checks[name]["state"] for name in ("opencv", "interpreter", "model")} == {"note"}
    assert checks["version"]["value"] == f"edge-classifier {__version__}"


def test_its_import_loads_nothing_heavy() -> None:
    code = "import sys, runtime.doctor; print({'numpy', 'cv2', 'runtime.classifier'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("check", "lines"),
    [
        (Check("disk", "9 MiB free"), ["ok    disk         9 MiB free"]),
        (Check("cpu", "hot", "note", "wait"), ["note  cpu          hot", "                   -> wait"]),
        (Check("model", "gone", "fault", "copy"), ["FAULT model        gone", "                   -> copy"]),
    ],
)
def test_a_line_for_each_check_and_one_for_its_remedy(check: Check, lines: list[str]) -> None:
    assert to_text(check).splitlines() == lines


@pytest.mark.parametrize("error", [PermissionError("no\nword"), MemoryError(), KeyError("x"), RecursionError("deep")])
def test_a_check_that_fails_is_a_fault_by_its_own_name(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def check_disk() -> list[Check]:
        raise error

    monkeypatch.setattr(machine, "check_disk", check_disk)
    found = {check.name: check for check in examine_here()}
    assert (found["disk"].state, found["disk"].value.split(":")[0]) == (
        "fault",
        f"cannot be checked ({type(error).__name__}",
    )
    assert "\n" not in found["disk"].value
    assert "DEBUG=1" in found["disk"].remedy
    assert found["selftest"].state == "ok"  # the rest is checked


def test_a_model_that_makes_python_raise_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def odd(*_: object) -> object:
        raise TypeError("'int' object is not iterable")

    monkeypatch.setattr(Classifier, "load", odd)
    found = {check.name: check for check in examine_here("model.tflite")}
    assert found["model"].state == "fault"
    assert found["model"].value == "cannot be checked (TypeError: 'int' object is not iterable)"


def test_debug_shows_where_a_check_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def check_heat() -> list[Check]:
        raise ValueError("odd reading")

    monkeypatch.setattr(machine, "check_heat", check_heat)
    monkeypatch.setenv("DEBUG", "1")
    examine_here()
    assert "ValueError: odd reading" in capsys.readouterr().err


def test_a_model_whose_name_the_system_refuses_is_a_fault(tmp_path: Path) -> None:
    found = {check.name: check for check in examine_here(str(tmp_path / ("a" * 300)))}
    assert found["model"].state == "fault"
    assert found["model"].value.startswith("cannot read model ")


def test_a_model_whose_outputs_are_no_scores_is_a_fault(
    shipped_card: ModelCard, tmp_path: Path, bare_model: bytes
) -> None:
    """Its golden vectors come back, and `classify` refuses it: the card calls logits probabilities."""
    decision = dataclasses.replace(shipped_card.decision, output="probabilities", temperature=1.0)
    model = tmp_path / "model.tflite"
    model.write_bytes(attach_card(bare_model, dataclasses.replace(shipped_card, decision=decision)))
    found = {check.name: check for check in examine_here(str(model))}
    assert found["model"].state == "fault"
    assert "selftest" not in found
