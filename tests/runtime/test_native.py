"""What C++ code writes to file descriptor 2 is kept, dropped or let through."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime import native
from tests.runtime.helpers import ROOT


def run(code: str, closed: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """Python code in a process of its own; `closed` is a shell's redirection such as 2>&-."""
    words = [
        "sh",
        "-c",
        f'exec "$0" -c "$1" {closed}',
        sys.executable,
        "import os, sys\nfrom runtime import native\n" + code,
    ]
    environment = {name: value for name, value in os.environ.items() if name != "DEBUG"} | env
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_captured_text_is_one_line_without_logs(capfd: pytest.CaptureFixture[str]) -> None:
    with native.captured_stderr() as text:
        assert text() == ""
        os.write(2, b"INFO: Created TensorFlow Lite delegate\n\nbroken node\n")
        assert text() == "broken node"
        os.write(2, b"WARNING: old\nand tensor\n")
        assert text() == "broken node; and tensor"
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_standard_error_comes_back_after_an_exception(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="bad"), native.captured_stderr():
        raise ValueError("bad")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


def test_debug_lets_through(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("DEBUG", "1")
    with native.captured_stderr() as text:
        os.write(2, b"heard")
        assert text() == ""
    assert capfd.readouterr().err == "heard"


def test_many_captures_leave_no_descriptor_open() -> None:
    before = os.dup(2)
    os.close(before)
    for _ in range(20):
        with native.captured_stderr():
            os.write(2, b"kept")
    after = os.dup(2)
    os.close(after)
    assert after == before


def test_without_memfd_a_file_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    with native.captured_stderr() as text:
        os.write(2, b"kept")
        assert text() == "kept"


SPEAK = "native.silence_native_code()\nos.write(2, b'native\\n')\nprint('python', file=sys.stderr)"


def test_silenced_code_is_not_heard_and_python_is() -> None:
    assert run(SPEAK).stderr == "python\n"
    assert run(SPEAK, DEBUG="1").stderr == "native\npython\n"


@pytest.mark.parametrize("code", ["native.silence_native_code()", "with native.captured_stderr() as text:\n    text()"])
def test_a_closed_standard_error_is_no_fault(code: str) -> None:
    done = run(f"{code}\nprint('done')", closed="2>&-")
    assert (done.returncode, done.stdout) == (0, "done\n")


def test_discarded_output_does_not_reach_the_reader() -> None:
    done = run("print('kept', flush=True)\nnative.discard(sys.stdout)\nprint('dropped')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "kept\n", "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_take_everything_and_say_nothing(closed: str) -> None:
    code = """
native.prepare_standard_streams()
assert sys.stdin.read() == ""
os.write(1, b"native ")
print("out", flush=True)
print("err", file=sys.stderr)
sys.exit(os.open(os.devnull, os.O_RDONLY))  # the next descriptor: none of the first three is left to others
"""
    done = run(code, closed)
    assert done.returncode > 2
    assert done.stdout == ("" if ">&- " in f"{closed} " and closed != "2>&-" else "native out\n")
    assert done.stderr == ("" if "2>&-" in closed else "err\n")


@pytest.mark.parametrize(("encoding", "seen"), [("utf-8", "\\udce9 \u6570"), ("ascii", "\\udce9 \\u6570")])
def test_letters_that_cannot_be_encoded_become_escapes(encoding: str, seen: str) -> None:
    done = run("native.prepare_standard_streams()\nprint('\\udce9 \\u6570')", PYTHONIOENCODING=f"{encoding}:strict")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{seen}\n", "")


def test_what_opencv_may_be_given() -> None:
    assert native.is_encodable("")
    assert native.is_encodable("caf\u00e9 \U0001f600")
    assert not native.is_encodable(os.fsdecode(b"caf\xe9"))


def test_a_regular_file_is_read_whole(tmp_path: Path) -> None:
    for size in (0, 1, 70_000):
        (tmp_path / "file").write_bytes(b"x" * size)
        assert native.read_regular_file(tmp_path / "file", 70_000) == b"x" * size
    assert b"Name:" in native.read_regular_file("/proc/self/status", 10_000)  # whose size is said to be 0


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    for path, kind in ((tmp_path / "pipe", "a pipe"), (tmp_path, "a folder"), (tmp_path / "link", "a device")):
        with pytest.raises(OSError, match=f"expected a regular file; received {kind}"):
            native.read_regular_file(path, 1000)


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(OSError, match=r"expected at most 70,000 bytes; received 1,099,511,627,776"):
        native.read_regular_file(tmp_path / "sparse", 70_000)
