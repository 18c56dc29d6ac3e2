"""Wheels, indexes and payloads that need no network, and a folder in place of a board."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from deploy.payload import DEVICE, OWN_FILES, Payload, write_manifest
from deploy.target import Target

ROOT = Path(__file__).parent.parent.parent
HERE = Target(platform.machine(), sys.version_info[1], 36)  # this machine as a target
# A project whose selftest passes where the model says so.
PROJECT = {
    "runtime/__init__.py": "",
    "runtime/doctor.py": "print('ok    the doctor was here')",
    "runtime/selftest.py": "import pathlib, sys\ntext = pathlib.Path(sys.argv[2]).read_text()\n"
    "print('result', text)\nsys.exit(text.startswith('bad'))",
}
# systemctl: keeps what it was asked, and fails where the file `refuse` says so.
SYSTEMCTL = '#!/bin/sh\necho "$@" >> {log}\ncase "$1" in restart) [ ! -e {refuse} ] || exit 1 ;; esac\n'


def wheel(
    folder: Path,
    name: str,
    requires: Sequence[str] = (),
    files: dict[str, str] | None = None,
    extras: Sequence[str] = (),
) -> Path:
    """A wheel of that file name, as small as it gets."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    project, version = name.split("-")[:2]
    info = f"{project}-{version}.dist-info"
    headers = ["Metadata-Version: 2.1", f"Name: {project}", f"Version: {version}"]
    headers += [f"Provides-Extra: {extra}" for extra in extras]
    headers += [f"Requires-Dist: {line}" for line in requires]
    meta = {"METADATA": "\n".join(headers) + "\n", "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n", "RECORD": ""}
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**(files or {}), **{f"{info}/{key}": value for key, value in meta.items()}}.items():
            archive.writestr(zipfile.ZipInfo(file), text)  # without the time: the same wheel, the same bytes
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip and uv find wheels in, and nothing else."""
    folder = tmp_path / "index"
    arm, intel = "cp311-cp311-manylinux_2_28_aarch64", "cp311-cp311-manylinux_2_28_x86_64"
    wheel(folder, f"fast-1.0-{arm}.whl")
    wheel(folder, f"fast-2.0-{arm}.whl", ["helper>=1; python_version < '3.12'", "other; platform_machine == 'x86_64'"])
    wheel(folder, f"fast-3.0-{intel}.whl")
    wheel(folder, "fast-1.5-cp311-cp311-manylinux_2_28_armv7l.whl")
    wheel(folder, "helper-1.5-py3-none-any.whl", ["pinned<2"])
    wheel(folder, "pinned-1.9-py3-none-any.whl")
    wheel(folder, "pinned-2.1-py3-none-any.whl")
    only_index(monkeypatch, folder, tmp_path / "uv-cache")
    return folder


def only_index(monkeypatch: pytest.MonkeyPatch, folder: Path, cache: Path) -> None:
    """Make a folder the only place that pip, and so uv, look into."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    settings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null"}
    for name, value in {**settings, "UV_CACHE_DIR": str(cache)}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def payload(tmp_path: Path) -> Callable[[str], Payload]:
    """Make a payload in an inbox, with a model of that text, for this very machine."""

    def make(model: str) -> Payload:
        folder = tmp_path / "inbox"
        own = wheel(folder, "edge_classifier-1.0-py3-none-any.whl", files=PROJECT)
        for name in OWN_FILES:
            (folder / name).write_bytes((DEVICE / name).read_bytes())
        (folder / "model.tflite").write_text(model)
        return write_manifest(folder, HERE, own.name, [])

    return make


class Board:
    """A folder that stands for a board's /, with a systemctl that keeps what it is asked."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "board"
        self.home = self.root / "opt/edge-classifier"
        self.refuse = folder / "refuse"
        self.log = folder / "systemctl.log"
        tools = folder / "tools"
        tools.mkdir()
        (tools / "systemctl").write_text(SYSTEMCTL.format(log=self.log, refuse=self.refuse))
        (tools / "systemctl").chmod(0o755)
        self.path = f"{tools}:{os.environ['PATH']}"

    def install(self, folder: Path, action: str = "install") -> subprocess.CompletedProcess[str]:
        words = [sys.executable, str(folder / "install.py"), action, "--root", str(self.root)]
        env = {**os.environ, "PATH": self.path}
        return subprocess.run(words, env=env, capture_output=True, text=True, check=False)

    def release(self, link: str = "current") -> str:
        path = self.home / link
        return path.resolve().name if path.exists() else ""

    def asked(self) -> list[str]:
        """What systemctl was asked since the last time."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board(tmp_path)
