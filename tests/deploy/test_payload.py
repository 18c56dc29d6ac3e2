"""Payloads: the same bytes each time, and nothing that a board would reject."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.errors import DeployError
from deploy.payload import Payload, check_model, digest, pack
from runtime.classifier import DEFAULT_MODEL
from runtime.errors import ModelError


def test_the_shipped_model_can_be_deployed() -> None:
    check_model(DEFAULT_MODEL)


def test_a_model_without_golden_vectors_is_refused(bare_model: bytes, tmp_path: Path) -> None:
    model = tmp_path / "bare.tflite"
    model.write_bytes(bare_model)
    with pytest.raises(DeployError, match=r"golden vectors.*make convert"):
        check_model(model)


def test_a_missing_or_damaged_model_is_refused(tmp_path: Path) -> None:
    model = tmp_path / "cut.tflite"
    with pytest.raises(DeployError, match="cannot read model"):
        check_model(model)
    model.write_bytes(DEFAULT_MODEL.read_bytes()[:-100])
    with pytest.raises(ModelError, match="damaged"):
        check_model(model)


def test_names_depend_on_the_content_alone(payload: Callable[[str], Payload]) -> None:
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
