"""Docstrings: those of all that is public have one form, and their examples run. Ruff's D checks the rest."""

from __future__ import annotations

import ast
import doctest
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import rooms
from tests.conftest import ROOT

MODULES = [
    rooms.module_of(path.relative_to(ROOT).as_posix())
    for folder in rooms.PRODUCT
    for path in sorted((ROOT / folder).rglob("*.py"))
    if re.search(r"^ +>>> (?!.*\+SKIP)", path.read_text(encoding="utf-8"), re.MULTILINE)
]


# Files whose functions all have one signature, which the file's own docstring describes.
ONE_SIGNATURE = {"benchmarks/corruptions.py"}
NOTHING = {"None", "NoReturn"}


def public_functions(node: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions and methods without a leading underscore; properties, which read as attributes do, aside."""
    for inner in node.body:
        if isinstance(inner, (ast.ClassDef, ast.FunctionDef)) and not inner.name.startswith("_"):
            if isinstance(inner, ast.ClassDef):
                yield from public_functions(inner, f"{prefix}{inner.name}.")
            elif "property" not in {ast.unparse(decorator) for decorator in inner.decorator_list}:
                yield prefix + inner.name, inner


def missing_sections(text: str) -> list[str]:
    """Public functions whose docstring lacks Args, Returns or Yields, or Raises where the function itself raises."""
    found = []
    for name, function in public_functions(ast.parse(text)):
        described = ast.get_docstring(function) or ""
        arguments = [one.arg for one in (*function.args.args, *function.args.kwonlyargs)]
        inner = {id(node) for one in function.body if isinstance(one, ast.FunctionDef) for node in ast.walk(one)}
        raises = any(isinstance(node, ast.Raise) and id(node) not in inner and node.exc for node in ast.walk(function))
        needed = {
            "Args": bool(set(arguments) - {"self", "cls"}),
            "Returns|Yields": function.returns is not None and ast.unparse(function.returns) not in NOTHING,
            "Raises": raises,
        }
        for section, is_needed in needed.items():
            if is_needed and not re.search(rf"^({section}):$", described, re.MULTILINE):
                found.append(f"{name} has no {section}")
    return found


def test_what_is_public_says_what_it_takes_gives_and_raises() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {line}"
        for folder in rooms.PRODUCT
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path.relative_to(ROOT).as_posix() not in ONE_SIGNATURE
        for line in missing_sections(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('def f(x) -> None:\n    "It."', ["f has no Args"]),
        ('class A:\n    def f(self) -> int:\n        "It."', ["A.f has no Returns|Yields"]),
        ('def f() -> None:\n    "It."\n    raise ValueError', ["f has no Raises"]),
        ('def _f(x) -> int:\n    "It."', []),
        ('class A:\n    @property\n    def f(self) -> int:\n        "It."', []),
        ('def f(x) -> int:\n    """It.\n\n    Args:\n        x: One.\n\n    Yields:\n        One.\n    """', []),
    ],
)
def test_a_section_that_is_missing_is_found(text: str, found: list[str]) -> None:
    assert missing_sections(text) == found


def test_there_are_examples_in_every_large_room() -> None:
    assert {"runtime", "workbench", "train", "convert"} <= {module.partition(".")[0] for module in MODULES}
    assert len(MODULES) > 30


@pytest.mark.parametrize("module", MODULES)
def test_its_examples_run(module: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("README.md", "runtime", "samples"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    done = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)
    assert done.attempted
    assert done.failed == 0
