#!/usr/bin/env python3
"""Install the files beside this script on this board, or go back to the version that ran before.

The script needs Python and nothing else, and no network. On the board:

    /opt/edge-classifier/environments/ID   virtual environments with what the project needs
    /opt/edge-classifier/releases/ID       the project, its model, its service and this script
    /opt/edge-classifier/current           -> the release that runs
    /opt/edge-classifier/previous          -> the one before

`current` is always a complete release that passed its selftest here, even if the script is stopped half way.
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

EXAMPLE = """example:
  sudo python3 install.py              install, run the selftest, switch over, start the service
  sudo python3 install.py rollback     switch back to the version before"""
NAME = "edge-classifier"
UNIT, CONF, MANIFEST, INSTALLER = f"{NAME}.service", f"{NAME}.conf", "payload.json", "install.py"
READY_FILE = "ready.json"  # written last: an environment without it is incomplete
GROUPS = ("video", "render")  # they may read cameras


class InstallError(Exception):
    """An installation that cannot go on. Its text says what was expected, what came and what to do."""


@dataclass(frozen=True)
class Board:
    """The paths of an installation.

    Attributes:
        root: "/", or a folder in its place.
    """

    root: Path

    @property
    def home(self) -> Path:
        """The folder of everything that is installed."""
        return self.root / "opt" / NAME

    @property
    def conf(self) -> Path:
        """The service's settings, which belong to the person."""
        return self.root / "etc" / CONF

    @property
    def unit(self) -> Path:
        """The service's unit file for systemd."""
        return self.root / "etc/systemd/system" / UNIT

    def release(self, link: str) -> Path | None:
        """Resolve a link to its release.

        Args:
            link: "current" or "previous".

        Returns:
            The release's folder; None where there is no complete one.
        """
        path = self.home / link
        return path.resolve() if (path / MANIFEST).exists() else None


