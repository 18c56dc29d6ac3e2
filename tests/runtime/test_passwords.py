"""Passwords from a file or the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.errors import OptionError
from runtime.passwords import MAX_BYTES, find_password, with_password


@pytest.mark.parametrize("data", [b"p@ss /#w", b"p@ss /#w\n", b"p@ss /#w\r\n"])
def test_a_file_has_one_line(data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_bytes(data)
    monkeypatch.setenv("A_PASSWORD", "another")
    assert find_password("--password-file", str(tmp_path / "secret"), "A_PASSWORD") == "p@ss /#w"
    assert find_password("--password-file", None, "A_PASSWORD") == "another"
    monkeypatch.setenv("A_PASSWORD", "")
    assert find_password("--password-file", None, "A_PASSWORD") is None


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"hunter2\nhunter3\n", b"hunter2\0", b"hunter2\xff", b"h" * (MAX_BYTES + 1)]
)
def test_what_is_no_password_is_one_line_without_it(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(data)
    with pytest.raises(OptionError, match=r"^--password-file: expected") as caught:
        find_password("--password-file", str(tmp_path / "secret"), "A_PASSWORD")
    assert "hunter" not in str(caught.value)
    with pytest.raises(OptionError, match=r"cannot read .*missing: No such file or directory"):
        find_password("--password-file", str(tmp_path / "missing"), "A_PASSWORD")


def test_a_password_goes_behind_the_user() -> None:
    assert with_password("http://me@cam:81/a?b", "x:y/z@#") == "http://me:x%3Ay%2Fz%40%23@cam:81/a?b"
    for source in ("0", "http://cam/", "http://me:old@cam/", "http://cam/@home", "rtsp://@cam/"):
        with pytest.raises(OptionError, match="rtsp://user@host/path"):
            with_password(source, "hunter2")
