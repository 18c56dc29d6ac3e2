"""The outputs there are, and that whatever names them names the same."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import runtime.outputs
from runtime.cli.parser import Parser
from runtime.errors import OptionError
from runtime.outputs.guard import GuardedOutput
from runtime.outputs.registry import OUTPUTS, add_options, open_outputs, output_module
from tests.packages import install
from tests.runtime.helpers import ROOT, command
from tests.runtime.outputs.helpers import context

CONF = (ROOT / "deploy/device/edge-classifier.conf").read_text(encoding="utf-8")
PAGE = (ROOT / "docs/how-to/outputs.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
NO_SERVICE = {"--window"}  # a board's service has no display


def parser() -> Parser:
    made = Parser("camera", "It looks.", "camera")
    add_options(made)
    return made


def flag(name: str) -> str:
    """The option that asks for an output: the first that its module declares."""
    made = Parser("camera", "It looks.", "camera")
    output_module(name).add_options(made)
    first: str = re.findall(r"--[a-z-]+", made.format_usage().replace("[--version]", ""))[0]
    return first


FLAGS = [*(flag(name) for name in OUTPUTS), "--output"]


def test_every_module_that_is_an_output_has_its_name_in_the_table() -> None:
    modules = [module.name for module in pkgutil.iter_modules(runtime.outputs.__path__)]
    found = {name for name in modules if hasattr(importlib.import_module(f"runtime.outputs.{name}"), "open_output")}
    assert found == set(OUTPUTS)
    assert len(set(FLAGS)) == len(OUTPUTS) + 1


@pytest.mark.parametrize("flag", FLAGS)
def test_what_names_an_output_names_them_all(flag: str) -> None:
    """The command's help and the service's settings."""
    named = re.compile(rf"{flag}(?![a-z-])")
    assert named.search(parser().format_help())
    if flag not in NO_SERVICE:
        assert any(named.search(line) for line in CONF.splitlines() if "OPTIONS=" in line)


def test_the_page_of_outputs_has_a_row_for_each_and_no_other() -> None:
    assert set(re.findall(r"^\| `(--[a-z-]+)", PAGE, re.MULTILINE)) == set(FLAGS)
    # The README names those that a person may look for, and nothing that is not there.
    (sentence,) = re.findall(r"Readings also go to (.*?)\.", README, re.DOTALL)
    in_readme = set(re.findall(r"--[a-z-]+", sentence))
    assert in_readme <= set(FLAGS)
    assert len(in_readme) >= 4


def test_the_command_has_their_options() -> None:
    done = command("runtime.camera", "-h")
    assert done.returncode == 0
    assert [flag for flag in FLAGS if f"  {flag}" not in done.stdout] == []


def test_the_console_alone_is_opened_unasked(capfd: pytest.CaptureFixture[str]) -> None:
    (console,) = open_outputs(parser().parse([]), context())
    assert console.close()
    assert capfd.readouterr() == ("", "")


def test_those_asked_for_are_opened_in_order(tmp_path: Path) -> None:
    words = ["--save-unsure", str(tmp_path / "unsure"), "--record", str(tmp_path / "out.avi"), "--stats"]
    opened = list(open_outputs(parser().parse(words), context()))
    assert [type(output.output).__name__ for output in opened if isinstance(output, GuardedOutput)] == [
        "ConsoleOutput",
        "StatsOutput",
        "VideoOutput",
        "UnsureFramesOutput",
    ]
    assert [output.close() for output in opened] == [True] * 4


# What a start does not need, and what it would cost: TLS and sockets, packages and their metadata, archives.
NOT_ASKED_FOR = ("ssl", "hashlib", "paho", "importlib.metadata", "tempfile", "shutil", "runtime.outputs.mqtt_client")
START = """
import runpy, sys
import numpy
for name in {barred!r}:
    assert name not in sys.modules or numpy.__version__.startswith("1."), name  # numpy 1 loads some of them itself
    sys.modules.setdefault(name, None)
sys.argv = ["camera", "samples/photo_7.jpg"]
runpy.run_module("runtime.camera", run_name="__main__")
"""


def test_a_start_imports_only_what_was_asked_for() -> None:
    words = [sys.executable, "-c", START.format(barred=NOT_ASKED_FOR)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1), done.stderr


# An output of another package: a module, and what an installation of it leaves

TOY = """
import json
from runtime.errors import OutputError

class Toy:
    def __init__(self, path, context):
        self._file = open(path, "w")
        self._log = context.log
        self._turns = 0
        context.each_turn.append(self._turn)

    def _turn(self):
        self._turns += 1

    def emit(self, update):
        print(json.dumps([update.state, update.frame.index, update.result.outcome.text]), file=self._file)

    def close(self):
        self._file.close()
        self._log(f"toy: closed after {self._turns} turns")
        return True

def open_output(argument, context):
    if not argument:
        raise OutputError("--output toy: expected toy=FILE; received no name")
    return Toy(argument, context)
"""


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder with the package `toy`, as pip leaves one."""
    points = ("toy = toy_output:open_output", "broken = toy_output:missing", "gone = no_such_module:open_output")
    return install(tmp_path / "packages", "toy_output", TOY, "edge_classifier.outputs", *points)


def test_an_output_of_another_package_receives_every_update(packages: Path, tmp_path: Path) -> None:
    words = ("fake://digits", "--count", "5", "--json", "--output", f"toy={tmp_path / 'toy.jsonl'}")
    done = command("runtime.camera", *words, env={"PYTHONPATH": str(packages)})
    assert done.returncode == 0, done.stderr
    seen = [json.loads(line) for line in (tmp_path / "toy.jsonl").read_text().splitlines()]
    shown = [json.loads(line) for line in done.stdout.splitlines()]
    assert seen == [[line["state"], line["frame"], line["label"]] for line in shown]
    assert sum(state in ("ok", "recovered") for state, _, _ in seen) == 5
    (turns,) = re.findall(r"^toy: closed after (\d+) turns$", done.stderr, re.MULTILINE)
    assert int(turns) >= 5


def test_it_may_be_given_more_than_once_and_refuse(packages: Path, tmp_path: Path) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    words = [word for file in files for word in ("--output", f"toy={file}")]
    environment = {"PYTHONPATH": str(packages)}
    assert command("runtime.camera", "samples/photo_7.jpg", *words, env=environment).returncode == 0
    assert [file.read_text() for file in files] == ['["ok", 0, "7"]\n'] * 2
    done = command("runtime.camera", "samples/photo_7.jpg", "--output", "toy", env=environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: --output toy: expected toy=FILE; received no name\n"


def test_an_unknown_output_is_one_line_with_the_known_ones(packages: Path) -> None:
    words = ("runtime.camera", "samples/photo_7.jpg", "--output", "kafka=broker")
    done = command(*words, env={"PYTHONPATH": str(packages)})
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "received 'kafka'. Installed: broken, gone, toy. Built in, " in done.stderr
    assert done.stderr.endswith(f"(see -h): {', '.join(OUTPUTS)}\n")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("broken", r"toy_output:missing \(edge_classifier.outputs\): AttributeError"),
        ("gone", r"no_such_module:open_output \(edge_classifier.outputs\): ModuleNotFoundError"),
    ],
)
def test_an_output_that_cannot_be_loaded_is_one_line(
    name: str, why: str, packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(packages))
    with pytest.raises(OptionError, match=f"^cannot load {name} from {why}"):
        list(open_outputs(parser().parse(["--output", name]), context()))
