"""Completion in a shell, by the shell itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.cli.completion import SHELLS
from runtime.cli.main import COMMANDS
from tests.runtime.helpers import ROOT, command

shtab = pytest.importorskip("shtab", reason="the extra `completion` is not installed")

# What bash does at a press of the Tab key: it calls the function that `complete -F` named.
ASK = """
source "$1"; shift
COMP_WORDS=(edge-classifier "$@"); COMP_CWORD=$#; COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}
function_=$(complete -p edge-classifier | sed -E 's/.*-F ([^ ]+).*/\\1/')
$function_ edge-classifier "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script for bash, in a file."""
    path = tmp_path_factory.mktemp("completion") / "edge-classifier"
    done = command("runtime.cli.main", "completion", "bash")
    assert (done.returncode, done.stderr) == (0, "")
    path.write_text(done.stdout, encoding="utf-8")
    return path


def complete(script: Path, *words: str) -> set[str]:
    """What bash offers for the last of these words."""
    done = subprocess.run(
        ["bash", "-c", ASK, "bash", str(script), *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_commands_are_completed(script: Path) -> None:
    assert complete(script, "") >= set(COMMANDS)
    assert complete(script, "cl") == {"classify"}


def test_options_are_those_of_the_command(script: Path) -> None:
    assert {"--json", "--csv", "--annotate"} <= complete(script, "classify", "--")
    assert complete(script, "camera", "--smo") == {"--smoothing"}
    assert complete(script, "classify", "--smo") == set()
    assert complete(script, "camera", "--flip", "") >= {"h", "v", "hv"}


def test_files_and_folders_are_completed(script: Path) -> None:
    assert complete(script, "classify", "samples/photo_7") == {"samples/photo_7.jpg"}
    assert complete(script, "classify", "--model", "READM") == {"README.md"}
    assert "samples" in {name.rstrip("/") for name in complete(script, "classify", "--annotate", "sam")}
    assert complete(script, "classify", "--annotate", "READM") == set()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_one_for_that_shell(shell: str, tmp_path: Path) -> None:
    done = command("runtime.cli.main", "completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--save-unsure" in done.stdout
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(done.stdout, encoding="utf-8")
    subprocess.run([shell, "-n", str(tmp_path / "script")], check=True)


def test_another_shell_is_a_usage_error() -> None:
    done = command("runtime.cli.main", "completion", "powershell")
    assert done.returncode == 2
    assert "edge-classifier completion: error: argument shell: invalid choice" in done.stderr


def test_without_shtab_one_line_says_what_to_install() -> None:
    code = "import sys\nsys.modules['shtab'] = None\nsys.argv = ['edge-classifier', 'completion', 'bash']\n"
    words = [sys.executable, "-c", code + "from runtime.cli.main import main\nmain()"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: shell completion needs the package shtab: pip install 'edge-classifier[completion]'\n"
    )
