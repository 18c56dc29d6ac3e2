#!/usr/bin/env python3
"""Install what lies beside this file on this board, or fall back to what was there before.

    sudo python3 install.py              install, prove, swap in, start the service
    sudo python3 install.py rollback     swap the version before back in

It needs Python alone, and no network. On the board:

    /opt/edge-classifier/environments/ID   virtual environments with what the project needs
    /opt/edge-classifier/releases/ID       the project, its model, its service and this file
    /opt/edge-classifier/current           -> the release that runs
    /opt/edge-classifier/previous          -> the one before

Whatever ends this at whatever moment, `current` is a whole release that passed its selftest here.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "edge-classifier"
UNIT, CONF, MANIFEST, INSTALLER = f"{NAME}.service", f"{NAME}.conf", "payload.json", "install.py"
READY = "ready.json"  # in an environment that is whole
GROUPS = ("video", "render")  # who may read cameras


class Failed(Exception):
    """What was expected, what came, and what to do."""


@dataclass(frozen=True)
class Board:
    """Where things go. root: "/", or a folder that stands for it."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / "opt" / NAME

    @property
    def conf(self) -> Path:
        return self.root / "etc" / CONF

    @property
    def unit(self) -> Path:
        return self.root / "etc/systemd/system" / UNIT

    def release(self, link: str) -> Path | None:
        """The release that `current` or `previous` names, where it is whole."""
        path = self.home / link
        return path.resolve() if (path / MANIFEST).exists() else None


