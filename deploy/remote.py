"""A board, reached over ssh. ssh itself asks for passwords and keys; none passes through here."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from deploy.errors import DeployError

INBOX = ".cache/edge-classifier/inbox"  # under the home of the user who logs in
CONNECTION_FAILED = 255  # ssh's own exit status: no connection, or no longer
HOST = r"(?:[\w.-]+@)?\[?[\w:.%-]+\]?"  # never an option

# Run by the board's Python: prints a BoardInfo as JSON.
PROBE = """
import hashlib, json, os, pathlib, platform, struct, sys
inbox = pathlib.Path.home() / sys.argv[1]
inbox.mkdir(parents=True, exist_ok=True)
home = pathlib.Path("/opt/edge-classifier")
files = [p for p in inbox.iterdir() if p.is_file()]
print(json.dumps({
    "machine": platform.machine(), "bits": struct.calcsize("P") * 8,
    "python": "%d.%d" % sys.version_info[:2], "glibc": platform.libc_ver()[1], "root": os.geteuid() == 0,
    "environments": [p.parent.name for p in home.glob("environments/*/ready.json")],
    "inbox": {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files},
}))
"""


@dataclass(frozen=True)
class BoardInfo:
    """What a board says of itself.

    Attributes:
        machine: What `uname -m` prints there.
        bits: Width of a pointer of its Python: 32 or 64.
        python: Its version of Python, such as "3.11".
        glibc: Its version of glibc, such as "2.36"; "" where it has another C library.
        root: Whether the user who logs in is root.
        environments: Names of the complete virtual environments there.
        inbox: Name of each file that was sent before -> its SHA-256 in hexadecimal.
    """

    machine: str
    bits: int
    python: str
    glibc: str
    root: bool
    environments: tuple[str, ...] = ()
    inbox: dict[str, str] = field(default_factory=dict)


class Remote:
    """A board reached over one ssh connection, so that a password is asked for once. Use it in a `with`.

    Attributes:
        host: The board, as ssh takes it.

    Example:
        >>> with Remote("pi@raspberrypi.local") as board:  # doctest: +SKIP
        ...     print(board.probe().machine)
        aarch64
    """

    def __init__(self, host: str, ssh: str = "ssh") -> None:
        """Prepare a connection; it is opened when it is first needed.

        Args:
            host: The board, as ssh takes it.
            ssh: The ssh command, with any options.

        Raises:
            DeployError: `host` is not the name of a host.
        """
        if not re.fullmatch(HOST, host):
            raise DeployError(f"expected a host such as pi@raspberrypi.local; received {host or 'nothing'}")
        self.host = host
        self._folder = tempfile.TemporaryDirectory(prefix="edge-ssh-")
        shared = ["-o", "ControlMaster=auto", "-o", f"ControlPath={self._folder.name}/%C", "-o", "ControlPersist=120"]
        # A board that no longer answers is noticed in half a minute.
        timeouts = ["-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3", "-o", "ConnectTimeout=20"]
        self._ssh = [*shlex.split(ssh), *shared, *timeouts]

    def __enter__(self) -> Remote:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run([*self._ssh, "-O", "exit", self.host], capture_output=True, check=False)
        self._folder.cleanup()

    def probe(self) -> BoardInfo:
        """Ask the board what it is and what it already has.

        Returns:
            The board's answer.

        Raises:
            DeployError: It cannot be reached, or it has no Python.
        """
        done = self._run(f"python3 - {INBOX}", PROBE.encode(), quiet=True)
        if done.returncode == CONNECTION_FAILED:
            raise DeployError(f"cannot reach {self.host}; try it: ssh {self.host}")
        try:
            raw: dict[str, Any] = json.loads(done.stdout.decode("utf-8", "replace").splitlines()[-1])
            return BoardInfo(**{**raw, "environments": tuple(raw["environments"])})
        except (ValueError, IndexError, TypeError, KeyError):
            raise DeployError(
                f"{self.host} has no python3 that answers; log in and do: sudo apt install python3 python3-venv"
            ) from None

    def send(self, path: Path, sha256: str) -> None:
        """Send a file to the board's inbox, where it appears complete or not at all.

        Args:
            path: The file.
            sha256: Its SHA-256, in hexadecimal.

        Raises:
            DeployError: It did not arrive complete.
        """
        name = shlex.quote(path.name)
        # The end of a connection looks like the end of the file: only the digest tells them apart.
        receive = (
            f"cd {INBOX} && cat > {name}.part && echo '{sha256}  '{name}.part | sha256sum -c --status "
            f"&& mv {name}.part {name}"
        )
        with path.open("rb") as file:
            status = subprocess.run([*self._ssh, self.host, receive], stdin=file, check=False).returncode
        if status:
            why = "the connection was cut" if status == CONNECTION_FAILED else "is the disk full? df -h"
            raise DeployError(f"{path.name} did not arrive: {why}. Nothing has changed on {self.host}: do it again")

    def run_as_root(self, script: str, words: str, root: bool) -> None:
        """Run a Python script of the board as root, and show what it prints as it comes.

        Args:
            script: Path of the script on the board.
            words: Its arguments, as a shell takes them.
            root: Whether the user who logs in is root; sudo is used otherwise.

        Raises:
            DeployError: The connection was cut, or the script failed.
        """
        terminal = ["-t"] if sys.stdin.isatty() else []  # sudo asks there, where it has to
        command = f"{'' if root else 'sudo '}python3 {script} {words}"
        status = subprocess.run([*self._ssh, *terminal, self.host, command], check=False).returncode
        if status == CONNECTION_FAILED:
            raise DeployError(
                f"the connection was cut. {self.host} runs the version before or the new one, whole: do it again"
            )
        if status:
            raise DeployError(f"{self.host} did not take it (status {status}, see above); it runs what it ran before")

    def _run(self, command: str, stdin: bytes, quiet: bool) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*self._ssh, self.host, command], input=stdin, stdout=subprocess.PIPE if quiet else None, check=False
        )
