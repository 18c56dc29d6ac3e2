"""Folders for outputs, and the free space of their disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runtime.errors import OutputError
from runtime.outputs import disk


def test_free_bytes_are_those_of_the_disk(tmp_path: Path) -> None:
    assert disk.free_bytes(tmp_path) == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.05)


def test_a_disk_is_nearly_full_below_a_number_of_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "free_bytes", lambda _: disk.MIN_FREE_BYTES)
    assert not disk.is_nearly_full(tmp_path)
    monkeypatch.setattr(disk, "free_bytes", lambda _: disk.MIN_FREE_BYTES - 1)
    assert disk.is_nearly_full(tmp_path)


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    for _ in range(2):
        disk.make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match=r"^cannot make folder .*file: File exists$"):
        disk.make_folder(tmp_path / "file")
