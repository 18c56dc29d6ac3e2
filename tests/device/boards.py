"""The emulated boards: how each is made, what is installed on it and which commands run there. Two at a time."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy import target as targets
from deploy.payload import Payload, assemble, pack
from runtime.classifier import DEFAULT_MODEL
from tests.device.root import PI_2, PI_4, PI_5, Chip, Root, size

ROOT = Path(__file__).parent.parent.parent
WORK = Path(os.environ.get("DEVICE_LAB", "/tmp/edge-classifier-device"))
CURRENT = "/opt/edge-classifier/current"
PYTHON = f"{CURRENT}/env/bin/python"
# Prints the peak resident memory of a child process. Of a child that does nothing, it is qemu's share.
RESIDENT = "import resource, sys; print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)"


@dataclass(frozen=True)
class BoardKind:
    """A kind of board to emulate.

    Attributes:
        name: Its name in the results: distribution, architecture, interpreter.
        arch: Debian's name of the architecture.
        suite: The release of Debian.
        chip: The processor.
        target: As `make bundle TARGET=` takes it.
        extras: As `make bundle EXTRAS=` takes them.
        packages: Packages of Debian beside the usual ones.
    """

    name: str
    arch: str
    suite: str
    chip: Chip
    target: str
    extras: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()


KINDS = (
    BoardKind("Bookworm arm64, LiteRT", "arm64", "bookworm", PI_4, "aarch64-py311"),
    BoardKind("Trixie arm64, LiteRT", "arm64", "trixie", PI_5, "aarch64-py313"),
    BoardKind("Bookworm arm64, tflite-runtime", "arm64", "bookworm", PI_4, "aarch64-py311", ("tflite-runtime",)),
    BoardKind(
        "Bookworm armhf, tflite-runtime",
        "armhf",
        "bookworm",
        PI_2,
        "armv7l-py311",
        packages=("python3-numpy", "python3-opencv"),
    ),
)


@dataclass
class Board:
    """An emulated board with the project installed.

    Attributes:
        kind: What it emulates.
        root: Its root folder.
        payload: What was installed.
        done: Name of each command that ran there -> its result.
        figures: Name of each measurement -> bytes.
    """

    kind: BoardKind
    root: Root
    payload: Payload
    done: dict[str, subprocess.CompletedProcess[str]] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)

    def run(self, name: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m WORDS` where the project is installed, and keep the result under `name`."""
        self.done[name] = self.root.enter(PYTHON, "-m", *words, cwd=CURRENT)
        return self.done[name]


def host_readings() -> dict[str, Any]:
    """Classify the samples on this machine."""
    words = [sys.executable, "-m", "tests.device.probe", "samples"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    readings: dict[str, Any] = json.loads(done.stdout)
    return readings


def all_boards(host: dict[str, Any]) -> dict[str, Future[Board]]:
    """Start making every board, two at a time."""
    payloads = {kind.name: payload_of(kind) for kind in KINDS}
    pool = ThreadPoolExecutor(2)
    futures = {kind.name: pool.submit(make_board, kind, payloads[kind.name], host) for kind in KINDS}
    pool.shutdown(wait=False)
    return futures


def payload_of(kind: BoardKind) -> Payload:
    """Assemble a payload as make bundle does, in a folder that the tests of deploy do not write into."""
    payload = assemble(ROOT, targets.parse(kind.target), kind.extras, DEFAULT_MODEL, ROOT / "build")
    folder = WORK / "payloads" / payload.folder.name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(payload.folder, folder)
    return dataclasses.replace(payload, folder=folder)


def make_board(kind: BoardKind, payload: Payload, host: dict[str, Any]) -> Board:
    """Make a board, install the project on it and run every command there."""
    name = kind.name.lower().replace(", ", "-").replace(" ", "-")
    root = Root(WORK / name, kind.arch, kind.suite, kind.chip)
    root.make(kind.packages)
    board = Board(kind, root, payload)
    root.copy_in(ROOT / "samples", "/samples")
    root.copy_in(ROOT / "tests/device/probe.py", "/probe/probe.py")
    given = {name: reading["pixels"] for name, reading in host["readings"].items()}
    (root.path / "probe/given.json").write_text(json.dumps(given))
    before = size(root.path / "opt")
    install_bundle(board)
    board.figures["downloaded"] = sum(
        (payload.folder / n).stat().st_size for n in payload.files() if n.endswith(".whl")
    )
    board.figures["on disk"] = size(root.path / "opt") - before
    run_commands(board)
    return board


def install_bundle(board: Board) -> None:
    """Unpack a bundle and run its script, as a person does; and ask pip what it would have chosen."""
    archive = WORK / f"{board.root.path.name}.tar"
    pack(board.payload, archive, "bundle")
    subprocess.run(["tar", "-C", str(board.root.path / "root"), "-xf", str(archive)], check=True)
    board.done["install"] = board.root.enter("python3", "/root/bundle/install.py")
    if not board.kind.extras:  # an extra only adds: pip installs LiteRT as well
        board.done["pip"] = _pip(board, PYTHON, "/root/bundle")


def _pip(board: Board, python: str, wheels: str) -> subprocess.CompletedProcess[str]:
    """Ask the board's pip what it would install, by the project's metadata and that machine's markers."""
    # On 32 bits numpy is the distribution's, and has to be seen.
    more = [] if board.root.arch == "armhf" else ["--ignore-installed"]
    words = ["install", "--dry-run", "--disable-pip-version-check", "--no-index", "--find-links", wheels, *more]
    return board.root.enter(python, "-m", "pip", *words, "edge-classifier")


def run_commands(board: Board) -> None:
    """Run every command of the runtime, and measure its memory."""
    own = ["-m", "model.tflite"]
    board.run("classify", "runtime.classify", "--json", "/samples")  # the first start there: cold
    board.run("doctor", "runtime.doctor", "--json", *own)
    board.run("selftest", "runtime.selftest", *own)
    board.run("read", "runtime.classify", "--read", "/samples/lines/note_31415_92653.jpg")
    board.run("benchmark", "runtime.benchmark", "--json", "--count", "5", "--warmup", "1", "--num-threads", "1")
    probe = ["/probe/probe.py", "/samples", "/probe/given.json"]
    board.done["probe"] = board.root.enter(PYTHON, *probe, cwd=CURRENT, env={"PYTHONPATH": CURRENT})
    for name, words in (("resident", "-m runtime.classify /samples/photo_7.jpg"), ("resident, bare", "-c pass")):
        code = f"import subprocess; subprocess.run([{PYTHON!r}, *{words.split()!r}], stdout=-3); {RESIDENT}"
        board.done[name] = board.root.enter(PYTHON, "-c", code, cwd=CURRENT)
