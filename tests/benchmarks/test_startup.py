"""The command that times a start."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.conftest import ROOT


def test_both_starts_are_measured_and_compared() -> None:
    words = [sys.executable, "-m", "benchmarks.startup", "--count", "1"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    head, bare, ours, ratio = done.stdout.splitlines()
    assert head.split() == ["wall", "peak", "memory"]
    for line, name in ((bare, "bare script"), (ours, "python -m runtime.classify")):
        assert re.fullmatch(rf"{name} +\d+ ms +[\d.]+ MiB", line)
    assert re.fullmatch(r"ratio +[\d.]+ +[\d.]+", ratio)
