"""Tables: what stands in the cells is what is read, whatever the terminal."""

from __future__ import annotations

import pytest

from workbench.tables import WIDTH, markdown_table, plain_table, render


def test_cells_are_plain_text_in_their_order() -> None:
    table = plain_table("[title]")
    table.add_column("name")
    table.add_column("n", justify="right")
    table.add_row("[bold]cat", ":smile:")
    lines = render([table, table]).splitlines()
    words = [line.split() for line in lines if line.strip(" ─")]
    assert words == 2 * [
        ["[title]"],
        ["name", "n"],
        ["[bold]cat", ":smile:"],
    ]
    assert all(line == line.rstrip() for line in lines)
    assert lines[0] == "[title]"
    assert lines[-1]


def test_no_terminal_changes_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    table = plain_table(None)
    table.add_column("x")
    table.add_row("word " * 60)
    assert 30 < max(map(len, render([table]).splitlines())) <= WIDTH


def test_markdown_escapes_what_would_end_a_cell() -> None:
    assert markdown_table(["name", "n"], [["x|y", "1"]]).splitlines() == [
        "| name | n |",
        "| --- | ---: |",
        "| x\\|y | 1 |",
    ]
