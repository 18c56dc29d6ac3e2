"""What every command shares: spelling of options, errors in one line, exit statuses."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime import __version__
from runtime.cli.parser import Parser, as_called, float_between, int_at_least, print_error, print_note
from tests.runtime.helpers import ROOT


def parser() -> Parser:
    made = Parser("python -m runtime.hello", "Greet.", "  python -m runtime.hello --num-times 2")
    made.add_argument("--num-times", type=int_at_least(1), default=1, metavar="N", help="greetings (1)")
    made.add_argument("names", nargs="*", metavar="NAME", help="who is greeted")
    return made


@pytest.mark.parametrize("words", [["--num-times", "3"], ["--num_times", "3"], ["--num_times=3"], ["--num-times=3"]])
def test_underscores_serve_for_hyphens(words: list[str]) -> None:
    assert parser().parse(words).num_times == 3


def test_values_keep_their_underscores() -> None:
    assert parser().parse(["--num_times=2", "--", "--my_file"]).names == ["--my_file"]
    assert parser().parse(["my_file", "_"]).names == ["my_file", "_"]
    made = Parser("p", "d", "e")
    made.add_argument("--name")
    assert made.parse(["--name=a_b"]).name == "a_b"


def test_help_shows_the_example_and_the_actions_are_all_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parser().parse(["-h"])
    assert end.value.code == 0
    assert capsys.readouterr().out.endswith("example:\n  python -m runtime.hello --num-times 2\n")
    assert [action.dest for action in parser().actions] == ["help", "version", "num_times", "names"]


def test_it_calls_itself_as_it_was_called(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parser().format_usage().startswith("usage: python -m runtime.hello [-h]")
    monkeypatch.setattr(sys, "argv", ["edge-classifier hello", "--num-times", "2"])
    assert parser().format_usage().startswith("usage: edge-classifier hello [-h]")
    assert parser().format_help().endswith("example:\n  edge-classifier hello --num-times 2\n")
    assert parser().parse().num_times == 2


def test_messages_name_commands_as_they_were_called(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "a video; use: python -m runtime.camera clip.mp4"
    assert as_called(text) == text
    monkeypatch.setattr(sys, "argv", ["edge-classifier classify"])
    print_error(text)
    assert capsys.readouterr().err == "error: a video; use: edge-classifier camera clip.mp4\n"


@pytest.mark.parametrize(
    ("words", "name"),
    [([""], "NAME"), (["a", "", "b"], "NAME"), (["--greeting", ""], "--greeting"), (["--greeting="], "--greeting")],
)
def test_an_empty_word_is_a_usage_error(words: list[str], name: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = parser()
    made.add_argument("--greeting")
    with pytest.raises(SystemExit) as end:
        made.parse(words)
    assert end.value.code == 2
    complaint = f"error: argument {name}: expected a value; received an empty one. Is a shell variable unset?\n"
    assert capsys.readouterr().err.endswith(complaint)


def test_help_is_as_wide_as_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Parser("p", "one two three four five six seven eight nine ten " * 4, "  p")
    for columns, width in (("60", 58), ("many", 100)):
        monkeypatch.setenv("COLUMNS", columns)
        options = made.format_help().partition("options:")[2].partition("example:")[0]
        assert max(len(line) for line in options.splitlines()) <= width


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse(["--version"])
    assert capsys.readouterr().out == f"edge-classifier {__version__}\n"


@pytest.mark.parametrize("words", [["--num"], ["--num-times", "0"], ["--num-times", "x"], ["--nonsense"]])
def test_a_usage_error_is_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parser().parse(words)
    assert end.value.code == 2
    assert "python -m runtime.hello: error: " in capsys.readouterr().err


def test_an_option_may_require_another(capsys: pytest.CaptureFixture[str]) -> None:
    made = Parser("p", "d", "e")
    made.add_argument("--mqtt")
    made.add_argument("--mqtt-ca")
    made.require("--mqtt-ca", "--mqtt")
    assert made.parse(["--mqtt", "a", "--mqtt-ca", "b"]).mqtt_ca == "b"
    assert made.parse([]).mqtt_ca is None
    with pytest.raises(SystemExit):
        made.parse(["--mqtt-ca", "b"])
    assert "argument --mqtt-ca: needs --mqtt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "complaint"), [("x", "expected a whole number"), ("1.5", "whole number"), ("0", "expected 1 or more")]
)
def test_whole_numbers_have_a_limit(text: str, complaint: str) -> None:
    assert int_at_least(1)("1") == 1
    with pytest.raises(argparse.ArgumentTypeError, match=complaint):
        int_at_least(1)(text)


@pytest.mark.parametrize("text", ["-0.1", "1.1", "nan", "x", ""])
def test_numbers_have_two(text: str) -> None:
    assert [float_between(0, 1)(good) for good in ("0", "0.5", "1")] == [0.0, 0.5, 1.0]
    with pytest.raises(argparse.ArgumentTypeError, match="expected"):
        float_between(0, 1)(text)


def test_limits_are_written_out() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected 0 to 1000000000; received -3"):
        float_between(0, 1e9)("-3")


def test_an_error_is_one_line_whatever_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(ValueError("one\n  two\n"))
    print_note("three")
    assert capsys.readouterr().err == "error: one two\nthree\n"


def run(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`run(main)` in a process of its own, where main is this code."""
    imports = "from runtime.cli.parser import run\nfrom runtime.errors import ModelError"
    text = f"{imports}\ndef main():\n    {code}\nrun(main)"
    environment = {name: value for name, value in os.environ.items() if name != "DEBUG"} | env
    words = [sys.executable, "-c", text]
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("code", "status", "stderr"),
    [
        ("return 0", 0, ""),
        ("return 3", 3, ""),
        ("raise ModelError('cannot read\\n    model')", 1, "error: cannot read model\n"),
        ("raise KeyboardInterrupt", 130, ""),
        ("raise BrokenPipeError", 0, ""),
    ],
)
def test_statuses(code: str, status: int, stderr: str) -> None:
    done = run(code)
    assert (done.returncode, done.stderr) == (status, stderr)


