"""Hooks of the documentation site (mkdocs.yml): what a page shows is asked of the project when the site is built.

Three comments in a page are replaced:

* ``<!-- help: python -m runtime.classify -->`` by what that command's ``-h`` prints;
* ``<!-- include: CONTRIBUTING.md -->`` by that file of the project, its links adapted to the site;
* ``<!-- file: examples/button.py -->`` by that file, as a block of code.
"""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HELP = re.compile(r"^<!-- help: (python -m [\w.]+|make) -->$", re.MULTILINE)
INCLUDE = re.compile(r"^<!-- include: ([\w.-]+) -->$", re.MULTILINE)
FILE = re.compile(r"^<!-- file: ([\w./-]+\.py) -->$", re.MULTILINE)
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#)([^)]+)\)")
COLUMNS = 82  # of the terminal that help is written for: its lines of 80 characters fit the site's column


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the comments of one page; MkDocs calls it for each.

    Args:
        markdown: The page as it was written.

    Returns:
        The page as it is shown.
    """
    markdown = INCLUDE.sub(lambda found: included(found[1]), markdown)
    markdown = FILE.sub(lambda found: listing(found[1]), markdown)
    return HELP.sub(lambda found: f"```text\n{help_text(found[1])}\n```", markdown)


def help_text(command: str) -> str:
    """Ask a command for its help.

    Args:
        command: ``python -m MODULE``, or ``make`` for its list of targets.

    Returns:
        What it prints, without the last line break.

    Raises:
        RuntimeError: The command failed; its standard error is quoted.
    """
    words = command.split()
    words = words if words == ["make"] else [sys.executable, *words[1:], "-h"]
    environment = {**os.environ, "COLUMNS": str(COLUMNS)}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command} -h: exit status {done.returncode}: {done.stderr.strip()}")
    return done.stdout.rstrip()


def listing(name: str) -> str:
    """Show a Python file of the project.

    Args:
        name: Its path, relative to the project.

    Returns:
        A fenced block with the path as its title.
    """
    return f'```python title="{name}"\n{(ROOT / name).read_text(encoding="utf-8")}```'


def included(name: str) -> str:
    """Read a Markdown file of the project's root for the site.

    A link into docs/ leads to the page; a link to any other file becomes its name, since the site does not hold it.

    Args:
        name: The file's name, for example ``CONTRIBUTING.md``.

    Returns:
        Its Markdown.
    """
    return LINK.sub(_adapted, (ROOT / name).read_text(encoding="utf-8"))


def _adapted(link: re.Match[str]) -> str:
    text, target = link[1], link[2]
    if target.startswith("docs/"):
        return f"[{text}]({target.removeprefix('docs/')})"
    return text if text.startswith("`") else f"{text} (`{html.escape(target)}`)"
