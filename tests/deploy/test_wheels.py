"""What the project's wheel holds and asks for, and how the wheels for another machine are found."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deploy import wheels
from deploy.errors import DeployError
from deploy.target import parse
from tests.deploy.conftest import ROOT, wheel

LITERT = {"numpy", "opencv-python-headless", "ai-edge-litert"}
SMALL = {"numpy", "opencv-python-headless", "tflite-runtime"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's own wheel, by its own build backend."""
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def test_it_holds_the_runtime_with_its_model_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        names = archive.namelist()
        model = archive.read("runtime/models/digits.tflite")
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"runtime", "edge_classifier"}
    assert model == (ROOT / "runtime/models/digits.tflite").read_bytes()
    assert {"runtime/py.typed", "runtime/camera.py", "runtime/board/systemd.py"} <= set(names)


@pytest.mark.parametrize(
    ("target", "extras", "expected"),
    [
        ("aarch64-py310", (), LITERT),
        ("aarch64-py311", (), LITERT),
        ("aarch64-py313", (), LITERT),
        ("x86_64-py312", (), LITERT),
        ("armv7l-py311", (), {"tflite-runtime"}),  # numpy and OpenCV are the distribution's
        ("armv7l-py313", (), set()),  # no interpreter has wheels for it
        ("aarch64-py311", ("tflite-runtime",), SMALL),
        ("armv7l-py311", ("tflite-runtime",), {"tflite-runtime"}),
        ("aarch64-py311", ("mqtt",), LITERT | {"paho-mqtt"}),
        ("aarch64-py311", ("mqtt", "tflite-runtime"), SMALL | {"paho-mqtt"}),
    ],
)
def test_a_board_is_asked_for_what_it_needs_alone(
    built: Path, target: str, extras: tuple[str, ...], expected: set[str]
) -> None:
    asked = wheels.requirements(built, parse(target), extras)
    assert {requirement.name for requirement in asked} == expected


def test_the_small_set_is_the_one_that_was_measured(built: Path) -> None:
    asked = wheels.requirements(built, parse("aarch64-py311"), ["tflite-runtime"])
    allowed = {
        r.name: [v for v in ("1.26.4", "2.4.6", "2.14.0", "4.10.0.84", "5.0.0.93") if r.specifier.contains(v)]
        for r in asked
    }
    assert "2.4.6" not in [v for r in asked if r.name == "numpy" and "<2" in str(r.specifier) for v in allowed["numpy"]]
    assert allowed["tflite-runtime"] == ["2.14.0"]
    assert allowed["opencv-python-headless"] == ["4.10.0.84"]


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip finds wheels in, and nothing else."""
    folder = tmp_path / "index"
    arm, intel = "cp311-cp311-manylinux_2_28_aarch64", "cp311-cp311-manylinux_2_28_x86_64"
    wheel(folder, f"fast-1.0-{arm}.whl")
    wheel(folder, f"fast-2.0-{arm}.whl", ["helper>=1; python_version < '3.12'", "other; platform_machine == 'x86_64'"])
    wheel(folder, f"fast-3.0-{intel}.whl")
    wheel(folder, "helper-1.5-py3-none-any.whl", ["pinned<2"])
    wheel(folder, "pinned-1.9-py3-none-any.whl")
    wheel(folder, "pinned-2.1-py3-none-any.whl")
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    return folder


def test_what_is_needed_on_another_machine_is_found(index: Path, tmp_path: Path) -> None:
    """The newest for that machine; what its own Python and machine ask for; every limit kept."""
    project = wheel(tmp_path, "project-1.0-py3-none-any.whl", ["fast", "pinned"])
    folder = tmp_path / "wheels"
    found = wheels.collect(project, parse("aarch64-py311"), (), folder)
    assert [path.name.rsplit("-", 3)[0] for path in found] == ["fast-2.0", "helper-1.5", "pinned-1.9"]
    for path in index.iterdir():
        path.unlink()
    assert wheels.collect(project, parse("aarch64-py311"), (), folder) == found  # what is at hand is taken


def test_a_wheel_that_is_nowhere_is_named(index: Path, tmp_path: Path) -> None:
    project = wheel(tmp_path, "project-1.0-py3-none-any.whl", ["fast>=3"])
    with pytest.raises(DeployError, match=r"no wheels for aarch64-py311: .*fast>=3"):
        wheels.collect(project, parse("aarch64-py311"), (), tmp_path / "wheels")
