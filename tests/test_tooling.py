"""What a contributor and a machine run is the same: Makefile, gate, GitHub's workflow, pre-commit, packaging."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
GATE = (ROOT / ".ci/run").read_text(encoding="utf-8")
WORKFLOW = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def targets(text: str) -> set[str]:
    """Targets of make that lines of a script run."""
    return set(re.findall(r"^\s*(?:step |- run: )make ([a-z-]+)$", text, re.MULTILINE))


def package(requirement: str) -> str:
    """The name in a requirement."""
    match = re.match(r"[\w.-]+", requirement)
    assert match
    return match[0].lower()


def test_the_gate_and_the_workflow_run_the_same_commands() -> None:
    assert targets(GATE) == targets(WORKFLOW) == {"demo", "docs", "test"}
    steps = set(re.findall(r"^step (\S.*)$", GATE, re.MULTILINE))
    boards = {step for step in steps if step.startswith("tests/device/run.sh ")}  # they need a Debian and minutes
    assert len(boards) == 1
    assert steps - boards == set(re.findall(r"^ +- run: (?:sudo )?(\S.*)$", WORKFLOW, re.MULTILINE))


def test_every_target_is_listed_by_make() -> None:
    listed = subprocess.run(["make", "-C", str(ROOT), "help"], capture_output=True, text=True, check=True).stdout
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    named = set(phony[1].replace("\\\n", " ").split())
    assert targets(GATE) <= named
    # Parts of `make test`, and what runs always.
    assert named - {"test-all", "test-old", "FORCE"} == set(re.findall(r"^  make ([a-z-]+)", listed, re.MULTILINE))


def test_pre_commit_runs_what_make_lint_runs() -> None:
    (lint,) = re.findall(r"^lint: .*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    hooks = re.findall(r"^ +entry: (.*)$", (ROOT / ".pre-commit-config.yaml").read_text("utf-8"), re.MULTILINE)
    made = [line.strip().replace("$(VENV)", ".venv").removesuffix(" .") for line in lint.splitlines()]
    assert [hook.removesuffix(" --force-exclude") for hook in hooks] == made


def test_docstrings_and_spelling_are_checked_everywhere_but_in_tests() -> None:
    lint = PROJECT["tool"]["ruff"]["lint"]
    assert "D" in lint["select"]
    assert lint["pydocstyle"]["convention"] == "google"
    assert set(lint["ignore"]) & {f"D{number}" for number in range(100, 500)} == {"D104", "D105", "D107"}
    excused = [path for path, rules in lint["per-file-ignores"].items() if any(rule[0] == "D" for rule in rules)]
    assert excused == ["tests/**"]
    assert "en-GB_to_en-US" in PROJECT["tool"]["codespell"]["builtin"]


@pytest.mark.parametrize("extra", sorted(PROJECT["project"]["optional-dependencies"]))
def test_an_extra_brings_nothing_that_only_a_checkout_uses(extra: str) -> None:
    """pip install edge-classifier[train] brought TensorFlow and no train."""
    groups = PROJECT["dependency-groups"]
    of_checkout = {package(line) for name in ("train", "peers", "deploy") for line in groups[name]}
    brought = {package(line) for line in PROJECT["project"]["optional-dependencies"][extra]}
    assert brought or extra == "mqtt"  # its name stays for the commands of before
    assert not brought & of_checkout


def test_every_tool_that_make_runs_is_in_a_group_that_it_installs() -> None:
    installed = set(re.findall(r"--group ([a-z]+)", MAKEFILE))
    assert installed <= set(PROJECT["dependency-groups"])
    tools = set(re.findall(r"^\t\$\(VENV\)/bin/([a-z]+) ?", MAKEFILE, re.MULTILINE)) - {"mkdocs"}
    assert tools == {"ruff", "mypy", "codespell"}
    assert tools <= {package(line) for line in PROJECT["dependency-groups"]["dev"] if isinstance(line, str)}
