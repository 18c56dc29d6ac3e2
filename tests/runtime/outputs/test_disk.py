"""Folders for outputs, and the free space of their disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.cli.parser import Parser
from runtime.errors import OutputError
from runtime.outputs import disk


def test_free_bytes_are_those_of_the_disk(tmp_path: Path) -> None:
    assert disk.free_bytes(tmp_path) == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.05)


def test_a_disk_is_nearly_full_below_a_number_of_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "free_bytes", lambda _: 700)
    assert not disk.is_nearly_full(tmp_path, 700)
    assert disk.is_nearly_full(tmp_path, 701)


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("1", 10**6), ("500M", 5 * 10**8), ("1.5g", 15 * 10**8), ("20kb", 20_000), (" 2GB ", 2 * 10**9)],
)
def test_sizes_as_a_person_writes_them(text: str, bytes_: int) -> None:
    assert disk.size(text) == bytes_


@pytest.mark.parametrize("text", ["", "0", "-1", "M", "1T", "1e9", "nan", "inf", "0.0000001", "1 2", "²", "9" * 40])
def test_what_is_no_size_is_refused_by_the_parser(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = Parser("camera", "It looks.", "camera")
    parser.add_argument("--min-free", type=disk.size)
    with pytest.raises(SystemExit) as ended:
        parser.parse([f"--min-free={text}"])
    assert ended.value.code == 2
    assert "expected" in capsys.readouterr().err


def a_file(path: Path, folder: Path) -> None:
    path.write_bytes(b"old")


def a_folder(path: Path, folder: Path) -> None:
    path.mkdir()


def a_link(path: Path, folder: Path) -> None:
    (folder / "victim").write_bytes(b"old")
    path.symlink_to(folder / "victim")


def a_dangling_link(path: Path, folder: Path) -> None:
    path.symlink_to(folder / "nothing")


def a_pipe(path: Path, folder: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [a_file, a_folder, a_link, a_dangling_link, a_pipe])
def test_nothing_that_exists_is_written_to(make: Callable[[Path, Path], None], tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    path = tmp_path / "caf\udce9 day.jpg"
    make(path, tmp_path / "other")
    kind = path.lstat()
    assert disk.write_new(path, b"new") == tmp_path / "caf\udce9 day-2.jpg"
    assert disk.write_new(path, b"newer") == tmp_path / "caf\udce9 day-3.jpg"
    assert (tmp_path / "caf\udce9 day-2.jpg").read_bytes() == b"new"
    assert (path.lstat().st_ino, path.lstat().st_size) == (kind.st_ino, kind.st_size)
    assert all(file.read_bytes() == b"old" for file in (tmp_path / "other").iterdir())


def test_a_file_that_does_not_fit_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(descriptor: int, data: memoryview) -> int:
        if len(data) < 5:
            raise OSError(28, "No space left on device")
        return 3

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="No space"):
        disk.write_new(tmp_path / "a.jpg", b"12345678")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_made_with_those_above_it(tmp_path: Path) -> None:
    for _ in range(2):
        disk.make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match=r"^cannot make folder .*file: File exists$"):
        disk.make_folder(tmp_path / "file")
