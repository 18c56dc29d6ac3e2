"""The rules of the house (tests/rooms.py) over the whole project, and each of them over a sample that breaks it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import rooms

ROOT = Path(__file__).parent.parent
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder in rooms.PRODUCT
    for path in sorted((ROOT / folder).rglob("*.py"))
}
TESTS = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")}

# Modules without a test file of their own, and why.
EXCUSED: dict[str, str] = {}

RULES: dict[str, Callable[[rooms.Sources], list[str]]] = {
    "forbidden imports": rooms.forbidden_imports,
    "a command is imported": rooms.command_imports,
    "circles": rooms.circles,
    "one door": rooms.wrong_doors,
    "empty __init__": rooms.full_inits,
    "private names": rooms.shared_privates,
    "digits": rooms.digits_elsewhere,
    "a board is installed by Python alone": lambda sources: rooms.stdlib_alone(sources, "deploy/device/"),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_house_keeps(rule: str) -> None:
    found = RULES[rule](SOURCES)
    assert not found, "\n".join(found)


def test_every_room_is_in_the_table() -> None:
    assert len(SOURCES) > 100
    assert {rooms.room_of(rooms.module_of(path)) for path in SOURCES} <= set(rooms.ALLOWED)


def test_arrows_point_down() -> None:
    assert not rooms.arrows_up()


@pytest.mark.skip(reason="in the making")
def test_every_module_has_its_test() -> None:
    found = rooms.untested(SOURCES, TESTS, EXCUSED)
    assert not found, "\n".join(found)


BROKEN = [
    ("forbidden imports", {"runtime/image/files.py": "from runtime.ink.find import find_ink"}),
    ("forbidden imports", {"runtime/sources/mjpeg.py": "def f():\n    import runtime.preprocess"}),
    ("forbidden imports", {"runtime/outputs/mqtt.py": "from runtime.sources.base import Frame"}),
    ("forbidden imports", {"runtime/errors.py": "import tensorflow"}),
    ("forbidden imports", {"runtime/classify.py": "from workbench.files import write_text"}),
    ("forbidden imports", {"runtime/stream/live.py": "from . import health"}),
    ("forbidden imports", {"train/fit.py": "from convert.parity import compare"}),
    ("forbidden imports", {"train/fit.py": "from runtime.ink.find import find_ink"}),
    ("forbidden imports", {"convert/job.py": "if TYPE_CHECKING:\n    from train.fit import Plan"}),
    ("forbidden imports", {"deploy/payload.py": "from runtime.classifier import Classifier"}),
    ("forbidden imports", {"runtime/board/machine.py": "from runtime.tflite.interpreter import Interpreter"}),
    ("forbidden imports", {"runtime/classifier.py": "from runtime.ink.reader import read_text_lines"}),
    ("a command is imported", {"runtime/camera.py": "from runtime.classify import main"}),
    ("a command is imported", {"train/fit.py": "def f():\n    from train.report.__main__ import main"}),
    ("circles", {"train/a.py": "import train.b", "train/b.py": "def f():\n    from train import a"}),
    ("one door", {"runtime/camera.py": "import cv2\ncv2.VideoCapture(0)"}),
    ("one door", {"runtime/doctor.py": "import tflite_runtime"}),
    ("one door", {"runtime/cli/parser.py": "import os\nos.dup2(1, 2)"}),
    ("empty __init__", {"runtime/image/__init__.py": '"""Pictures."""\nfrom runtime.image import files'}),
    ("private names", {"runtime/camera.py": "from runtime.classifier import _ms"}),
    ("private names", {"runtime/camera.py": "from runtime import classifier\nclassifier._ms(1, 2)"}),
    ("digits", {"runtime/outputs/format.py": "def no_digits(): ..."}),
    ("digits", {"train/fit.py": "x_mnist = 1"}),
    ("a board is installed by Python alone", {"deploy/device/install.py": "import numpy"}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "sources"), BROKEN)
def test_a_broken_rule_is_found(rule: str, sources: dict[str, str]) -> None:
    (found,) = RULES[rule](sources)
    assert next(iter(sources)) in found or rooms.module_of(next(iter(sources))) in found


def test_an_arrow_up_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rooms.ALLOWED, "runtime.image", {"runtime.sources.base"})
    assert rooms.arrows_up() == ["runtime.image may import runtime.sources.base, which is not below it"]


def test_a_module_without_a_test_is_found() -> None:
    sources = {"runtime/image/new.py": "", "runtime/image/old.py": ""}
    found = rooms.untested(sources, {"tests/runtime/image/test_old.py"}, {})
    assert found == ["runtime/image/new.py has no tests/runtime/image/test_new.py"]
    assert rooms.untested(sources, {"tests/runtime/image/test_old.py"}, {"runtime/image/new.py": "why"}) == []
    assert rooms.untested({}, set(), {"runtime/gone.py": "why"}) == ["runtime/gone.py is excused and not there"]


BAR = """
import sys
class Bar:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {barred!r}:
            raise ImportError(name + " is barred")
sys.meta_path.insert(0, Bar())
"""
EVERYTHING = """
import importlib, pkgutil, runtime
barred = {barred!r}
names = [module.name for module in pkgutil.walk_packages(runtime.__path__, "runtime.")]
assert len(names) > 40, names
for name in names:
    importlib.import_module(name)
prediction = runtime.Classifier.load().predict(runtime.read_image("samples/photo_7.jpg"))
assert prediction.label == "7", prediction
heavy = barred & {{name.partition(".")[0] for name in sys.modules}}
assert not heavy, heavy
"""


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_runtime_works_with_everything_heavy_barred() -> None:
    barred = rooms.HEAVY | {"train", "convert", "workbench", "deploy", "PIL", "pytest"}
    run((BAR + EVERYTHING).format(barred=barred))


INTERPRETERS = {"ai_edge_litert", "tflite_runtime", "tensorflow"}


@pytest.mark.parametrize(
    ("modules", "barred"),
    [
        ("runtime.image.files, runtime.sources.registry", INTERPRETERS),
        ("runtime.board.machine, runtime.board.packages, runtime.doctor", {"numpy", "cv2", *INTERPRETERS}),
        ("deploy.__main__", {"numpy", "cv2", *INTERPRETERS}),
        ("runtime", {"numpy", "cv2", *INTERPRETERS}),
        ("train.__main__, train.data.load, convert.__main__", {"tensorflow", "keras", "sklearn", "matplotlib"}),
    ],
)
def test_an_import_loads_no_more_than_it_says(modules: str, barred: set[str]) -> None:
    run(BAR.format(barred=barred) + f"import {modules}")


def test_every_public_name_is_there_and_documented() -> None:
    import runtime

    reference = "".join(path.read_text("utf-8") for path in (ROOT / "docs").rglob("*.md"))
    for name in runtime.__all__:
        assert getattr(runtime, name).__doc__, name
        assert name == "__version__" or name in reference, f"docs do not name {name}"
