"""edge-classifier: each subcommand is the code of python -m runtime.NAME, and the only one that is imported."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from runtime import __version__
from runtime.cli.main import COMMANDS
from tests.runtime.helpers import ROOT, command

PROGRAM = "import sys\nfrom runtime.cli.main import main\nsys.argv = ['edge-classifier', *sys.argv[1:]]\nmain()"
OF_THE_PACKAGE = [name for name in COMMANDS if name != "completion"]


def edge_classifier(*words: str) -> subprocess.CompletedProcess[str]:
    """The command as its script runs it, in a process of its own."""
    done = [sys.executable, "-c", PROGRAM, *words]
    return subprocess.run(done, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_help_lists_the_commands_with_a_line_each() -> None:
    done = edge_classifier("-h")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: edge-classifier [-h] [--version] COMMAND ...\n")
    for name, entry in COMMANDS.items():
        assert f"\n  {name:11s} {entry.summary}\n" in done.stdout


def test_version() -> None:
    assert edge_classifier("--version").stdout == f"edge-classifier {__version__}\n"
    assert edge_classifier("classify", "--version").stdout == f"edge-classifier {__version__}\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("clasify", "x.png"), "argument COMMAND: invalid choice: 'clasify' (choose from 'classify', 'camera'"),
        ((), "the following arguments are required: COMMAND"),
        (("--json", "classify"), "COMMAND"),
    ],
)
def test_anything_else_is_a_usage_error(words: tuple[str, ...], complaint: str) -> None:
    done = edge_classifier(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint.replace("'", "") in done.stderr.replace("'", "")  # Python 3.12 quotes choices no more


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says(name: str) -> None:
    entry = COMMANDS[name]
    parser = import_module(entry.options or entry.module).build_parser()
    assert parser.description == entry.summary
    assert callable(import_module(entry.module).main)


@pytest.mark.parametrize("name", OF_THE_PACKAGE)
def test_the_options_are_those_of_the_module(name: str) -> None:
    by_name, by_module = edge_classifier(name, "-h"), command(f"runtime.{name}", "-h")
    assert by_name.stdout.startswith(f"usage: edge-classifier {name} ")
    renamed = by_module.stdout.replace(f"python -m runtime.{name}", f"edge-classifier {name}")
    assert by_name.stdout.split() == renamed.split()  # the usage line is shorter, and breaks elsewhere


@pytest.mark.parametrize(
    "words",
    [
        ("classify", "samples/photo_7.jpg", "samples/blank.jpg"),
        ("classify", "nowhere.png"),
        ("classify", "-k", "0", "x.png"),
        ("classify", "-m", "none.tflite", "x.png"),
        ("camera", "samples/photo_7.jpg"),
        ("camera", "nonsense://x"),
    ],
)
def test_answers_errors_and_statuses_are_those_of_the_module(words: tuple[str, ...]) -> None:
    by_name, by_module = edge_classifier(*words), command(f"runtime.{words[0]}", *words[1:])
    assert by_name.returncode == by_module.returncode
    assert without_clock(by_name.stdout) == without_clock(by_module.stdout)
    said = by_module.stderr.replace(f"python -m runtime.{words[0]}", f"edge-classifier {words[0]}")
    assert by_name.stderr.split() == said.split()


def without_clock(text: str) -> str:
    """What the camera prints begins with the time of day."""
    return re.sub(r"^\d\d:\d\d:\d\d", "hh:mm:ss", text, flags=re.MULTILINE)


def test_every_command_runs() -> None:
    assert edge_classifier("selftest").stdout.endswith("passed\n")
    assert json.loads(edge_classifier("doctor", "--json").stdout.splitlines()[0])["name"] == "version"
    done = edge_classifier("benchmark", "--json", "--count", "2", "--warmup", "0", "--num-threads", "1")
    assert json.loads(done.stdout)["threads"] == 1


def test_a_start_imports_the_command_asked_for_and_no_other() -> None:
    at_the_end = "import atexit, sys\natexit.register(lambda: print(*sys.modules))\n"
    words = [sys.executable, "-c", at_the_end + PROGRAM, "doctor", "-h"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    loaded = done.stdout.splitlines()[-1].split()
    assert "runtime.board.machine" in loaded
    assert not {"numpy", "cv2", "shtab", "runtime.classifier", "runtime.camera", "importlib.metadata"} & set(loaded)


def test_ctrl_c_while_a_command_is_imported_is_quiet() -> None:
    interrupt = """
import sys
class Interrupt:
    def find_spec(self, name, *_):
        if name == "runtime.classify":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
"""
    words = [sys.executable, "-c", interrupt + PROGRAM, "classify", "x.png"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_folder_of_the_same_name_in_the_current_folder_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "here" / "runtime").mkdir(parents=True)
    (tmp_path / "here" / "runtime" / "__init__.py").touch()
    script = tmp_path / "bin" / "edge-classifier"
    script.parent.mkdir()
    script.write_text("from runtime.cli.main import main\nmain()\n")  # as pip writes it
    ways = [[str(script)], *([["-P", "-m", "runtime.cli.main"]] if sys.version_info >= (3, 11) else [])]
    for way in ways:
        done = subprocess.run(
            [sys.executable, *way, "classify", str(ROOT / "samples" / "photo_7.jpg")],
            cwd=tmp_path / "here",
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), way
        assert done.stdout.endswith("photo_7.jpg: 7 (100.0 %)\n")
