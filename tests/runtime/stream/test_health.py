"""ok, stale, lost, recovered: told by times alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from runtime.errors import SourceError
from runtime.sources.backlog import BacklogFilter
from runtime.stream.health import SourceHealth


def seen(give_up: float | None = None) -> SourceHealth:
    """A source whose first frame came at 100.0."""
    health = SourceHealth("camera 0", 99.0, give_up)
    assert health.frame(100.0) == "ok"
    return health


def test_a_silent_source_is_stale_once_and_recovers() -> None:
    health = seen()
    assert not health.is_stale(101.9)
    assert health.is_stale(102.0)
    assert not health.is_stale(103.0)
    assert [health.frame(104.0), health.frame(104.1)] == ["recovered", "ok"]
    assert not health.is_stale(106.0)
    assert health.is_stale(106.1)


def test_before_the_first_frame_nothing_is_stale() -> None:
    health = SourceHealth("camera 0", 100.0)
    assert not health.is_stale(105.0)
    assert not health.is_hung(111.9)
    assert health.is_hung(112.0)


def test_the_pause_doubles_up_to_half_a_minute_and_a_frame_ends_that() -> None:
    health, now, pauses = seen(), 100.0, []
    for _ in range(9):
        health.failed(now, "gone")
        pauses.append(health.idle(now))
        assert not health.may_reopen(now + pauses[-1] - 0.01)
        now += pauses[-1]
        assert health.may_reopen(now)
        assert not health.may_reopen(now)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert health.frame(now) == "recovered"
    health.failed(now, "gone")
    assert health.idle(now) == 0.5


def test_only_the_first_failure_is_news() -> None:
    health = seen()
    assert health.failed(101.0, "gone")
    assert not health.failed(102.0, "still gone")
    health.frame(103.0)
    assert health.failed(103.1, "gone again")


def test_it_gives_up_when_told_to_and_not_before() -> None:
    health = seen(give_up=10)
    health.failed(101.0, "no such device")
    assert health.may_reopen(101.5)
    health.failed(101.5, "no such device")
    assert health.idle(110.9) == pytest.approx(0)
    health.may_reopen(110.9)
    assert 0 < health.idle(110.95) <= 0.05  # an opening that hangs does not put it off
    with pytest.raises(SourceError, match="camera 0 was lost for 10 s: no such device"):
        health.may_reopen(111.0)


def test_a_stale_source_that_stays_silent_hangs() -> None:
    health = seen()
    assert health.idle(100.0) == 2
    health.is_stale(102.0)
    assert health.idle(102.0) == 10
    assert not health.is_hung(111.9)
    assert health.is_hung(112.0)
    assert health.failed(112.0, "hangs")
    assert not health.is_hung(200.0)  # nothing is open


def given(pace: BacklogFilter, times: list[tuple[float, float]]) -> list[float]:
    """When the frames were taken that count as new. times: (taken, read)."""
    return [taken for taken, read in times if pace.is_current(taken, read)]


def test_what_waited_while_a_stream_was_looked_over_is_left_out() -> None:
    # Opened at 100, three seconds of ten frames a second came meanwhile: they are read within milliseconds.
    waited = [(n / 10, 103 + n / 1000) for n in range(30)]
    came = [(3 + n / 10, 103.07 + n / 10) for n in range(5)]
    assert given(BacklogFilter(waited=True), waited + came) == [taken for taken, _ in came[1:]]
    assert given(BacklogFilter(waited=False), waited + came) == [taken for taken, _ in waited + came]


def test_what_waited_while_nobody_read_is_left_out() -> None:
    smooth = [(n / 10, 100 + n / 10) for n in range(20)]
    burst = [(2 + n / 10, 107 + n / 1000) for n in range(50)]
    again = [(7 + n / 10, 107.13 + n / 10) for n in range(3)]
    assert given(BacklogFilter(waited=False), smooth + burst + again) == [taken for taken, _ in smooth + again]


def test_frames_that_come_unevenly_are_all_new() -> None:
    pairs = [(n / 10, 100 + n // 2 / 5) for n in range(40)]  # two at a time
    assert given(BacklogFilter(waited=False), pairs) == [taken for taken, _ in pairs]


@pytest.mark.parametrize("taken", [lambda n: 0.0, lambda n: -n, lambda n: 9.0 * n], ids=["none", "backwards", "wrong"])
def test_a_clock_that_means_nothing_costs_two_seconds_at_most(taken: Callable[[int], float]) -> None:
    pace = BacklogFilter(waited=True)
    new = [n for n in range(100) if pace.is_current(taken(n), 100 + n / 30)]
    assert new[0] <= 61
    assert new == list(range(new[0], 100))


def test_a_slow_camera_and_one_that_paused_are_not_taken_for_late() -> None:
    slow = [(5.0 * n, 100 + 5.0 * n) for n in range(9)]
    assert len(given(BacklogFilter(waited=False), slow)) == 9
    no_clock = [(0.0, at) for _, at in slow]
    assert len(given(BacklogFilter(waited=False), no_clock)) == 9
