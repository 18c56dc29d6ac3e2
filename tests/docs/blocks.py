"""The commands and the Python that a page shows, found in its Markdown, and run as a reader would run them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FENCE = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        page: Its file, relative to the project.
        line: Of the page, where the block's fence is.
        language: What follows the fence.
        title: The file that the block is, where it says so; else "".
        text: Between the fences.
    """

    page: str
    line: int
    language: str
    title: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command of a console block, and the output that the page shows below it ("" where it shows none)."""

    page: str
    line: int
    text: str
    shown: str


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page."""
    text = page.read_text(encoding="utf-8")
    name = page.relative_to(ROOT).as_posix()
    return [
        Block(name, text.count("\n", 0, found.start()) + 1, found[1], found[2] or "", found[3])
        for found in FENCE.finditer(text)
    ]


def commands(page: Path) -> list[Command]:
    """Every `$ command` of a page's console blocks; a line that ends in a backslash goes on in the next."""
    found = []
    for block in blocks(page):
        if block.language != "console":
            continue
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, output = part.replace("\\\n", " ").partition("\n")
            found.append(Command(block.page, block.line, " ".join(command.split()), output.strip()))
    return found


def masked(text: str) -> str:
    """Scores and times are a machine's own; everything else must be as written."""
    text = re.sub(r", then .*", "", text)
    text = re.sub(r'"top": \[.*?\]', '"top": []', text)
    text = re.sub(r"\d\d:\d\d:\d\d frame \d+", "CLOCK frame N", text)  # a live source may pass frames over
    return re.sub(r"\d+\.\d+", "N", text).strip()


class Workplace:
    """A folder with what the pages' commands need: a copy of the samples, and `python` and the like on the path."""

    def __init__(self, folder: Path) -> None:
        """folder: empty; everything that a command writes stays in it."""
        self.folder = folder
        for name in ("samples", "runtime", "examples"):
            (folder / name).symlink_to(ROOT / name)
        self._programs = folder / ".programs"
        self._programs.mkdir()
        self._program("python", shlex.quote(sys.executable))
        self._program("edge-classifier", f"{shlex.quote(sys.executable)} -m runtime.cli.main")

    def _program(self, name: str, command: str) -> None:
        path = self._programs / name
        path.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        path.chmod(0o755)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a line of a page in bash; `make demo` is the program that it runs, as this environment has it."""
        line = command.replace("make demo", "python -m runtime.classify samples")
        line = line.replace(".venv/bin/", "")
        return self._run(["bash", "-c", line])

    def run_python(self, code: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the Python that a page shows, in a process of its own."""
        return self._run([sys.executable, "-c", code, *words])

    def _run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "PATH": f"{self._programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        }
        return subprocess.run(
            words, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
