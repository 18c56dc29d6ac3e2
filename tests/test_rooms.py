"""The rules of the house (tests/rooms.py) over the whole project, and each of them over a sample that breaks it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from convert.quantize import QUANTIZATIONS
from runtime.preprocess import FRAMINGS
from runtime.sources.registry import SCHEMES
from tests import naming, rooms
from tests.runtime.outputs.test_registry import FLAGS
from train.data.kinds import KINDS

ROOT = Path(__file__).parent.parent
CONF = "deploy/device/edge-classifier.conf"
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder in rooms.PRODUCT
    for path in sorted((ROOT / folder).rglob("*.py"))
}
TESTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")}

# Modules without a test file of their own, and why.
EXCUSED: dict[str, str] = {}

RULES: dict[str, Callable[[rooms.Sources], list[str]]] = {
    "forbidden imports": rooms.forbidden_imports,
    "a command is imported": rooms.command_imports,
    "circles": rooms.circles,
    "one door": naming.wrong_doors,
    "empty __init__": naming.full_inits,
    "private names": naming.shared_privates,
    "one catch": naming.wrong_catches,
    "digits": naming.digits_elsewhere,
    "a board is installed by Python alone": lambda sources: rooms.stdlib_alone(sources, "deploy/device/"),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_house_keeps(rule: str) -> None:
    found = RULES[rule](SOURCES)
    assert not found, "\n".join(found)


def test_a_test_uses_no_private_name_but_of_the_module_it_tests() -> None:
    found = naming.shared_privates({**SOURCES, **TESTS})
    assert not found, "\n".join(found)


def test_every_room_is_in_the_table() -> None:
    assert len(SOURCES) > 100
    assert {rooms.room_of(rooms.module_of(path)) for path in SOURCES} <= set(rooms.ALLOWED)


def test_arrows_point_down() -> None:
    assert not rooms.arrows_up()


def test_every_module_has_its_test() -> None:
    found = naming.untested(SOURCES, set(TESTS), EXCUSED)
    assert not found, "\n".join(found)


BROKEN = [
    ("forbidden imports", {"runtime/image/files.py": "from runtime.ink.find import find_ink"}),
    ("forbidden imports", {"runtime/sources/mjpeg.py": "def f():\n    import runtime.preprocess"}),
    ("forbidden imports", {"runtime/outputs/mqtt.py": "from runtime.sources.base import Frame"}),
    ("forbidden imports", {"runtime/errors.py": "import tensorflow"}),
    ("forbidden imports", {"runtime/errors.py": "import requests"}),
    ("forbidden imports", {"runtime/outputs/mqtt_client.py": "import paho.mqtt.client"}),
    ("forbidden imports", {"runtime/camera.py": "def f():\n    import picamera2"}),
    ("forbidden imports", {"workbench/metrics.py": "def f():\n    import keras"}),
    ("forbidden imports", {"runtime/doctor.py": "from tests.rooms import imports"}),
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
    ("one door", {"runtime/doctor.py": "import_module('ai_edge_litert.interpreter')"}),
    ("one door", {"runtime/cli/parser.py": "import os\nos.dup2(1, 2)"}),
    ("one catch", {"runtime/classifier.py": "try: ...\nexcept (OSError, EdgeError): ..."}),
    ("one catch", {"runtime/cli/parser.py": ""}),
    ("empty __init__", {"runtime/image/__init__.py": '"""Pictures."""\nfrom runtime.image import files'}),
    ("private names", {"runtime/camera.py": "from runtime.classifier import _ms"}),
    ("private names", {"runtime/camera.py": "from runtime import classifier\nclassifier._ms(1, 2)"}),
    ("digits", {"runtime/outputs/format.py": "def no_digits(): ..."}),
    ("private names", {"tests/runtime/test_camera.py": "from runtime.classifier import _ms"}),
    ("digits", {"train/fit.py": "x_mnist = 1"}),
    ("digits", {"train/fit.py": "from os import path as digits_path"}),
    ("a board is installed by Python alone", {"deploy/device/install.py": "import numpy"}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "sources"), BROKEN)
def test_a_broken_rule_is_found(rule: str, sources: dict[str, str]) -> None:
    (found,) = RULES[rule](sources)
    assert next(iter(sources)) in found or rooms.module_of(next(iter(sources))) in found


def test_a_test_may_use_what_is_private_to_the_module_it_tests() -> None:
    sources = {"runtime/native.py": "def _a(): ...", "tests/runtime/test_native.py": "from runtime.native import _a"}
    assert naming.shared_privates(sources) == []


def test_a_module_without_a_room_is_found() -> None:
    assert rooms.room_of("runtime.image.files") == "runtime.image"
    assert rooms.room_of("runtime") == "runtime"
    assert rooms.room_of("runtime.vision.files") not in rooms.ALLOWED


def test_an_arrow_up_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(rooms.ALLOWED, "runtime.image", {"runtime.sources.base"})
    assert rooms.arrows_up() == ["runtime.image may import runtime.sources.base, which is not below it"]


def test_a_module_without_a_test_is_found() -> None:
    sources = {"runtime/image/new.py": "", "runtime/image/old.py": ""}
    found = naming.untested(sources, {"tests/runtime/image/test_old.py"}, {})
    assert found == ["runtime/image/new.py has no tests/runtime/image/test_new.py"]
    assert naming.untested(sources, {"tests/runtime/image/test_old.py"}, {"runtime/image/new.py": "why"}) == []
    assert naming.untested({}, set(), {"runtime/gone.py": "why"}) == ["runtime/gone.py is excused and not there"]


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

    text = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    shown = re.findall(r"^::: runtime\.(\w+)$", text, re.MULTILINE)
    assert sorted([*shown, "__version__"]) == runtime.__all__
    for name in shown:
        assert getattr(runtime, name).__doc__, name


def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def help_of(module: str) -> str:
    """What `python -m MODULE -h` prints."""
    words = [sys.executable, "-m", module, "-h"]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def passage(text: str, begin: str, end: str) -> str:
    """What a text says between two marks, of which the first is there once."""
    assert text.count(begin) == 1, begin
    return text.partition(begin)[2].partition(end)[0]


def quoted(text: str) -> set[str]:
    """The words between backquotes."""
    return set(re.findall(r"`([^`\s]+)`", text))


def row_of(text: str, name: str) -> set[str]:
    """The last column of a table's row: the words between backquotes."""
    return quoted(passage(text, f"\n| {name} |", "\n").split("|")[-2])


