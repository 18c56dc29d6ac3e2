"""Frames that waited, told by when they came; with streams of bytes: test_mjpeg.py."""

from __future__ import annotations

import itertools

import pytest

from runtime.sources.arrivals import CATCH_UP_S, ArrivalFilter


def given(times: list[float], more: bool = False) -> list[float]:
    arrivals = ArrivalFilter()
    return [at for at in times if arrivals.is_current(at, more)]


def test_frames_at_any_steady_pace_are_new() -> None:
    for interval in (0.01, 0.1, 0.9, 3.0, 40.0):
        times = [n * interval for n in range(20)]
        new = given(times)
        assert new[0] == 0.0
        assert new[-1] == times[-1]
        assert len(new) >= 16  # a slow camera's pace is not known at once


def test_what_comes_faster_than_the_camera_after_a_pause_waited() -> None:
    smooth = [n / 10 for n in range(20)]
    waited = [10 + n / 200 for n in range(80)]
    again = [10.5 + n / 10 for n in range(9)]
    assert given(smooth + waited + again) == smooth + again[2:]


def test_a_jerky_network_costs_no_frame() -> None:
    times = [n // 4 * 0.4 for n in range(40)]  # four at once
    assert given(times) == times


def test_a_camera_that_becomes_faster_is_believed_after_a_while() -> None:
    slow = [float(n) for n in range(10)]
    fast = [30 + n / 30 for n in range(300)]
    new = given(slow + fast)
    assert new[-1] == fast[-1]
    assert new[len(slow)] <= 30 + CATCH_UP_S + 0.1


def test_where_more_is_always_waiting_frames_are_left_out_and_given_in_turn() -> None:
    arrivals = ArrivalFilter()
    new = [n for n in range(1000) if arrivals.is_current(n / 100, more=True)]
    assert 200 < len(new) < 900
    assert max(b - a for a, b in itertools.pairwise(new)) <= 35


@pytest.mark.parametrize("interval", [0.03, 0.5, 5.0])
def test_the_last_of_a_burst_is_held_for_a_bounded_time(interval: float) -> None:
    arrivals = ArrivalFilter()
    for n in range(10):
        arrivals.is_current(n * interval, more=False)
    assert 0.25 <= arrivals.hold_s <= 1.0
    assert not arrivals.is_current(1000.0, more=False)
    arrivals.none_followed()
    assert arrivals.is_current(1000.0 + interval, more=False)
