"""The command: which files are sent, what a bundle holds, and how it refuses."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import wheels
from deploy.__main__ import files_to_send, main
from deploy.payload import Payload
from deploy.remote import BoardInfo
from tests.deploy.conftest import ROOT, wheel


def test_only_what_changed_is_sent(payload: Callable[[str], Payload]) -> None:
    made = payload("model")
    nothing = BoardInfo("aarch64", 64, "3.11", "2.36", False)
    assert set(files_to_send(made, nothing)) == {*made.sha256, "payload.json"}
    assert files_to_send(made, nothing)[-1] == "payload.json"
    everything = dataclasses.replace(nothing, inbox={**made.sha256, "payload.json": "of another payload"})
    assert files_to_send(made, everything) == ["payload.json"]
    older = dataclasses.replace(everything, inbox={**everything.inbox, "model.tflite": "of another model"})
    assert files_to_send(made, older) == ["model.tflite", "payload.json"]


def test_wheels_that_are_installed_are_not_sent_again(payload: Callable[[str], Payload]) -> None:
    made = dataclasses.replace(payload("model"), dependencies=("edge_classifier-1.0-py3-none-any.whl",))
    there = BoardInfo("aarch64", 64, "3.11", "2.36", False, (made.environment,))
    assert "edge_classifier-1.0-py3-none-any.whl" not in files_to_send(made, there)


def test_a_bundle_holds_what_its_name_says(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    own = wheel(tmp_path, "edge_classifier-1.0-py3-none-any.whl", ["fast"], extras=["mqtt"])
    monkeypatch.setattr(wheels, "build", lambda root, folder: own)
    words = ["deploy", "bundle", "aarch64-py311", "--extras", "mqtt", "--build", str(tmp_path / "build")]
    monkeypatch.setattr(sys, "argv", [*words, "-o", str(tmp_path / "dist")])
    assert main() == 0
    archive = Path(capsys.readouterr().out.strip())
    assert archive == tmp_path / "dist/edge-classifier-1.0-aarch64-py311-mqtt.tar"
    with tarfile.open(archive) as tar:
        names = {Path(name).name for name in tar.getnames()}
    assert {own.name, "fast-2.0-cp311-cp311-manylinux_2_28_aarch64.whl", "model.tflite", "payload.json"} <= names


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["bundle", "riscv64-py311"], 1, "error: expected MACHINE-pyVERSION such as aarch64-py311"),
        (["push", "pi@board; reboot"], 1, "error: expected a host such as pi@raspberrypi.local"),
        (["bundle", "aarch64-py311", "--model", "nowhere.tflite"], 1, "error: cannot read model nowhere.tflite"),
        (["push", ""], 2, "argument HOST|TARGET: expected HOST=pi@raspberrypi.local, or for bundle TARGET="),
        (["upgrade", "pi@board"], 2, "invalid choice: 'upgrade'"),
    ],
)
def test_refusals(words: list[str], status: int, message: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (status, "")
    assert message in done.stderr


def test_help_gives_examples() -> None:
    done = subprocess.run([sys.executable, "-m", "deploy", "-h"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "python -m deploy bundle aarch64-py313" in done.stdout.partition("example:")[2]
