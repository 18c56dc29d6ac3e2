"""Tables in Markdown, and pages of prose whose tables are written by the command that measured them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runtime.errors import OptionError
from workbench.files import write_text

PAGE = Path(__file__).parent.parent / "docs" / "explanation" / "models.md"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column to the left, all others to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def write_between(path: Path, name: str, text: str) -> None:
    """Put `text` between the lines <!-- NAME --> and <!-- /NAME --> of a page; the rest of it stays.

    Raises OptionError where the page or its markers are not there.
    """
    start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    try:
        page = path.read_text("utf-8")
    except OSError as error:
        raise OptionError(f"cannot read {path}: {error.strerror}") from None
    before, opened, rest = page.partition(start)
    _, closed, after = rest.partition(end)
    if not opened or not closed:
        raise OptionError(f"{path}: expected the lines {start.strip()} and {end} to write between; put them in")
    write_text(path, f"{before}{start}\n{text.strip()}\n\n{end}{after}")
