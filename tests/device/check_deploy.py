"""make deploy and make rollback, over a real sshd inside an emulated Bookworm arm64, as user pi with sudo.

systemd cannot run in a chroot: tests/device/systemctl.py takes its place there.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from runtime.classifier import DEFAULT_MODEL
from runtime.tflite.card import Golden
from runtime.tflite.card_file import attach_card, split_card
from tests.device.boards import ROOT, WORK
from tests.device.proxy import CuttableProxy
from tests.device.root import PI_4, Root, run
from tests.runtime.helpers import free_port

SSHD = """Port {port}
ListenAddress 127.0.0.1
HostKey /etc/ssh/host
UsePAM no
PasswordAuthentication no
PidFile none
SetEnv QEMU_CPU={cpu} PIP_NO_COMPILE=1
"""
SSH = """Host raspberrypi.local
  HostName 127.0.0.1
  Port {port}
  User pi
  IdentityFile {folder}/id
  IdentitiesOnly yes
  StrictHostKeyChecking yes
  UserKnownHostsFile {folder}/known_hosts
"""


class RemoteBoard:
    """An emulated board that is reached by ssh through a proxy.

    Attributes:
        root: The board's root folder.
        folder: The keys and the configuration of ssh.
        proxy: What ssh connects to.
    """

    def __init__(self, root: Root, folder: Path, proxy: CuttableProxy) -> None:
        self.root = root
        self.folder = folder
        self.proxy = proxy

    def command(self, action: str, *more: str) -> list[str]:
        ssh = f"ssh -F {self.folder}/config"
        return [sys.executable, "-m", "deploy", action, "raspberrypi.local", "--ssh", ssh, *more]

    def deploy(self, action: str, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(action, *more), cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    def release(self, link: str = "current") -> str:
        """The name of the release that a link points to, checked against its manifest; "" where there is none."""
        path = self.root.path / "opt/edge-classifier" / link
        if not path.is_symlink():
            return ""
        name = path.readlink().name
        manifest = json.loads((path.parent / "releases" / name / "payload.json").read_text())
        assert manifest["release"] == name
        return name

    def names(self, folder: str) -> set[str]:
        return {path.name for path in (self.root.path / "opt/edge-classifier" / folder).iterdir()}

    def running(self) -> str:
        """The name of the release whose service runs."""
        pid = (self.root.path / "run/edge.pid").read_text()
        return Path(f"/proc/{pid}/cwd").readlink().name

    def journal(self) -> str:
        return (self.root.path / "run/edge.journal").read_text()


@pytest.fixture(scope="module")
def remote(arm_emulation: None) -> Iterator[RemoteBoard]:
    root = Root(WORK / "deploy", "arm64", "bookworm", PI_4)
    root.make()
    folder = WORK / "ssh"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("id", "host"):
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)])
    ssh = root.path / "home/pi/.ssh"
    ssh.mkdir(parents=True)
    shutil.copy(folder / "id.pub", ssh / "authorized_keys")
    for path in (ssh.parent, ssh, ssh / "authorized_keys"):
        os.chown(path, 1000, 1000)
    root.copy_in(folder / "host", "/etc/ssh/host")
    port = free_port()
    (root.path / "etc/ssh/test").write_text(SSHD.format(port=port, cpu=root.chip.qemu))
    # The service's first start is tested, not a camera.
    settings = (ROOT / "deploy/device/edge-classifier.conf").read_text().replace("SOURCE=0", "SOURCE=fake://digits")
    (root.path / "etc/edge-classifier.conf").write_text(settings)
    words = ["chroot", str(root.path), "env", "-i", *root.env(), "/usr/sbin/sshd", "-D", "-e", "-f", "/etc/ssh/test"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as sshd, CuttableProxy(port) as proxy:
        assert sshd.stderr is not None
        assert "listening" in sshd.stderr.readline()
        key = (folder / "host.pub").read_text()
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{proxy.port} {key}")
        (folder / "config").write_text(SSH.format(port=proxy.port, folder=folder))
        yield RemoteBoard(root, folder, proxy)
        sshd.terminate()


def model(name: str, proven: bool = True) -> Path:
    """The shipped model under another name; where not `proven`, with golden outputs that it does not compute."""
    bare, card = split_card(DEFAULT_MODEL.read_bytes())
    assert card is not None
    golden = card.golden
    if not proven:
        golden = tuple(Golden(g.input, np.frombuffer(g.output, np.int8)[::-1].tobytes()) for g in golden)
    path = WORK / f"{name}.tflite"
    path.write_bytes(attach_card(bare, dataclasses.replace(card, name=name, golden=golden)))
    return path


def sent(done: subprocess.CompletedProcess[str]) -> list[str]:
    return re.findall(r"^sending (\S+),", done.stderr, re.MULTILINE)


def test_the_first_time_everything_is_sent_installed_proven_and_started(remote: RemoteBoard) -> None:
    done = remote.deploy("push")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(sent(done)) > 8
    assert "result       passed" in done.stdout
    assert "journalctl -u edge-classifier -f" in done.stdout
    assert remote.running() == remote.release() != ""
    assert remote.release("previous") == ""
    assert "reading fake://digits with ai-edge-litert" in remote.journal()


def test_again_nothing_is_sent(remote: RemoteBoard) -> None:
    before = remote.release()
    done = remote.deploy("push")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sent(done) == []
    assert remote.running() == remote.release() == before


def test_a_new_model_is_all_that_is_sent_and_the_old_version_is_kept(remote: RemoteBoard) -> None:
    before = remote.release()
    done = remote.deploy("push", "--model", str(model("second")))
    assert done.returncode == 0, done.stdout + done.stderr
    assert sent(done) == ["model.tflite", "payload.json"]
    assert remote.running() == remote.release() != before
    assert remote.release("previous") == before
    assert len(remote.names("environments")) == 1


def test_a_model_that_fails_its_selftest_stays_out(remote: RemoteBoard) -> None:
    before, running = remote.release(), remote.running()
    done = remote.deploy("push", "--model", str(model("wrong", proven=False)))
    assert done.returncode == 1
    assert "golden vector 0: expected" in done.stderr
    assert "runs what it ran before" in done.stderr
    assert (remote.release(), remote.running()) == (before, running)


def test_a_cut_while_a_file_is_sent_changes_nothing(remote: RemoteBoard) -> None:
    before, running = remote.release(), remote.running()
    remote.proxy.cut_after(DEFAULT_MODEL.stat().st_size // 2)  # in the middle of the model
    done = remote.deploy("push", "--model", str(model("third")))
    assert done.returncode == 1
    assert "model.tflite did not arrive: the connection was cut" in done.stderr
    assert (remote.release(), remote.running()) == (before, running)


def test_a_cut_while_it_is_installed_leaves_a_whole_version_and_the_next_try_ends_it(remote: RemoteBoard) -> None:
    before = remote.release()
    words = remote.command("push", "--model", str(model("third")))
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as pushing:
        assert pushing.stdout is not None
        assert pushing.stderr is not None
        for line in pushing.stdout:
            if "python -m runtime.doctor" in line:  # the release exists, and its selftest has not run yet
                remote.proxy.cut()
        assert pushing.wait() == 1
        assert "the connection was cut" in pushing.stderr.read()
    assert remote.release() in {before, *remote.names("releases")}
    done = remote.deploy("push", "--model", str(WORK / "third.tflite"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert remote.running() == remote.release() != before
    assert remote.release("previous") == before
    assert remote.names("releases") == {remote.release(), before}


def test_rollback_goes_back_and_forth(remote: RemoteBoard) -> None:
    new, old = remote.release(), remote.release("previous")
    for expected, other in ((old, new), (new, old)):
        done = remote.deploy("rollback")
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"rolled back to {expected}; before: {other}" in done.stdout
        assert remote.running() == remote.release() == expected


def test_a_service_that_does_not_start_brings_the_old_version_back(remote: RemoteBoard) -> None:
    before = remote.release()
    conf = remote.root.path / "etc/edge-classifier.conf"
    settings = conf.read_text()
    conf.write_text(settings.replace("OPTIONS=", "OPTIONS=--no-such-option "))
    done = remote.deploy("push", "--model", str(model("fourth")))
    conf.write_text(settings)
    assert done.returncode == 1
    assert f"{before} is back in its place" in done.stderr
    assert remote.release() == before


def test_a_board_that_is_not_there(remote: RemoteBoard) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        config = remote.folder / "nobody"
        config.write_text(SSH.format(port=nobody.getsockname()[1], folder=remote.folder))
        words = [sys.executable, "-m", "deploy", "push", "raspberrypi.local", "--ssh", f"ssh -F {config}"]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "error: cannot reach raspberrypi.local; try it: ssh raspberrypi.local" in done.stderr
