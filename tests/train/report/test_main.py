"""python -m train.report as a person meets it. What it makes: test_build.py."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from workbench.run_folder import REPORT_FILE

ROOT = Path(__file__).parents[3]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "train.report", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_help_comes_with_an_example_and_without_tensorflow() -> None:
    code = "import runpy, sys; sys.argv[1:] = ['-h']\ntry: runpy.run_module('train.report', run_name='__main__')\n"
    code += "finally: assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules), 'imported'"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "python -m train.report artifacts" in done.stdout


def test_a_folder_without_a_model_is_one_clear_line(tmp_path: Path) -> None:
    done = run(str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: {tmp_path}: expected model.keras")
    assert len(done.stderr.splitlines()) == 1


def test_the_command_makes_it_again(folder: Path) -> None:
    done = run(str(folder))
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{folder / REPORT_FILE}\n", "")
    assert (folder / REPORT_FILE).stat().st_size > 10_000
