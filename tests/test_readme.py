"""The README is run: every command it shows, and what it says they print."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

# Commands whose doing is a test of its own, or needs what a test machine has not.
ELSEWHERE = {
    "make test": "this is it",
    "make train convert": "tests/test_end_to_end.py",
    "make report": "tests/train/test_report.py, tests/convert/test_compare.py",
    "make bench": "a benchmark",
    "make bench-model": "a benchmark",
    "make leaderboard": "a benchmark",
    "make deploy HOST=pi@raspberrypi.local": "tests/device/check_deploy.py",
    "make rollback HOST=pi@raspberrypi.local": "tests/device/check_deploy.py",
    "make bundle TARGET=aarch64-py313": "tests/device/check_boards.py",
    "make eval-real REAL=folder": "a benchmark",
    "make eval-robust": "a benchmark",
    ".venv/bin/python -m runtime.camera": "needs a camera; tests/runtime/test_camera.py has a video",
}


def blocks() -> list[tuple[str, str]]:
    """(command, the output shown) of each `$ command` in the README's console blocks."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append((command, output.strip()))
    return found


def masked(text: str) -> str:
    """Scores and times are a machine's own; everything else must be as written."""
    text = re.sub(r", then .*", "", text)
    text = re.sub(r'"top": \[.*?\]', '"top": []', text)
    return re.sub(r"\d+\.\d+", "N", text).strip()


def test_there_are_commands() -> None:
    assert len(blocks()) >= 5
    assert blocks()[0][0] == "make demo"


@pytest.mark.parametrize(("command", "shown"), blocks(), ids=[command for command, _ in blocks()])
def test_a_command_does_what_the_readme_says(command: str, shown: str, tmp_path: Path) -> None:
    if command in ELSEWHERE:
        return
    line = command.replace("make demo", ".venv/bin/python -m runtime.classify samples")
    line = line.replace(".venv/bin/python", sys.executable).replace("annotated/", f"{tmp_path}/")
    done = subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if shown:
        assert masked(done.stdout) == masked(shown)


def test_every_make_target_named_is_there() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in set(re.findall(r"`make ([a-z-]+)", README)) | {
        c.split()[1] for c, _ in blocks() if c.startswith("make ")
    }:
        assert f"make {target} " in listed, target


def test_the_python_it_shows_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("7 0.")
    assert done.stdout.endswith("31415\n92653\n")


def test_every_file_named_is_there() -> None:
    for name in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / name).exists(), name


def test_the_accuracy_it_states_is_the_cards() -> None:
    from runtime.classifier import Classifier

    accuracy = Classifier.load().card.accuracy
    assert accuracy is not None
    assert f"{accuracy.quantized:.2%}".replace("%", " %") in README
    assert f"{accuracy.agreement:.2%}".replace("%", " %") in README
