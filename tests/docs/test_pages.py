"""Every command and all Python that README, CONTRIBUTING and docs/ show is run, or skipped by the name of its test."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.blocks import PAGES, ROOT, Command, Workplace, blocks, commands, masked
from tests.docs.elsewhere import ELSEWHERE, SEAMS

COMMANDS = list(dict.fromkeys(command for page in PAGES for command in commands(page)))
PYTHON = [block for page in PAGES for block in blocks(page) if block.language == "python" and not block.title]
LISTED = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
# Each command once, though several pages show it; the output of each showing is compared.
UNIQUE = list(dict.fromkeys((command.text, command.shown) for command in COMMANDS))


def test_there_are_pages_commands_and_python() -> None:
    assert len(PAGES) > 20
    assert len(COMMANDS) > 40
    assert len(PYTHON) > 4


@pytest.mark.parametrize(("text", "shown"), UNIQUE, ids=[text for text, _ in UNIQUE])
def test_a_command_does_what_the_page_says(text: str, shown: str, tmp_path: Path) -> None:
    if text in ELSEWHERE:
        assert not shown or ELSEWHERE[text] == SEAMS, (
            f"{ELSEWHERE[text]} does not compare the output that is shown here"
        )
        pytest.skip(ELSEWHERE[text])
    done = Workplace(tmp_path).run(text)
    assert done.returncode == 0, done.stderr
    if shown:
        assert masked(done.stdout) == masked(shown)


@pytest.mark.parametrize("test", sorted(set(ELSEWHERE.values())))
def test_what_is_skipped_has_its_test(test: str) -> None:
    path, _, name = test.partition("::")
    assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8")
    assert name.startswith("test_")


def test_every_command_that_is_skipped_is_shown() -> None:
    assert set(ELSEWHERE) <= {command.text for command in COMMANDS}


@pytest.mark.parametrize("block", PYTHON, ids=[f"{block.page}:{block.line}" for block in PYTHON])
def test_the_python_runs(block, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = Workplace(tmp_path).run_python(block.text)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_every_make_target_named_is_there() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"(?:`|^\$ )make ([a-z][a-z-]+)", text, re.MULTILINE):
            assert f"make {target} " in LISTED, f"{page}: make {target}"


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])
def test_every_file_linked_is_there(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=[page.relative_to(ROOT).as_posix() for page in PAGES])
def test_every_file_of_the_project_named_is_there(page: Path) -> None:
    if page.name == "CHANGELOG.md":  # it tells of what is gone, too
        return
    for name in re.findall(
        r"`((?:runtime|train|convert|deploy|docs|tests|examples|benchmarks|samples)/[\w./-]+)`",
        page.read_text(encoding="utf-8"),
    ):
        assert (ROOT / name).exists(), name


def test_a_command_is_found_with_its_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A\n\n```console\n$ one \\\n  --two\nout\n$ three\n```\n", encoding="utf-8")
    monkeypatch.setattr("tests.docs.blocks.ROOT", tmp_path)
    assert commands(page) == [Command("page.md", 3, "one --two", "out"), Command("page.md", 3, "three", "")]