def read_manifest(payload: Path) -> dict[str, Any]:
    """The payload's manifest, every file of it found whole."""
    try:
        manifest: dict[str, Any] = json.loads((payload / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Failed(f"expected a payload in {payload}: {error}; send it, or unpack it, again") from None
    if sys.version_info[:2] != tuple(map(int, manifest["python"].split("."))) or _machine() != manifest["machine"]:
        have = f"{_machine()}-py{sys.version_info[0]}{sys.version_info[1]}"
        raise Failed(
            f"this is for {manifest['machine']} with Python {manifest['python']}; this board is {have}. "
            f"Make one for it: make bundle TARGET={have}"
        )
    return manifest


def check_files(payload: Path, manifest: dict[str, Any], names: list[str]) -> None:
    """Raise Failed where one of these files is not the one that was packed."""
    for name in names:
        path = payload / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != manifest["sha256"][name]:
            state = "is damaged" if path.is_file() else "is missing"
            raise Failed(f"{name} {state}; send it, or unpack it, again")


def _machine() -> str:
    """As `uname -m` says; a 32-bit Python under a 64-bit kernel is a 32-bit board all the same."""
    machine = platform.machine()
    return "armv7l" if sys.maxsize < 2**32 and machine in ("aarch64", "armv8l") else machine


def run(words: list[str], hint: str, **more: Any) -> None:
    """Run a command whose output is the person's to see; Failed with a hint where it fails."""
    sys.stdout.flush()
    status = subprocess.run(words, check=False, **more).returncode
    if status:
        raise Failed(f"{' '.join(map(str, words[:5]))} ... ended with status {status}; {hint}")


def make_environment(board: Board, payload: Path, manifest: dict[str, Any]) -> Path:
    """A virtual environment with the payload's dependencies, made once for each set of them."""
    place = board.home / "environments" / str(manifest["environment"])
    if (place / READY).exists():
        return place
    check_files(payload, manifest, manifest["dependencies"])
    print(f"making {place}", flush=True)
    shutil.rmtree(place, ignore_errors=True)  # a cut connection's
    bare = [] if manifest["dependencies"] else ["--without-pip"]
    # picamera2 comes from the distribution alone.
    words = [sys.executable, "-m", "venv", "--system-site-packages", *bare, str(place)]
    # It and pip hold the lock where they outlive this process.
    run(words, "sudo apt install python3-venv", close_fds=False)
    if manifest["dependencies"]:
        pip = [str(place / "bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        # The very wheels that were packed, whatever the distribution has: they were measured to fit together.
        pip += ["--no-index", "--no-deps", "--ignore-installed", "--no-cache-dir", "--root-user-action=ignore"]
        run(
            [*pip, *(str(payload / name) for name in manifest["dependencies"])],
            "is the disk full? df -h /opt",
            close_fds=False,
        )
    _write(place / READY, json.dumps(manifest["dependencies"]))
    return place


def make_release(board: Board, payload: Path, manifest: dict[str, Any], environment: Path) -> Path:
    """The project and its model in a folder that gets its name when its selftest has passed there."""
    place = board.home / "releases" / str(manifest["release"])
    if is_whole(place):
        prove(place)
        return place
    small = sorted(set(manifest["sha256"]) - set(manifest["dependencies"]))
    check_files(payload, manifest, small)
    for left in place.parent.glob("*.new"):  # by what was cut off, or failed
        shutil.rmtree(left, ignore_errors=True)
    fresh = place.with_name(f"{place.name}.new")
    fresh.mkdir(parents=True)
    with zipfile.ZipFile(payload / manifest["wheel"]) as wheel:
        wheel.extractall(fresh)
    for name in (manifest["model"], UNIT, CONF, INSTALLER, MANIFEST):
        shutil.copyfile(payload / name, fresh / name)
    # What `sha256sum -c` reads, and the doctor: a model that was swapped later is found out.
    _write(fresh / f"{manifest['model']}.sha256", f"{manifest['sha256'][manifest['model']]}  {manifest['model']}\n")
    (fresh / "env").symlink_to(Path("../../environments") / environment.name)
    python = str(fresh / "env/bin/python")
    run([python, "-m", "compileall", "-q", str(fresh / "runtime")], "the wheel is damaged; send it again")
    prove(fresh)
    os.sync()  # a board loses its power more often than others
    if place.exists():  # damaged since
        shutil.rmtree(f"{place}.old", ignore_errors=True)
        place.rename(f"{place}.old")
    fresh.rename(place)
    return place


def is_whole(release: Path) -> bool:
    """Whether a release is there with the model it was made with."""
    note, manifest = release / "model.tflite.sha256", release / MANIFEST
    if not note.exists() or not manifest.exists():
        return False
    model = release / json.loads(manifest.read_text(encoding="utf-8"))["model"]
    return model.exists() and hashlib.sha256(model.read_bytes()).hexdigest() == note.read_text().split()[0]


def prove(release: Path) -> None:
    """The doctor's look for a person to read; then the selftest, which decides."""
    model = json.loads((release / MANIFEST).read_text(encoding="utf-8"))["model"]
    for name in ("doctor", "selftest"):
        print(f"\npython -m runtime.{name}", flush=True)
        # Into a pipe of our own: whoever watches may be cut off, and the answer must still come.
        done = subprocess.run(
            [str(release / "env/bin/python"), "-m", f"runtime.{name}", "-m", model],
            cwd=release,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        print(done.stdout, flush=True)
    if done.returncode:
        raise Failed("the selftest does not pass here, so this version stays out; what ran before still runs")


def point(link: Path, target: Path) -> None:
    """Make `link` name `target`, at once: who looks sees the old or the new."""
    fresh = link.with_name(f"{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(Path("releases") / target.name)
    fresh.replace(link)


def activate(board: Board, release: Path) -> None:
    """Swap a proven release in and start its service; the one before comes back where it does not start."""
    before, older = board.release("current"), board.release("previous")
    if before and before != release.resolve():
        point(board.home / "previous", before)
    _switch(board, release)
    try:
        run(["systemctl", "restart", UNIT], f"see why: journalctl -u {NAME} -n 50")
    except Failed as error:
        if before is None or before == release.resolve():
            raise
        _switch(board, before)
        point(board.home / "previous", older or before)
        subprocess.run(["systemctl", "restart", UNIT], check=False)
        raise Failed(f"{error}; {before.name} is back in its place") from None


def _switch(board: Board, release: Path) -> None:
    point(board.home / "current", release)
    _write(board.unit, (release / UNIT).read_text(encoding="utf-8"))
    if not board.conf.exists():
        _write(board.conf, (release / CONF).read_text(encoding="utf-8"))
    run(["systemctl", "daemon-reload"], "is this a system with systemd?")
    run(["systemctl", "enable", "-q", UNIT], "is this a system with systemd?")


def _write(path: Path, text: str) -> None:
    """A file that is whole or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)


def make_user(board: Board) -> None:
    """The service's own user, which may read cameras and nothing else."""
    known = {line.partition(":")[0] for line in _lines(board.root / "etc/passwd")}
    if board.root != Path("/") or NAME in known:
        return
    groups = {line.partition(":")[0] for line in _lines(board.root / "etc/group")} & set(GROUPS)
    words = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", f"/var/lib/{NAME}"]
    words += ["--shell", "/usr/sbin/nologin", "--groups", ",".join(sorted(groups)), NAME]
    run(words, "the service needs a user of its own")


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def tidy(board: Board, payload: Path, manifest: dict[str, Any]) -> None:
    """Remove releases and environments that nothing names, and wheels that are installed."""
    kept = {path for path in (board.release("current"), board.release("previous")) if path}
    used = {(path / "env").resolve() for path in kept}
    for folder, keep in (("releases", kept), ("environments", used)):
        for path in (board.home / folder).iterdir():
            if path.resolve() not in keep:
                shutil.rmtree(path, ignore_errors=True)
    if payload.name == "inbox":  # what deploy sent; a bundle stays as it was unpacked
        for name in manifest["dependencies"]:
            (payload / name).unlink(missing_ok=True)


@contextmanager
def alone(board: Board) -> Iterator[None]:
    """One installation at a time: what a cut connection left running is waited for."""
    board.home.mkdir(parents=True, exist_ok=True)
    with (board.home / "lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(board: Board, payload: Path) -> None:
    """Everything; afterwards `current` is this payload's release."""
    manifest = read_manifest(payload)
    with alone(board):
        make_user(board)
        environment = make_environment(board, payload, manifest)
        release = make_release(board, payload, manifest, environment)
        activate(board, release)
        tidy(board, payload, manifest)
    report(board, "installed")


def rollback(board: Board) -> None:
    """`previous` becomes `current`, and the other way round, where its selftest passes."""
    with alone(board):
        before = board.release("previous")
        if before is None or before == board.release("current"):
            raise Failed("there is no other version on this board to fall back to; deploy one: make deploy HOST=...")
        prove(before)
        activate(board, before)
    report(board, "rolled back to")


def report(board: Board, done: str) -> None:
    """What runs now, and where to look."""
    current, previous = board.release("current"), board.release("previous")
    print(f"{done} {current.name if current else 'nothing'}; before: {previous.name if previous else 'none'}")
    print(f"readings   journalctl -u {NAME} -f")
    print(f"service    systemctl status {NAME}")
    print(f"settings   {board.conf}, then: sudo systemctl restart {NAME}")
    print(f"doctor     cd {board.home}/current && env/bin/python -m runtime.doctor -m model.tflite")


def main() -> int:
    """0, or 1 and an `error:` line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", nargs="?", choices=("install", "rollback"), default="install")
    parser.add_argument("--root", type=Path, default=Path("/"), help="a folder that stands for / (for tests)")
    options = parser.parse_args()
    board = Board(options.root)
    os.umask(0o022)  # the service's user reads what root writes
    try:
        if options.root == Path("/") and os.geteuid() != 0:
            raise Failed("this needs root; do: sudo python3 install.py")
        if options.action == "rollback":
            rollback(board)
        else:
            install(board, Path(__file__).resolve().parent)
    except (Failed, OSError) as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