def test_debug_shows_where_an_error_came_from() -> None:
    assert "Traceback" in run("raise ModelError('x')", DEBUG="1").stderr


def test_other_exceptions_are_defects_and_shown_as_such() -> None:
    done = run("raise ValueError('a defect')")
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_a_reader_that_leaves_ends_it_quietly() -> None:
    code = "from runtime.cli.parser import run\nrun(lambda: [print('line ' * 100) for _ in range(1000)] and 0)"
    words = ["bash", "-c", 'set -o pipefail; "$0" -c "$1" | head -1', sys.executable, code]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("line ")


def test_a_full_disk_is_one_line() -> None:
    code = "from runtime.cli.parser import run\nrun(lambda: print('line') or 0)"
    words = [sys.executable, "-c", code]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(words, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (1, "error: standard output: No space left on device\n")


def test_what_the_system_refuses_is_one_line() -> None:
    code = "import errno; raise PermissionError(errno.EACCES, 'Permission denied', 'some.file')"
    done = run(code)
    assert (done.returncode, done.stderr) == (1, "error: some.file: Permission denied\n")
    assert "Traceback" in run(code, DEBUG="1").stderr
    assert "Traceback" in run("open('missing.file')").stderr  # whoever opens a file says what was expected


@pytest.mark.parametrize("text", ["65", "100000", "99999999999", "-1", "0"])
def test_whole_numbers_may_have_an_upper_limit(text: str) -> None:
    assert int_at_least(1, 64)("64") == 64
    with pytest.raises(argparse.ArgumentTypeError, match=r"expected 1 (to 64|or more); received"):
        int_at_least(1, 64)(text)
