"""Arrows between the rooms point at the lightest one."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = {"runtime", "train", "convert", "tests", "samples", "benchmarks", "deploy"}
HEAVY = {"tensorflow", "keras", "sklearn", "matplotlib", "rich", "mlxtend"}
TRAIN_MAY_USE = {"runtime", "runtime.card", "runtime.preprocess", "runtime.ink", "runtime.command", "runtime.errors"}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add(node.module or "")
    return found


def modules(room: str) -> list[Path]:
    found = sorted((ROOT / room).rglob("*.py"))
    assert found
    return found


def roots(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("path", modules("runtime"), ids=lambda p: p.name)
def test_runtime_leans_on_nothing_here(path: Path) -> None:
    allowed = {"tensorflow"} if path.name == "interpreter.py" else set()
    assert not roots(imports(path)) & ((ROOMS - {"runtime"}) | HEAVY) - allowed


@pytest.mark.parametrize("path", modules("train"), ids=lambda p: p.name)
def test_train_sees_only_the_contract(path: Path) -> None:
    names = imports(path)
    assert not roots(names) & (ROOMS - {"runtime", "train"})
    assert {name for name in names if name.startswith("runtime")} <= TRAIN_MAY_USE


@pytest.mark.parametrize("path", modules("convert"), ids=lambda p: p.name)
def test_convert_and_train_meet_only_through_files(path: Path) -> None:
    assert not roots(imports(path)) & (ROOMS - {"runtime", "convert"})


DEPLOY_MAY_USE = {"runtime.card", "runtime.command", "runtime.errors"}


@pytest.mark.parametrize("path", modules("deploy"), ids=lambda p: p.name)
def test_deploy_needs_no_numpy(path: Path) -> None:
    """What a board is sent is a matter of files; what runs there is installed by Python alone."""
    names = imports(path)
    assert {name for name in names if roots({name}) & (ROOMS - {"deploy"})} <= DEPLOY_MAY_USE
    if path.parent.name == "device":
        assert roots(names) <= set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    "name", ["frames.py", "sources.py", "capture.py", "live.py", "preprocess.py", "ink.py", "card.py", "interpreter.py"]
)
def test_lower_rooms_do_not_know_the_classifier(name: str) -> None:
    assert "runtime.classifier" not in imports(ROOT / "runtime" / name)


def test_only_interpreter_imports_an_interpreter_and_only_capture_opens_a_camera() -> None:
    for path in modules("runtime"):
        text = path.read_text(encoding="utf-8")
        assert "VideoCapture" not in text or path.name == "capture.py"
        assert "tflite_runtime" not in text or path.name == "interpreter.py"


BARRED = """
import sys
class Bar:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {barred!r}:
            raise ImportError(name + " is barred")
sys.meta_path.insert(0, Bar())
import pkgutil, importlib, runtime
for module in pkgutil.iter_modules(runtime.__path__):
    importlib.import_module("runtime." + module.name)
prediction = runtime.Classifier.load().predict(runtime.read_image("samples/photo_7.jpg"))
assert prediction.label == "7", prediction
heavy = {barred!r} & set(name.partition(".")[0] for name in sys.modules)
assert not heavy, heavy
"""


def test_runtime_works_with_everything_heavy_barred() -> None:
    barred = HEAVY | {"train", "convert", "PIL", "pytest"}
    done = subprocess.run(
        [sys.executable, "-c", BARRED.format(barred=barred)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
