#!/usr/bin/env python3
"""A replacement for systemctl in a root folder, where systemd cannot run.

It does what an installation needs: it starts the unit's ExecStart as the unit's user, with the unit's settings
and folder, and waits for READY=1 as systemd does for Type=notify. It does not sandbox, watch or restart.
"""

from __future__ import annotations

import os
import pwd
import re
import shlex
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

UNIT = Path("/etc/systemd/system/edge-classifier.service")
PID, JOURNAL, SOCKET = Path("/run/edge.pid"), Path("/run/edge.journal"), Path("/run/edge.notify")


def settings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def environment(unit: dict[str, list[str]]) -> dict[str, str]:
    words = [word for line in unit.get("Environment", []) for word in shlex.split(line)]
    for file in unit["EnvironmentFile"]:
        words += [line for line in Path(file).read_text().splitlines() if line and not line.startswith("#")]
    kept = {name: os.environ[name] for name in ("PATH", "QEMU_CPU") if name in os.environ}
    return {**kept, **dict(word.partition("=")[::2] for word in words)}


def command(line: str, env: dict[str, str]) -> list[str]:
    words = []
    for word in line.split():  # ${NAME} becomes one word, $NAME is split into words
        if re.fullmatch(r"\$\w+", word):
            words += env.get(word[1:], "").split()
        else:
            words.append(re.sub(r"\$\{(\w+)\}", lambda match: env.get(match[1], ""), word))
    return words


def stop() -> None:
    with suppress(FileNotFoundError, ProcessLookupError, ValueError):
        pid = int(PID.read_text())
        PID.unlink()
        os.kill(pid, signal.SIGTERM)


def restart() -> int:
    stop()
    unit = settings()
    env = environment(unit)
    user = pwd.getpwnam(unit["User"][0])
    state = Path("/var/lib", unit["StateDirectory"][0])
    state.mkdir(parents=True, exist_ok=True)
    os.chown(state, user.pw_uid, user.pw_gid)
    SOCKET.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener, JOURNAL.open("a") as journal:
        listener.bind(str(SOCKET))
        SOCKET.chmod(0o777)
        listener.settimeout(1)
        process = subprocess.Popen(
            command(unit["ExecStart"][0], env),
            cwd=unit["WorkingDirectory"][0],
            env={**env, "NOTIFY_SOCKET": str(SOCKET)},
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            stdout=journal,
            stderr=journal,
            start_new_session=True,
        )
        PID.write_text(str(process.pid))
        while process.poll() is None:
            with suppress(TimeoutError):
                if b"READY=1" in listener.recv(4096):
                    return 0
    print(f"Job for {UNIT.name} failed.", file=sys.stderr)
    return 1


def main() -> int:
    action = sys.argv[1]
    if action == "restart":
        return restart()
    if action == "stop":
        stop()
    if action == "enable":
        wants = Path("/etc/systemd/system/multi-user.target.wants")
        wants.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            (wants / UNIT.name).symlink_to(UNIT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
