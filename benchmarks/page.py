"""The page whose tables are written by the commands that measured them."""

from __future__ import annotations

from pathlib import Path

from runtime.cli.parser import Parser, print_note
from runtime.errors import OptionError
from workbench.files import write_text

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "explanation" / "models.md"


def add_page_option(parser: Parser) -> None:
    """Declare --page.

    Args:
        parser: Parser of a command that calls write_section where it is given.
    """
    parser.add_argument("--page", action="store_true", help=f"write the table into {PAGE.relative_to(ROOT)}")


def write_section(name: str, text: str) -> None:
    """Put `text` into a section of PAGE, and tell so on standard error.

    Args:
        name: Name of the section, as its markers have it.
        text: Markdown.

    Raises:
        OptionError: The page or its markers are missing.
    """
    write_between(PAGE, name, text)
    print_note(f"wrote {PAGE}")


def write_between(path: Path, name: str, text: str) -> None:
    """Put `text` between the lines <!-- NAME --> and <!-- /NAME --> of a page; the rest of it stays.

    Args:
        path: The page.
        name: Name of the section, NAME.
        text: Markdown.

    Raises:
        OptionError: The page or its markers are missing.
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
