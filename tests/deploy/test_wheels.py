"""The project's wheel: its content, and the wheels that a board of another kind needs beside it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from deploy import wheels
from deploy.errors import DeployError
from deploy.target import parse
from tests.deploy.conftest import ROOT, only_index, wheel

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


@pytest.fixture(scope="module")
def real_names(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages that the project needs, as empty wheels for every machine that the real ones are there for."""
    folder = tmp_path_factory.mktemp("index")
    for machine in ("aarch64", "x86_64"):
        for python in ("310", "311", "312", "313"):
            own = f"cp{python}-cp{python}-manylinux_2_27_{machine}"
            for name in ("numpy-1.26.4", "numpy-2.4.6"):
                wheel(folder, f"{name}-{own}.whl")
            wheel(folder, f"ai_edge_litert-2.3.0-{own}.whl", ["numpy>=1.23.2"])
        for name in ("opencv_python_headless-4.10.0.84", "opencv_python_headless-5.0.0.93"):
            wheel(folder, f"{name}-cp37-abi3-manylinux_2_28_{machine}.whl", ["numpy>=1.21.2"])
    for machine in ("aarch64", "x86_64", "armv7l"):
        for python in ("310", "311"):
            name = f"tflite_runtime-2.14.0-cp{python}-cp{python}-manylinux_2_34_{machine}.whl"
            wheel(folder, name, ["numpy>=1.23.2"])
    wheel(folder, "paho_mqtt-2.1.0-py3-none-any.whl")
    return folder


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
        ("aarch64-py311", ("mqtt",), LITERT),
        ("aarch64-py311", ("mqtt", "tflite-runtime"), SMALL),
    ],
)
def test_a_board_is_given_what_it_needs_alone(
    built: Path,
    real_names: Path,
    target: str,
    extras: tuple[str, ...],
    expected: set[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only_index(monkeypatch, real_names, tmp_path / "uv-cache")
    found = wheels.collect(built, parse(target), extras, tmp_path)
    assert {path.name.partition("-")[0].replace("_", "-") for path in found} == expected
    versions = {path.name.split("-")[0]: path.name.split("-")[1] for path in found}
    if expected >= SMALL:  # the set that was measured
        assert versions["numpy"].startswith("1.")
        assert versions["tflite_runtime"] == "2.14.0"
        assert versions["opencv_python_headless"] == "4.10.0.84"
    elif "numpy" in versions:
        assert versions["numpy"] == "2.4.6"


def test_an_unknown_extra_is_named_beside_the_known_ones(built: Path, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"expected extras of .*mqtt.*; received web$"):
        wheels.collect(built, parse("aarch64-py311"), ["mqtt", "web"], tmp_path)


def test_what_is_needed_on_another_machine_is_found(index: Path, tmp_path: Path) -> None:
    """The newest for that machine; what its own Python and machine ask for; every limit kept."""
    project = wheel(tmp_path, "project-1.0-py3-none-any.whl", ["fast", "pinned"])
    folder = tmp_path / "wheels"
    found = wheels.collect(project, parse("aarch64-py311"), (), folder)
    assert [path.name.rsplit("-", 3)[0] for path in found] == ["fast-2.0", "helper-1.5", "pinned-1.9"]
    for path in index.iterdir():
        path.unlink()
    assert wheels.collect(project, parse("aarch64-py311"), (), folder) == found  # what is at hand is taken


def test_32_bit_arm(index: Path, tmp_path: Path) -> None:
    """uv has no --python-platform for it."""
    needs = ["fast", "helper; platform_machine == 'armv7l'", "other; platform_machine == 'aarch64'", "numpy"]
    project = wheel(tmp_path, "project-1.0-py3-none-any.whl", needs)
    found = wheels.collect(project, parse("armv7l-py311"), (), tmp_path / "wheels")
    assert [path.name.rsplit("-", 3)[0] for path in found] == ["fast-1.5", "helper-1.5", "pinned-1.9"]


def test_versions_stay_until_the_requirements_change(index: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wheels"
    project = wheel(tmp_path, "project-1.0-py3-none-any.whl", ["pinned"])
    assert [path.name for path in wheels.collect(project, parse("aarch64-py311"), (), folder)] == [
        "pinned-2.1-py3-none-any.whl"
    ]
    wheel(index, "pinned-2.2-py3-none-any.whl")
    assert [path.name for path in wheels.collect(project, parse("aarch64-py311"), (), folder)] == [
        "pinned-2.1-py3-none-any.whl"
    ]
    project = wheel(tmp_path, "project-1.0-py3-none-any.whl", ["pinned<2"])
    assert [path.name for path in wheels.collect(project, parse("aarch64-py311"), (), folder)] == [
        "pinned-1.9-py3-none-any.whl"
    ]


def test_a_damaged_wheel_is_fetched_again(index: Path, tmp_path: Path) -> None:
    project = wheel(tmp_path, "project-1.0-py3-none-any.whl", ["pinned"])
    (path,) = wheels.collect(project, parse("aarch64-py311"), (), tmp_path / "wheels")
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    assert wheels.collect(project, parse("aarch64-py311"), (), tmp_path / "wheels") == [path]
    assert path.read_bytes() == whole


def test_a_wheel_that_is_not_the_one_that_was_pinned_is_refused(index: Path, tmp_path: Path) -> None:
    project = wheel(tmp_path, "project-1.0-py3-none-any.whl", ["pinned"])
    (path,) = wheels.collect(project, parse("aarch64-py311"), (), tmp_path / "wheels")
    path.unlink()
    wheel(index, path.name, files={"pinned.py": "print('another')"})
    with pytest.raises(DeployError, match=r"DO NOT MATCH THE HASHES"):
        wheels.collect(project, parse("aarch64-py311"), (), tmp_path / "wheels")


def test_uv_looks_into_the_index_that_pip_is_set_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    only_index(monkeypatch, tmp_path, tmp_path / "uv-cache")
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name)
    page = tmp_path / "simple/pinned/index.html"
    wheel(page.parent, "pinned-2.1-py3-none-any.whl")
    page.write_text('<!DOCTYPE html><a href="pinned-2.1-py3-none-any.whl">pinned-2.1-py3-none-any.whl</a>')
    monkeypatch.setenv("PIP_INDEX_URL", page.parent.parent.as_uri())
    project = wheel(tmp_path, "project-1.0-py3-none-any.whl", ["pinned"])
    (found,) = wheels.collect(project, parse("aarch64-py311"), (), tmp_path / "wheels")
    assert found.name == "pinned-2.1-py3-none-any.whl"


def test_a_wheel_that_is_nowhere_is_named(index: Path, tmp_path: Path) -> None:
    project = wheel(tmp_path, "project-1.0-py3-none-any.whl", ["fast>=3"])
    with pytest.raises(DeployError, match=r"no wheels for aarch64-py311: .*fast>=3"):
        wheels.collect(project, parse("aarch64-py311"), (), tmp_path / "wheels")
