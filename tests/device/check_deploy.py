"""make deploy and make rollback, over a real sshd that runs inside an emulated Bookworm arm64, as user pi with sudo.

systemd cannot run in a chroot: tests/device/systemctl.py stands in for it there.
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
from runtime.tflite.card import Golden, attach_card, split_card
from tests.device.boards import ROOT, WORK
from tests.device.cutter import Cutter
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


class Lab:
    """A board behind a wire that can be cut."""

    def __init__(self, root: Root, folder: Path, wire: Cutter) -> None:
        self.root = root
        self.folder = folder
        self.wire = wire

    def command(self, action: str, *more: str) -> list[str]:
        ssh = f"ssh -F {self.folder}/config"
        return [sys.executable, "-m", "deploy", action, "raspberrypi.local", "--ssh", ssh, *more]

    def deploy(self, action: str, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(action, *more), cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    def release(self, link: str = "current") -> str:
        """The release that a link names, whole as its manifest says; "" where there is none."""
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
        """The release whose service runs."""
        pid = (self.root.path / "run/edge.pid").read_text()
        return Path(f"/proc/{pid}/cwd").readlink().name

    def journal(self) -> str:
        return (self.root.path / "run/edge.journal").read_text()


@pytest.fixture(scope="module")
def lab(emulation: None) -> Iterator[Lab]:
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
    root.put(folder / "host", "/etc/ssh/host")
    port = free_port()
    (root.path / "etc/ssh/test").write_text(SSHD.format(port=port, cpu=root.chip.qemu))
    # It is the service's first start that is tested, not a camera.
    settings = (ROOT / "deploy/device/edge-classifier.conf").read_text().replace("SOURCE=0", "SOURCE=fake://digits")
    (root.path / "etc/edge-classifier.conf").write_text(settings)
    words = ["chroot", str(root.path), "env", "-i", *root.env(), "/usr/sbin/sshd", "-D", "-e", "-f", "/etc/ssh/test"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as sshd, Cutter(port) as wire:
        assert sshd.stderr is not None
        assert "listening" in sshd.stderr.readline()
        key = (folder / "host.pub").read_text()
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{wire.port} {key}")
        (folder / "config").write_text(SSH.format(port=wire.port, folder=folder))
        yield Lab(root, folder, wire)
        sshd.terminate()


def model(name: str, proven: bool = True) -> Path:
    """The model that ships under another name; not `proven`: with golden outputs that it does not give."""
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


def test_the_first_time_everything_is_sent_installed_proven_and_started(lab: Lab) -> None:
    done = lab.deploy("push")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(sent(done)) > 8
    assert "result       passed" in done.stdout
    assert "journalctl -u edge-classifier -f" in done.stdout
    assert lab.running() == lab.release() != ""
    assert lab.release("previous") == ""
    assert "reading fake://digits with ai-edge-litert" in lab.journal()


def test_again_nothing_is_sent(lab: Lab) -> None:
    before = lab.release()
    done = lab.deploy("push")
    assert done.returncode == 0, done.stdout + done.stderr
    assert sent(done) == []
    assert lab.running() == lab.release() == before


def test_a_new_model_is_all_that_is_sent_and_the_old_version_is_kept(lab: Lab) -> None:
    before = lab.release()
    done = lab.deploy("push", "--model", str(model("second")))
    assert done.returncode == 0, done.stdout + done.stderr
    assert sent(done) == ["model.tflite", "payload.json"]
    assert lab.running() == lab.release() != before
    assert lab.release("previous") == before
    assert len(lab.names("environments")) == 1


def test_a_model_that_fails_its_selftest_stays_out(lab: Lab) -> None:
    before, running = lab.release(), lab.running()
    done = lab.deploy("push", "--model", str(model("wrong", proven=False)))
    assert done.returncode == 1
    assert "golden vector 0: expected" in done.stderr
    assert "runs what it ran before" in done.stderr
    assert (lab.release(), lab.running()) == (before, running)


def test_a_cut_while_a_file_is_sent_changes_nothing(lab: Lab) -> None:
    before, running = lab.release(), lab.running()
    lab.wire.cut_after(DEFAULT_MODEL.stat().st_size // 2)  # in the middle of the model
    done = lab.deploy("push", "--model", str(model("third")))
    assert done.returncode == 1
    assert "model.tflite did not arrive: the connection was cut" in done.stderr
    assert (lab.release(), lab.running()) == (before, running)


def test_a_cut_while_it_is_installed_leaves_a_whole_version_and_the_next_try_ends_it(lab: Lab) -> None:
    before = lab.release()
    words = lab.command("push", "--model", str(model("third")))
    with subprocess.Popen(
        words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as pushing:
        assert pushing.stdout is not None
        assert pushing.stderr is not None
        for line in pushing.stdout:
            if "python -m runtime.doctor" in line:  # a release is there that has no proof yet
                lab.wire.cut()
        assert pushing.wait() == 1
        assert "the connection was cut" in pushing.stderr.read()
    assert lab.release() in {before, *lab.names("releases")}
    done = lab.deploy("push", "--model", str(WORK / "third.tflite"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert lab.running() == lab.release() != before
    assert lab.release("previous") == before
    assert lab.names("releases") == {lab.release(), before}


def test_rollback_goes_back_and_forth(lab: Lab) -> None:
    new, old = lab.release(), lab.release("previous")
    for expected, other in ((old, new), (new, old)):
        done = lab.deploy("rollback")
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"rolled back to {expected}; before: {other}" in done.stdout
        assert lab.running() == lab.release() == expected


def test_a_service_that_does_not_start_brings_the_old_version_back(lab: Lab) -> None:
    before = lab.release()
    conf = lab.root.path / "etc/edge-classifier.conf"
    settings = conf.read_text()
    conf.write_text(settings.replace("OPTIONS=", "OPTIONS=--no-such-option "))
    done = lab.deploy("push", "--model", str(model("fourth")))
    conf.write_text(settings)
    assert done.returncode == 1
    assert f"{before} is back in its place" in done.stderr
    assert lab.release() == before


def test_a_board_that_is_not_there(lab: Lab) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        config = lab.folder / "nobody"
        config.write_text(SSH.format(port=nobody.getsockname()[1], folder=lab.folder))
        words = [sys.executable, "-m", "deploy", "push", "raspberrypi.local", "--ssh", f"ssh -F {config}"]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "error: cannot reach raspberrypi.local; try it: ssh raspberrypi.local" in done.stderr
