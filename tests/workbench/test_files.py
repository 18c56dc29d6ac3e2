"""Files are whole or not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runtime.errors import OutputError
from workbench.files import replacing, write_bytes, write_text


def _write_half(path: Path) -> None:
    with replacing(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError


def test_replacing_is_all_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(1))
        assert temporary.suffix == ".json"
        assert not path.exists()
    with pytest.raises(ZeroDivisionError):
        _write_half(path)
    assert path.read_text() == "1"
    assert list(path.parent.iterdir()) == [path]


def test_bytes_and_text_are_written_as_they_are(tmp_path: Path) -> None:
    write_bytes(tmp_path / "data.tflite", b"\r\n\0")
    write_text(tmp_path / "text.json", "é\n")
    assert (tmp_path / "data.tflite").read_bytes() == b"\r\n\0"
    assert (tmp_path / "text.json").read_bytes() == b"\xc3\xa9\n"


def test_what_cannot_be_written_is_one_clear_line_and_leaves_the_old(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(OutputError, match=r"cannot write .*file/a\.json: "):
        write_text(tmp_path / "file" / "a.json", "new")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match=r"cannot write .*folder: Is a directory"):
        write_bytes(tmp_path / "folder", b"new")
    assert (tmp_path / "file").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