def read_manifest(payload: Path) -> dict[str, Any]:
    """Read a payload's manifest and check that it is for this board.

    Args:
        payload: The folder of the payload.

    Returns:
        The manifest: release, environment, machine, python, wheel, model, dependencies, sha256.

    Raises:
        InstallError: There is no manifest, it is damaged, or it is for another kind of board.
    """
    try:
        manifest: dict[str, Any] = json.loads((payload / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InstallError(f"expected a payload in {payload}: {error}; send it, or unpack it, again") from None
    if sys.version_info[:2] != tuple(map(int, manifest["python"].split("."))) or _machine() != manifest["machine"]:
        have = f"{_machine()}-py{sys.version_info[0]}{sys.version_info[1]}"
        raise InstallError(
            f"this is for {manifest['machine']} with Python {manifest['python']}; this board is {have}. "
            f"Make one for it: make bundle TARGET={have}"
        )
    return manifest


def check_files(payload: Path, manifest: dict[str, Any], names: list[str]) -> None:
    """Check files of a payload against the manifest.

    Args:
        payload: The folder of the payload.
        manifest: Its manifest.
        names: The files to check.

    Raises:
        InstallError: A file is missing or damaged.
    """
    for name in names:
        path = payload / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != manifest["sha256"][name]:
            state = "is damaged" if path.is_file() else "is missing"
            raise InstallError(f"{name} {state}; send it, or unpack it, again")


def _machine() -> str:
    """What `uname -m` prints; a 32-bit Python makes a 32-bit board, whatever the kernel."""
    machine = platform.machine()
    return "armv7l" if sys.maxsize < 2**32 and machine in ("aarch64", "armv8l") else machine


def run(words: list[str], hint: str, **more: Any) -> None:
    """Run a command, and show its output.

    Args:
        words: The command.
        hint: What to do where it fails.
        **more: Passed on to subprocess.run.

    Raises:
        InstallError: The command failed.
    """
    sys.stdout.flush()
    status = subprocess.run(words, check=False, **more).returncode
    if status:
        raise InstallError(f"{' '.join(map(str, words[:5]))} ... ended with status {status}; {hint}")


def make_environment(board: Board, payload: Path, manifest: dict[str, Any]) -> Path:
    """Create the virtual environment of the payload's dependencies, once for each set of them.

    Args:
        board: The board.
        payload: The folder of the payload.
        manifest: Its manifest.

    Returns:
        The folder of the environment.

    Raises:
        InstallError: A wheel is damaged, or venv or pip failed.
    """
    path = board.home / "environments" / str(manifest["environment"])
    if (path / READY_FILE).exists():
        return path
    check_files(payload, manifest, manifest["dependencies"])
    print(f"making {path}", flush=True)
    shutil.rmtree(path, ignore_errors=True)  # incomplete: an installation was interrupted
    bare = [] if manifest["dependencies"] else ["--without-pip"]
    # picamera2 comes from the distribution alone.
    words = [sys.executable, "-m", "venv", "--system-site-packages", *bare, str(path)]
    # close_fds=False: venv and pip keep the lock where they outlive this process.
    run(words, "sudo apt install python3-venv", close_fds=False)
    if manifest["dependencies"]:
        pip = [str(path / "bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        # Exactly the wheels that were packed, whatever the distribution has: they were measured to work together.
        pip += ["--no-index", "--no-deps", "--ignore-installed", "--no-cache-dir", "--root-user-action=ignore"]
        run(
            [*pip, *(str(payload / name) for name in manifest["dependencies"])],
            "is the disk full? df -h /opt",
            close_fds=False,
        )
    _write_file(path / READY_FILE, json.dumps(manifest["dependencies"]))
    return path


def make_release(board: Board, payload: Path, manifest: dict[str, Any], environment: Path) -> Path:
    """Unpack the project and its model, and run the selftest there. Only then the release gets its name.

    Args:
        board: The board.
        payload: The folder of the payload.
        manifest: Its manifest.
        environment: The folder of the virtual environment.

    Returns:
        The folder of the release.

    Raises:
        InstallError: A file is damaged, or the selftest failed.
    """
    release = board.home / "releases" / str(manifest["release"])
    if is_intact(release):
        run_selftest(release)
        return release
    check_files(payload, manifest, sorted(set(manifest["sha256"]) - set(manifest["dependencies"])))
    for leftover in release.parent.glob("*.new"):  # of an installation that was interrupted, or failed
        shutil.rmtree(leftover, ignore_errors=True)
    unproven = release.with_name(f"{release.name}.new")
    unpack(payload, manifest, environment, unproven)
    run_selftest(unproven)
    os.sync()  # a board loses its power more often than other machines
    if release.exists():  # damaged since it was installed
        shutil.rmtree(f"{release}.old", ignore_errors=True)
        release.rename(f"{release}.old")
    unproven.rename(release)
    return release


def unpack(payload: Path, manifest: dict[str, Any], environment: Path, folder: Path) -> None:
    """Lay a release out: the project, compiled, its model with a digest, its service and this script.

    Args:
        payload: The folder of the payload.
        manifest: Its manifest.
        environment: The folder of the virtual environment.
        folder: Where the release is laid out; it does not exist yet.

    Raises:
        InstallError: The project cannot be compiled.
    """
    folder.mkdir(parents=True)
    with zipfile.ZipFile(payload / manifest["wheel"]) as wheel:
        wheel.extractall(folder)
    for name in (manifest["model"], UNIT, CONF, INSTALLER, MANIFEST):
        shutil.copyfile(payload / name, folder / name)
    # In the form of `sha256sum -c`. By it the doctor notices a model that was replaced later.
    _write_file(
        folder / f"{manifest['model']}.sha256", f"{manifest['sha256'][manifest['model']]}  {manifest['model']}\n"
    )
    (folder / "env").symlink_to(Path("../../environments") / environment.name)
    python = str(folder / "env/bin/python")
    run([python, "-m", "compileall", "-q", str(folder / "runtime")], "the wheel is damaged; send it again")


def is_intact(release: Path) -> bool:
    """Tell whether a release exists and still has the model that it was installed with.

    Args:
        release: Its folder.

    Returns:
        True where it has.
    """
    digest, manifest = release / "model.tflite.sha256", release / MANIFEST
    if not digest.exists() or not manifest.exists():
        return False
    model = release / json.loads(manifest.read_text(encoding="utf-8"))["model"]
    return model.exists() and hashlib.sha256(model.read_bytes()).hexdigest() == digest.read_text().split()[0]


def run_selftest(release: Path) -> None:
    """Run the doctor, for a person to read, and then the selftest, which decides.

    Args:
        release: The folder of the release.

    Raises:
        InstallError: The selftest failed.
    """
    model = json.loads((release / MANIFEST).read_text(encoding="utf-8"))["model"]
    for name in ("doctor", "selftest"):
        print(f"\npython -m runtime.{name}", flush=True)
        # Through a pipe of our own: the selftest must end even if the ssh connection is cut.
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
        raise InstallError("the selftest does not pass here, so this version stays out; what ran before still runs")


def replace_link(link: Path, target: Path) -> None:
    """Point a link at another release, atomically.

    Args:
        link: `current` or `previous`.
        target: The release.
    """
    new = link.with_name(f"{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(Path("releases") / target.name)
    new.replace(link)


def activate(board: Board, release: Path) -> None:
    """Switch to a release and start its service. Where the service does not start, switch back.

    Args:
        board: The board.
        release: A release that passed its selftest.

    Raises:
        InstallError: The service did not start, or this is no system with systemd.
    """
    before, older = board.release("current"), board.release("previous")
    if before and before != release.resolve():
        replace_link(board.home / "previous", before)
    _link_release(board, release)
    try:
        run(["systemctl", "restart", UNIT], f"see why: journalctl -u {NAME} -n 50")
    except InstallError as error:
        if before is None or before == release.resolve():
            raise
        _link_release(board, before)
        replace_link(board.home / "previous", older or before)
        subprocess.run(["systemctl", "restart", UNIT], check=False)
        raise InstallError(f"{error}; {before.name} is back in its place") from None


def _link_release(board: Board, release: Path) -> None:
    replace_link(board.home / "current", release)
    _write_file(board.unit, (release / UNIT).read_text(encoding="utf-8"))
    if not board.conf.exists():
        _write_file(board.conf, (release / CONF).read_text(encoding="utf-8"))
    run(["systemctl", "daemon-reload"], "is this a system with systemd?")
    run(["systemctl", "enable", "-q", UNIT], "is this a system with systemd?")


def _write_file(path: Path, text: str) -> None:
    """Write a file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def create_user(board: Board) -> None:
    """Create the service's own user, which may read cameras and nothing else.

    Args:
        board: The board; where its root is not "/", nothing is done.

    Raises:
        InstallError: useradd failed.
    """
    known = {line.partition(":")[0] for line in _read_lines(board.root / "etc/passwd")}
    if board.root != Path("/") or NAME in known:
        return
    groups = {line.partition(":")[0] for line in _read_lines(board.root / "etc/group")} & set(GROUPS)
    words = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", f"/var/lib/{NAME}"]
    words += ["--shell", "/usr/sbin/nologin", "--groups", ",".join(sorted(groups)), NAME]
    run(words, "the service needs a user of its own")


def _read_lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def remove_unused(board: Board, payload: Path, manifest: dict[str, Any]) -> None:
    """Remove the releases and environments that no link names, and the wheels that were installed from the inbox.

    Args:
        board: The board.
        payload: The folder of the payload.
        manifest: Its manifest.
    """
    kept = {path for path in (board.release("current"), board.release("previous")) if path}
    used = {(path / "env").resolve() for path in kept}
    for folder, keep in (("releases", kept), ("environments", used)):
        for path in (board.home / folder).iterdir():
            if path.resolve() not in keep:
                shutil.rmtree(path, ignore_errors=True)
    if payload.name == "inbox":  # sent by make deploy; an unpacked bundle is not touched
        for name in manifest["dependencies"]:
            (payload / name).unlink(missing_ok=True)


@contextmanager
def installation_lock(board: Board) -> Iterator[None]:
    """Hold the lock of an installation. An earlier one that still runs is waited for.

    Args:
        board: The board.

    Yields:
        Nothing, while the lock is held.
    """
    board.home.mkdir(parents=True, exist_ok=True)
    with (board.home / "lock").open("w") as lock:
        os.set_inheritable(lock.fileno(), True)
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(board: Board, payload: Path) -> None:
    """Install a payload; afterwards `current` is its release.

    Args:
        board: The board.
        payload: The folder of the payload.

    Raises:
        InstallError: It could not be installed; the version before still runs.
    """
    manifest = read_manifest(payload)
    with installation_lock(board):
        create_user(board)
        environment = make_environment(board, payload, manifest)
        release = make_release(board, payload, manifest, environment)
        activate(board, release)
        remove_unused(board, payload, manifest)
    print_summary(board, "installed")


def rollback(board: Board) -> None:
    """Exchange `previous` and `current`, if the selftest of `previous` passes.

    Args:
        board: The board.

    Raises:
        InstallError: There is no other version, or it does not pass.
    """
    with installation_lock(board):
        before = board.release("previous")
        if before is None or before == board.release("current"):
            raise InstallError(
                "there is no other version on this board to go back to; deploy one: make deploy HOST=..."
            )
        run_selftest(before)
        activate(board, before)
    print_summary(board, "rolled back to")


def print_summary(board: Board, done: str) -> None:
    """Print which version runs now, and where to look.

    Args:
        board: The board.
        done: The verb of the first line, such as "installed".
    """
    current, previous = board.release("current"), board.release("previous")
    print(f"{done} {current.name if current else 'nothing'}; before: {previous.name if previous else 'none'}")
    print(f"readings   journalctl -u {NAME} -f")
    print(f"service    systemctl status {NAME}")
    print(f"settings   {board.conf}, then: sudo systemctl restart {NAME}")
    print(f"doctor     cd {board.home}/current && env/bin/python -m runtime.doctor -m model.tflite")


def _require_root(board: Board) -> None:
    if board.root == Path("/") and os.geteuid() != 0:
        raise InstallError("this needs root; do: sudo python3 install.py")


def main() -> int:
    """Install or roll back, as the command line says.

    Returns:
        The exit status: 0, or 1 after an `error:` line.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", nargs="?", choices=("install", "rollback"), default="install")
    parser.add_argument("--root", type=Path, default=Path("/"), help="a folder in place of / (for tests)")
    options = parser.parse_args()
    board = Board(options.root)
    os.umask(0o022)  # the service's user reads what root writes
    try:
        _require_root(board)
        if options.action == "rollback":
            rollback(board)
        else:
            install(board, Path(__file__).resolve().parent)
    except (InstallError, OSError) as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
