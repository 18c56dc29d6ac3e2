"""What leaves a command is escaped, bounded and without secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from runtime.cli.parser import MAX_ERROR, Parser, print_error, print_note
from runtime.cli.printing import MAX_LINE, one_line, print_data, print_lines, print_traceback
from runtime.text import to_json
from tests.runtime.helpers import ROOT, UNSAFE

URL = "http://me:hunter2/x@127.0.0.1/token123456789?password=geheim"
SECRETS = ("hunter2", "token123456789", "geheim")


def said(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    return captured.out + captured.err


@pytest.mark.parametrize("character", UNSAFE)
def test_every_line_is_without_control_characters(character: str, capsys: pytest.CaptureFixture[str]) -> None:
    outside = f"a{character}b"
    print_error(f"cannot read {outside}")
    print_note(f"saved {outside}")
    print_lines(outside)
    print_data(to_json([outside]))
    try:
        raise ValueError(outside)
    except ValueError as error:
        print_traceback(ValueError, error, error.__traceback__)
    made = Parser("p", "d", "e")
    with pytest.raises(SystemExit):
        made.parse([f"--{outside}"])
    text = said(capsys)
    assert text.replace("\n", "").isprintable()
    assert text.count("a") > 5


def test_lines_are_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 100_000
    print_error(f"cannot read {long}: no such file; copy it again")
    print_note(long)
    try:
        raise ValueError(long)
    except ValueError as error:
        print_traceback(ValueError, error, error.__traceback__)
    made = Parser("p", "d", "e")
    with pytest.raises(SystemExit):
        made.parse([f"--{long}"])
    lines = said(capsys).splitlines()
    assert max(map(len, lines)) <= MAX_LINE
    assert len(lines[0]) == MAX_ERROR
    assert lines[0].startswith("error: cannot read xxx")
    assert lines[0].endswith("xxx: no such file; copy it again")


def test_no_secret_of_the_command_line_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["edge-classifier classify", URL, "--mqtt=mqtt://me:geheim@b/t"])
    print_error(f"cannot read {URL}: no such file")
    print_error("nonnumeric port: 'hunter2'")
    print_note(f"reading {URL!r}")
    try:
        try:
            raise ValueError("hunter2/x and geheim")
        except ValueError as error:
            raise RuntimeError(f"cannot open {URL}, nor http://you:hunter2@other/") from error
    except RuntimeError as error:
        print_traceback(RuntimeError, error, error.__traceback__)
    with pytest.raises(SystemExit):
        Parser("p", "d", "e").parse()
    text = said(capsys)
    assert not [secret for secret in SECRETS if secret in text]
    assert "cannot read http://127.0.0.1/" not in text
    assert "nor http://***@other/" in text
    assert text.count("Traceback") == 2


def test_line_breaks_of_an_error_become_spaces() -> None:
    assert one_line("one\n  two  three\n\n") == "one two  three"
    assert one_line("  indented, as a table") == "  indented, as a table"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8", "utf-8:surrogateescape", "ascii:surrogateescape"])
def test_json_is_utf_8_whatever_the_locale(encoding: str) -> None:
    code = """
from runtime.cli.parser import run
from runtime.cli.printing import print_data, print_lines
from runtime.text import to_json
run(lambda: print_lines("a \\u20ac \\udce9") or print_data(to_json("\\u00e9 \\u20ac \\udce9")) or 0)"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONIOENCODING": encoding, "PATH": ""},
        capture_output=True,
        timeout=60,
        check=False,
    )
    text, written = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(written.decode("utf-8")) == "\u00e9 \u20ac \udce9"
    assert text.decode("utf-8") in ("a \u20ac \\udce9", "a \\u20ac \\udce9")


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """A line for bash, whose "$PYTHON -m" is this Python's."""
    env = {**os.environ, "PYTHON": sys.executable}
    env.pop("DEBUG", None)
    words = ["bash", "-c", line]
    return subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)


COMMANDS = [
    "runtime.classify samples/photo_7.jpg",
    "runtime.classify --csv samples/photo_7.jpg",
    "runtime.classify -h",
    "runtime.camera --version",
    "runtime.camera fake://digits --count 1 --json",
    "runtime.selftest",
    "runtime.doctor --json",
    "runtime.benchmark --count 1 --warmup 0 --num-threads 1",
    "runtime.cli.main -h",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_standard_output_is_one_line_and_status_1(command: str) -> None:
    done = shell(f"$PYTHON -m {command} > /dev/full")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.count("No space left on device") == 1


@pytest.mark.parametrize("command", [*COMMANDS, "runtime.classify missing.png", "runtime.camera --nonsense"])
def test_closed_streams_change_no_status(command: str) -> None:
    status = 1 if "missing" in command else 2 if "nonsense" in command else 0
    for closed in ("<&- >&- 2>&-", "2>/dev/full", "2>&-"):
        done = shell(f"$PYTHON -m {command} {closed}")
        assert (done.returncode, done.stderr) == (status, ""), closed
