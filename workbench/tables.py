"""Tables: plain ones, the same on a screen and in a log, by rich; and those of Markdown pages."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 100  # characters, whatever the terminal: a log reads like the screen


def plain_table(title: str | None) -> Table:
    """Make a table without lines around it.

    Args:
        title: Above it, to the left; None for none.

    Returns:
        A rich table without columns and rows.
    """
    from rich import box
    from rich.table import Table

    return Table(title=title, title_justify="left", title_style="", box=box.SIMPLE, pad_edge=False)


def render(tables: Sequence[Table]) -> str:
    """Plain text of tables, one below the other: no color, no markup, no blanks at the ends of lines.

    Args:
        tables: As plain_table makes them.

    Returns:
        Lines of at most WIDTH characters, without one at the end.

    Example:
        >>> table = plain_table("Two")
        >>> table.add_column("name")
        >>> table.add_row("[bold]")
        >>> lines = render([table]).splitlines()
        >>> lines[0], lines[2].strip(), lines[4].strip()
        ('Two', 'name', '[bold]')
    """
    from rich.console import Console

    text = io.StringIO()
    console = Console(file=text, width=WIDTH, color_system=None, highlight=False, markup=False, emoji=False)
    for table in tables:
        console.print(table)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()).strip("\n")


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Make a Markdown table; the first column to the left, all others to the right.

    Args:
        head: The names of the columns.
        rows: A cell for each column. A | in a cell is escaped.

    Returns:
        Its lines, without a newline at the end.

    Example:
        >>> print(markdown_table(["model", "size"], [["cnn", "9"]]))
        | model | size |
        | --- | ---: |
        | cnn | 9 |
    """
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
