"""The tests that the page of faults names are there."""

from __future__ import annotations

import ast
import re

from tests.docs.blocks import ROOT


def test_every_test_that_the_page_names_is_there() -> None:
    text = (ROOT / "docs/reference/faults.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[^`:]+)(?:::([^`]+))?`", text)
    assert named
    for file, name in sorted(set(named)):
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert not name or name in functions, f"docs/reference/faults.md names {file}::{name}"
