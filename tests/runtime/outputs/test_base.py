"""What an output gets of its run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import runtime.outputs
from runtime.outputs.base import MAX_STAGE_VALUES, OutputContext, StageTimes


def test_the_newest_times_of_a_stage_are_kept() -> None:
    stages = StageTimes()
    for ms in range(MAX_STAGE_VALUES + 2):
        stages.add("render", ms)
    stages.add("upload", 7.0)
    assert list(stages.values) == ["render", "upload"]
    assert len(stages.values["render"]) == MAX_STAGE_VALUES
    assert stages.values["render"][0] == 2.0
    stages.clear()
    assert dict(stages.values) == {}


def test_every_output_with_events_gets_a_turn() -> None:
    turns: list[str] = []
    context = OutputContext(print, lambda: False, lambda: None)
    context.process_events()
    context.each_turn.append(lambda: turns.append("window"))
    context.each_turn.append(lambda: turns.append("button"))
    context.process_events()
    assert turns == ["window", "button"]


def test_two_runs_share_nothing() -> None:
    first, second = (OutputContext(print, lambda: False, lambda: None) for _ in range(2))
    first.each_turn.append(lambda: None)
    first.stages.add("render", 1.0)
    assert (list(second.each_turn), dict(second.stages.values), second.dropped()) == ([], {}, 0)


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(runtime.outputs.__path__)])
def test_examples_in_docstrings_run(name: str) -> None:
    done = doctest.testmod(importlib.import_module(f"runtime.outputs.{name}"))
    assert done.failed == 0
    assert done.attempted > 0 or name not in ("stats", "unsure", "mqtt_messages")
