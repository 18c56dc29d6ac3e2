"""Frames that waited in a buffer, told by times alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runtime.sources.backlog import BacklogFilter


def given(backlog: BacklogFilter, times: list[tuple[float, float]]) -> list[float]:
    """When the frames were taken that count as new. times: (taken, read)."""
    return [taken for taken, read in times if backlog.is_current(taken, read)]


def test_frames_buffered_while_a_stream_is_analyzed_are_left_out() -> None:
    # Opened at 100, three seconds of ten frames a second came meanwhile: they are read within milliseconds.
    waited = [(n / 10, 103 + n / 1000) for n in range(30)]
    came = [(3 + n / 10, 103.07 + n / 10) for n in range(5)]
    assert given(BacklogFilter(starts_buffered=True), waited + came) == [taken for taken, _ in came[1:]]
    assert given(BacklogFilter(starts_buffered=False), waited + came) == [taken for taken, _ in waited + came]


def test_frames_buffered_while_nobody_read_are_left_out() -> None:
    smooth = [(n / 10, 100 + n / 10) for n in range(20)]
    burst = [(2 + n / 10, 107 + n / 1000) for n in range(50)]
    again = [(7 + n / 10, 107.13 + n / 10) for n in range(3)]
    assert given(BacklogFilter(starts_buffered=False), smooth + burst + again) == [taken for taken, _ in smooth + again]


def test_frames_that_come_unevenly_are_all_new() -> None:
    pairs = [(n / 10, 100 + n // 2 / 5) for n in range(40)]  # two at a time
    assert given(BacklogFilter(starts_buffered=False), pairs) == [taken for taken, _ in pairs]


@pytest.mark.parametrize("taken", [lambda n: 0.0, lambda n: -n, lambda n: 9.0 * n], ids=["none", "backwards", "wrong"])
def test_an_unreliable_clock_costs_two_seconds_at_most(taken: Callable[[int], float]) -> None:
    backlog = BacklogFilter(starts_buffered=True)
    new = [n for n in range(100) if backlog.is_current(taken(n), 100 + n / 30)]
    assert new[0] <= 61
    assert new == list(range(new[0], 100))


def test_a_slow_camera_and_one_that_paused_give_current_frames() -> None:
    slow = [(5.0 * n, 100 + 5.0 * n) for n in range(9)]
    assert len(given(BacklogFilter(starts_buffered=False), slow)) == 9
    no_clock = [(0.0, at) for _, at in slow]
    assert len(given(BacklogFilter(starts_buffered=False), no_clock)) == 9
