"""Commands over ssh: a stand-in for ssh runs them in a folder in place of the board's home."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from deploy.errors import DeployError
from deploy.remote import INBOX, Remote

# ssh [-o X]... [-t] [-O exit] HOST COMMAND, with the board's home as HOME. SSH_CUT=N: gone after N bytes of input.
STAND_IN = """
import os, subprocess, sys
words, home = sys.argv[1:], {home!r}
os.makedirs(home, exist_ok=True)
with open(home + "/../ssh.log", "a") as log:
    log.write(" ".join(words) + "\\n")
while words[0].startswith("-"):
    if words[0] == "-O":
        sys.exit(0)
    words = words[1 if words[0] == "-t" else 2:]
data = None if sys.stdin is None else sys.stdin.buffer.read()
cut = os.environ.get("SSH_CUT")
if cut is not None:
    data = data[:int(cut)]
path = os.path.dirname(sys.executable) + ":" + os.environ["PATH"]
done = subprocess.run(["sh", "-c", words[1]], input=data, cwd=home, env={{**os.environ, "HOME": home, "PATH": path}})
sys.exit(255 if cut is not None else done.returncode)
"""


@pytest.fixture
def ssh(tmp_path: Path) -> str:
    script = tmp_path / "ssh.py"
    script.write_text(STAND_IN.format(home=str(tmp_path / "home")))
    return f"{sys.executable} {script}"


def file(tmp_path: Path) -> tuple[Path, str]:
    path = tmp_path / "model.tflite"
    path.write_bytes(bytes(range(256)) * 400)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_board_says_what_it_is_and_what_it_has(ssh: str, tmp_path: Path) -> None:
    path, sha256 = file(tmp_path)
    with Remote("pi@board", ssh) as remote:
        found = remote.probe()
        assert found.python == f"{sys.version_info[0]}.{sys.version_info[1]}"
        assert (found.bits, found.inbox) == (64, {})
        remote.send(path, sha256)
        assert remote.probe().inbox == {"model.tflite": sha256}
    assert (tmp_path / "home" / INBOX / "model.tflite").read_bytes() == path.read_bytes()


def test_a_transfer_that_was_cut_leaves_no_file(ssh: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, sha256 = file(tmp_path)
    with Remote("pi@board", ssh) as remote:
        remote.probe()
        monkeypatch.setenv("SSH_CUT", "5000")
        with pytest.raises(
            DeployError, match=r"did not arrive: the connection was cut\. Nothing has changed on pi@board"
        ):
            remote.send(path, sha256)
        monkeypatch.delenv("SSH_CUT")
        assert "model.tflite" not in remote.probe().inbox


def test_a_script_runs_as_root_by_sudo_alone(ssh: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "act.py").write_text("import sys; sys.exit(3 if sys.argv[1] == 'fail' else 0)")
    with Remote("pi@board", ssh) as remote:
        remote.run_as_root("act.py", "install", root=True)
        with pytest.raises(DeployError, match=r"pi@board did not take it \(status 3"):
            remote.run_as_root("act.py", "fail", root=True)
        with pytest.raises(DeployError):
            remote.run_as_root("act.py", "fail", root=False)
    assert "sudo python3 act.py fail" in (tmp_path / "ssh.log").read_text()


def test_no_answer(tmp_path: Path) -> None:
    with Remote("pi@board", "false") as remote, pytest.raises(DeployError, match="has no python3 that answers"):
        remote.probe()
    with Remote("pi@board", "sh -c 'exit 255'") as remote, pytest.raises(DeployError, match="try it: ssh pi@board"):
        remote.probe()


@pytest.mark.parametrize("host", ["", "-oProxyCommand=reboot", "pi@board; reboot", "pi board", "$(reboot)"])
def test_an_invalid_host_never_reaches_a_shell(host: str) -> None:
    with pytest.raises(DeployError, match="expected a host such as"):
        Remote(host)


@pytest.mark.parametrize("host", ["raspberrypi.local", "pi@192.168.1.7", "pi@[fe80::1%eth0]", "board_2"])
def test_hosts(host: str) -> None:
    with Remote(host, "true") as remote:
        assert remote.host == host
