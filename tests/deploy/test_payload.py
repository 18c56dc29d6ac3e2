"""What is packed: always the same bytes, and nothing that a board would refuse."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.errors import DeployError
from deploy.payload import Payload, check_model, digest, pack
from runtime.classifier import DEFAULT_MODEL
from runtime.errors import ModelError


def test_the_shipped_model_may_go() -> None:
    check_model(DEFAULT_MODEL)


def test_a_model_without_golden_vectors_may_not(bare_model: bytes, tmp_path: Path) -> None:
    model = tmp_path / "bare.tflite"
    model.write_bytes(bare_model)
    with pytest.raises(DeployError, match=r"golden vectors.*make convert"):
        check_model(model)


def test_nor_one_that_is_damaged_or_not_there(tmp_path: Path) -> None:
    model = tmp_path / "cut.tflite"
    with pytest.raises(DeployError, match="cannot read model"):
        check_model(model)
    model.write_bytes(DEFAULT_MODEL.read_bytes()[:-100])
    with pytest.raises(ModelError, match="damaged"):
        check_model(model)


def test_names_follow_the_content(payload: Callable[[str], Payload]) -> None:
    first, again, other = payload("one"), payload("one"), payload("two")
    assert first.release == again.release != other.release
    assert first.environment == other.environment


def test_the_archive_is_the_same_each_time_and_holds_all(payload: Callable[[str], Payload], tmp_path: Path) -> None:
    made = payload("one")
    sums = set()
    for name in ("a.tar", "b.tar"):
        pack(made, tmp_path / name, "bundle")
        sums.add(digest(tmp_path / name))
    assert len(sums) == 1
    with tarfile.open(tmp_path / "a.tar") as tar:
        assert {name.removeprefix("bundle/") for name in tar.getnames()} == {*made.files(), "payload.json"}
        assert tar.getmember("bundle/install.py").mode & 0o111
    assert not list(tmp_path.glob("*.part"))
