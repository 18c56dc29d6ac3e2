"""Ctrl-C at any moment of a command is status 130 and no traceback; of another program it is that program's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runtime.helpers import ROOT

IMPORTS = "import os, signal\nfrom runtime.interrupts import exit_on_interrupt, raise_on_interrupt\n"


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Python code in a process of its own, with Python's own handler of SIGINT."""
    words = [sys.executable, "-c", IMPORTS + code]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


INTERRUPT = "exit_on_interrupt()\n"


def test_an_interrupt_during_the_start_ends_it_quietly() -> None:
    done = run(f"{INTERRUPT}os.kill(os.getpid(), signal.SIGINT)\nprint('went on')")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_interrupt_after_the_start_is_an_exception_again() -> None:
    code = f"""{INTERRUPT}raise_on_interrupt()
try:
    os.kill(os.getpid(), signal.SIGINT)
    signal.pause()
except KeyboardInterrupt:
    print("caught")
"""
    assert run(code).stdout == "caught\n"


@pytest.mark.parametrize("handler", ["signal.SIG_IGN", "print"])
def test_an_interrupt_that_somebody_handles_is_left_to_them(handler: str) -> None:
    code = f"""
signal.signal(signal.SIGINT, {handler})
exit_on_interrupt()
raise_on_interrupt()
assert signal.getsignal(signal.SIGINT) is {handler}
"""
    assert run(code).returncode == 0


# Python imports it at every start: whoever looks for the module that is named there gets Ctrl-C.
CUSTOM = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
class Interrupted:
    def find_spec(self, name, path, target=None):
        if name == os.environ["INTERRUPT_AT"]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupted())
"""


@pytest.mark.parametrize("module", ["runtime.native", "numpy", "runtime.cli.parser", "runtime.results"])
@pytest.mark.parametrize("command", ["classify samples/photo_7.jpg", "camera fake://digits", "selftest", "benchmark"])
def test_ctrl_c_during_the_imports_is_no_traceback(command: str, module: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(CUSTOM)
    done = subprocess.run(
        [sys.executable, "-m", *f"runtime.{command}".split()],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path), "INTERRUPT_AT": module},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_program_that_imports_the_package_keeps_its_keyboard_interrupt() -> None:
    code = """import runtime
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
"""
    assert run(code).returncode == 0
