"""The wheel in a fresh environment, away from the checkout: the command edge-classifier is there, and reads a picture.

Nothing is downloaded. The packages that the project needs are wheels that hold one line, the path of those that run
the tests (a .pth file): what is tested is this project's wheel, and that pip and uv install it with what it asks for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from importlib.metadata import version
from pathlib import Path

import pytest

from runtime import __version__
from runtime.cli.main import COMMANDS
from tests.deploy.conftest import wheel

ROOT = Path(__file__).parent.parent
NEEDS = ("numpy", "opencv-python-headless", "ai-edge-litert")
PICTURE = ROOT / "samples/photo_7.jpg"


def run(*words: str | Path, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder, with nothing of this process's Python around it."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=clean | env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the project's wheel, and stand-ins for the packages that it needs."""
    folder = tmp_path_factory.mktemp("index")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    here = sysconfig.get_path("purelib")
    for name in NEEDS:
        file = f"{name.replace('-', '_')}-{version(name)}-py3-none-any.whl"
        wheel(folder, file, files={f"{name}.pth": f"{here}\n"})
    return folder


@pytest.fixture(scope="module")
def built(index: Path) -> Path:
    (path,) = index.glob("edge_classifier-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in a virtual environment that pip has installed the wheel into."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    pip = (sys.executable, "-m", "pip", "--python", folder / "bin/python", "--disable-pip-version-check", "-q")
    run(*pip, "install", "--no-index", "--find-links", index, "edge-classifier", cwd=folder, PIP_CONFIG_FILE=os.devnull)
    return folder / "bin/edge-classifier"


def test_it_reads_a_picture_from_another_folder(installed: Path, tmp_path: Path) -> None:
    assert run(installed, "--version", cwd=tmp_path).stdout == f"edge-classifier {__version__}\n"
    (tmp_path / "seven.jpg").write_bytes(PICTURE.read_bytes())
    assert run(installed, "classify", "seven.jpg", cwd=tmp_path).stdout.startswith("seven.jpg: 7 (")
    camera = run(installed, "camera", "seven.jpg", "--json", cwd=tmp_path)
    assert json.loads(camera.stdout)["label"] == "7"


def test_it_is_the_wheels_code_that_runs(installed: Path, tmp_path: Path) -> None:
    code = "import runtime; print(runtime.__file__)"
    found = run(installed.parent / "python", "-c", code, cwd=tmp_path).stdout
    assert Path(found.strip()).is_relative_to(installed.parent.parent)


def test_the_doctor_finds_the_installation_whole(installed: Path, tmp_path: Path) -> None:
    done = run(installed, "doctor", "--json", cwd=tmp_path)
    checks = {check["name"]: check for check in map(json.loads, done.stdout.splitlines())}
    assert (checks["model"]["state"], checks["selftest"]["state"]) == ("ok", "ok")
    assert checks["version"]["value"] == f"edge-classifier {__version__}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_it(installed: Path, tmp_path: Path, name: str) -> None:
    assert run(installed, name, "-h", cwd=tmp_path).stdout.startswith(f"usage: edge-classifier {name} [-h]")


def test_uvx_runs_it_without_installing(built: Path, tmp_path: Path) -> None:
    pytest.importorskip("uv", reason="uv is not installed")
    from uv import find_uv_bin

    uvx = (find_uv_bin(), "tool", "run", "--no-config", "--offline", "--python", sys.executable)
    words = (*uvx, "--no-index", "--find-links", built.parent, "--from", built, "edge-classifier")
    folders = {"UV_CACHE_DIR": str(tmp_path / "cache"), "UV_TOOL_DIR": str(tmp_path / "tools")}
    done = run(*words, "classify", PICTURE, cwd=tmp_path, **folders)
    assert done.stdout.startswith(f"{PICTURE}: 7 (")