def column(path: str, head: str) -> set[str]:
    """The first column of a page's table: the words between backquotes."""
    rows = passage(text_of(path), f"| {head} |", "\n\n").splitlines()[2:]
    return {word for row in rows for word in re.findall(r"`([^`\s]+)", row.split("|")[1])}


def schemes(text: str) -> set[str]:
    """The URL schemes that a text names; "rtsp[s]://" is two, and a camera's node is v4l2."""
    found = {"v4l2"} if "/dev/video" in text else set()
    for name, secure in re.findall(r"\b([a-z0-9]+)(\[s\])?://", text):
        found |= {name, f"{name}s"} if secure else {name}
    return found


def flags(text: str) -> set[str]:
    """The options of outputs that a text names."""
    return set(re.findall(r"--[a-z][a-z-]+", text)) & set(FLAGS)


def said() -> Iterator[tuple[str, str, set[str], set[str]]]:
    """(seam, who says it, what it says, what the registry has)."""
    readme, camera, train, conf = text_of("README.md"), help_of("runtime.camera"), help_of("train"), text_of(CONF)

    framings = set(FRAMINGS)
    card = json.loads(text_of("docs/card.schema.json"))["$defs"]["InputSpec"]["properties"]["framing"]
    yield "framing", "the card's schema", set(card["examples"]), framings
    yield "framing", "the card's page", row_of(text_of("docs/reference/card.md"), "`framing`"), framings
    yield "framing", "train -h", set(" ".join(passage(train, "become inputs:", "(").split()).split(", ")), framings
    yield "framing", "README", row_of(readme, "framing"), framings

    urls = {name for name in SCHEMES if " " not in name}
    yield "source", "camera -h", schemes(passage(camera, "a camera, a stream or pictures:", "options:")), urls
    yield "source", "the service's settings", schemes(passage(conf, "one of:", "SOURCE=")), urls
    yield "source", "README", schemes(passage(readme, "The source is ", "; a camera")), urls

    yield "output", "camera -h", flags(camera), set(FLAGS)
    yield "output", "the service's settings", flags(passage(conf, "Any other options", "\nOPTIONS=")), set(FLAGS)
    yield "output", "their page", column("docs/how-to/outputs.md", "option"), set(FLAGS)
    yield "output", "README", flags(passage(readme, "Readings also go to", "\n\n")), set(FLAGS)

    quantizations = set(QUANTIZATIONS)
    choices = passage(help_of("convert").partition("options:")[2], "--quantization {", "}")
    yield "quantization", "convert -h", set(choices.split(",")), quantizations
    yield "quantization", "their page", column("docs/how-to/compare-quantizations.md", "name"), quantizations
    yield "quantization", "README", row_of(readme, "quantization"), quantizations

    kinds = {kind.name for kind in KINDS}
    listed = re.findall(r"^  (\S+)  ", passage(train, "\ndata:\n", "\n\n"), re.MULTILINE)
    yield "dataset", "train -h", set(listed), kinds
    yield "dataset", "their page", column("docs/how-to/train.md", "`--data`"), kinds
    yield "dataset", "README", row_of(readme, "dataset"), kinds


def test_everybody_says_what_the_registries_have() -> None:
    wrong = [
        f"{seam}: {who} says {sorted(names)}; the registry has {sorted(rows)}"
        for seam, who, names, rows in said()
        if names != rows
    ]
    assert not wrong, "\n".join(wrong)
