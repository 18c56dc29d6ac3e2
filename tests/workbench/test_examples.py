"""The examples in docstrings of the workbench, conversion and the benchmarks, run as they are shown."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

from workbench import curves, files, metrics, progress, tables

SHARED = [module.__name__ for module in (curves, files, metrics, progress, tables)]
OTHERS = ["convert.layers", "convert.quantize", "benchmarks.leaderboard", "benchmarks.text_scores"]


@pytest.mark.parametrize("name", [*SHARED, *OTHERS])
def test_an_example_does_what_it_says(name: str) -> None:
    done = doctest.testmod(import_module(name))
    assert done.attempted
    assert not done.failed
