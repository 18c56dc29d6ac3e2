"""The examples in docstrings: each is run, in a folder that has the project's samples."""

from __future__ import annotations

import doctest
import importlib
import re
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
