"""The README: what a person needs in five minutes. tests/docs/test_pages.py runs its commands and its Python."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.blocks import ROOT, Workplace, blocks, commands

README = ROOT / "README.md"
FIRST_SCREEN = 40  # lines


def test_the_first_screen_has_one_sentence_a_picture_and_two_commands() -> None:
    text = README.read_text(encoding="utf-8")
    screen = text.splitlines()[:FIRST_SCREEN]
    assert screen[0] == "# edge-classifier"
    assert screen[2].count(". ") == 0
    assert screen[4].startswith("![")
    assert [command.text for command in commands(README)][:2] == [
        "make demo",
        ".venv/bin/edge-classifier classify --json samples/photo_7.jpg -k 1",
    ]


def test_three_tasks_show_their_commands() -> None:
    text = README.read_text(encoding="utf-8")
    for title in ("## Read pictures", "## Read a camera", "## Train, convert, prove"):
        assert "```console\n$ " in text.partition(title)[2].partition("\n## ")[0], title


def test_the_python_it_shows_reads_a_seven(tmp_path: Path) -> None:
    (block,) = [block for block in blocks(README) if block.language == "python"]
    done = Workplace(tmp_path).run_python(block.text)
    assert done.returncode == 0, done.stderr
    assert re.match(r"7 (0\.9\d*|1\.0) \(\d+, \d+, \d+, \d+\)\n", done.stdout), done.stdout


def test_no_number_in_it_but_those_that_a_command_prints() -> None:
    prose = re.sub(r"^```.*?^```$", "", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert not re.findall(r"\d[\d,.]* ?(?:%|ms|s\b|bytes|MB|KB)", prose)


def test_it_links_every_page_of_the_site_but_those_it_needs_not() -> None:
    text = README.read_text(encoding="utf-8")
    pages = {page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").rglob("*.md")}
    # index.md is the site's README, two pages show files that are linked by themselves, three are CONTRIBUTING's.
    elsewhere = {"docs/index.md", "docs/contributing.md", "docs/changelog.md"}
    elsewhere |= {page for page in pages if page.startswith("docs/how-to/write-")}
    assert {page for page in pages if f"]({page})" not in text} == elsewhere


def test_it_fits_on_two_screens() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) < 120
