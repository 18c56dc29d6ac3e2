"""The bar: silent where nobody looks, and moving where somebody does."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.progress import bar, make_progress

ROOT = Path(__file__).resolve().parents[2]


def test_progress_is_silent_without_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with bar("Running", 3) as advance:
        advance(3)
    assert capfd.readouterr() == ("", "")


def test_without_a_terminal_rich_is_not_even_imported() -> None:
    script = "import sys\nfrom workbench.progress import bar\nwith bar('x', 1) as advance: advance(1)\n"
    script += "sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False).returncode == 0


def test_steps_add_up() -> None:
    with make_progress("{task.fields[text]}") as progress:
        task = progress.add_task("Running", total=3, text="x")
        progress.update(task, advance=1)
        progress.update(task, advance=2)
        assert progress.finished


def test_a_terminal_sees_title_and_count() -> None:
    master, terminal = pty.openpty()
    script = "from workbench.progress import bar\nwith bar('Running', 3) as advance:\n advance(1)\n advance(2)"
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, env=environment, stderr=terminal, stdout=subprocess.PIPE, check=False)
    os.close(terminal)
    text = os.read(master, 1 << 16).decode("utf-8", "replace")
    os.close(master)
    assert (done.returncode, done.stdout) == (0, b"")
    assert "Running" in text
    assert "3/3" in text
