"""What the disk is asked."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runtime.outputs import disk


def test_free_bytes_are_those_of_the_disk(tmp_path: Path) -> None:
    assert disk.free_bytes(tmp_path) == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.05)


def test_a_disk_is_nearly_full_below_a_number_of_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "free_bytes", lambda _: disk.MIN_FREE_BYTES)
    assert not disk.is_nearly_full(tmp_path)
    monkeypatch.setattr(disk, "free_bytes", lambda _: disk.MIN_FREE_BYTES - 1)
    assert disk.is_nearly_full(tmp_path)
