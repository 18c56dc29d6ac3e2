"""Figures of a run, once a minute and at its end."""

from __future__ import annotations

import pytest

from runtime.outputs.base import StageTimes
from runtime.outputs.stats import StatsOutput, memory_mb, percentile
from tests.runtime.outputs.helpers import lost, update


def test_percentiles() -> None:
    assert percentile([5], 0.5) == percentile([5], 0.95) == 5
    assert percentile(list(range(1, 101)), 0.5) == 50
    assert percentile(list(range(100, 0, -1)), 0.95) == 95
    assert percentile([1, 2], 0.0) == 1


def test_memory_is_that_of_this_process() -> None:
    before = memory_mb()
    held = bytearray(64_000_000)
    assert memory_mb() - before == pytest.approx(len(held) / 1e6, rel=0.2)


def test_stats_once_a_minute_and_at_the_end() -> None:
    now = [0.0]
    lines: list[str] = []
    stages = StageTimes()
    stats = StatsOutput(lines.append, lambda: 7, stages, clock=lambda: now[0], cpu=lambda: now[0] / 4)
    for index in range(60):
        now[0] += 1.0
        stats.emit(update(index=index))
    stats.emit(lost())
    assert len(lines) == 1
    stages.add("render", 0.25)
    stages.add("upload", 8.0)  # of another output
    stats.emit(update(classified=False))
    now[0] += 2.0
    assert stats.close()
    first, last = lines
    assert first.startswith("stats: 60 frames; in the last 60 s 60, 1.0 fps, 60 classified; 7 dropped in all; ")
    assert "capture 33.0/33.0, preprocess 2.0/2.0, inference 0.5/0.5, age 50.0/50.0; cpu 25%, memory " in first
    assert last.startswith("stats: 61 frames; in the last 2 s 1, ")
    assert "0 classified" in last
    assert "capture 33.0/33.0, render 0.2/0.2, age 50.0/50.0, upload 8.0/8.0; cpu " in last
