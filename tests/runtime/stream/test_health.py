"""ok, stale, lost, recovered: told by times alone."""

from __future__ import annotations

import pytest

from runtime.errors import SourceError
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


def test_the_pause_doubles_up_to_half_a_minute_and_frames_for_a_second_end_that() -> None:
    health, now, pauses = seen(), 100.0, []
    for _ in range(9):
        health.failed(now, "gone")
        pauses.append(health.seconds_until_due(now))
        assert not health.begin_reopening(now + pauses[-1] - 0.01)
        now += pauses[-1]
        assert health.begin_reopening(now)
        assert not health.begin_reopening(now)
    assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert health.frame(now) == "recovered"
    health.failed(now, "gone")
    assert health.seconds_until_due(now) == 30  # a camera that gives one frame for each connection
    assert health.begin_reopening(now + 30)
    assert health.frame(now + 30) == "recovered"
    health.frame(now + 31)
    health.failed(now + 31, "gone")
    assert health.seconds_until_due(now + 31) == 0.5


def test_a_source_that_asks_for_time_gets_it() -> None:
    health = seen()
    health.failed(101.0, "503", at_least=120)
    assert health.seconds_until_due(101.0) == 120
    health.failed(221.0, "503")
    assert health.seconds_until_due(221.0) == 1


def test_a_slow_camera_is_stale_and_hung_as_late_as_it_is_said_to_be() -> None:
    health = SourceHealth("camera 0", 99.0, stale_s=20.0)
    health.frame(100.0)
    assert not health.is_stale(119.9)
    assert health.is_stale(120.0)
    assert not health.is_hung(129.9)
    assert health.is_hung(130.0)


def test_only_the_first_failure_is_news() -> None:
    health = seen()
    assert health.failed(101.0, "gone")
    assert not health.failed(102.0, "still gone")
    health.frame(103.0)
    assert health.failed(103.1, "gone again")


def test_it_gives_up_when_told_to_and_not_before() -> None:
    health = seen(give_up=10)
    health.failed(101.0, "no such device")
    assert health.begin_reopening(101.5)
    health.failed(101.5, "no such device")
    assert health.seconds_until_due(110.9) == pytest.approx(0)
    health.begin_reopening(110.9)
    assert 0 < health.seconds_until_due(110.95) <= 0.05  # an opening that hangs does not put it off
    with pytest.raises(SourceError, match="camera 0 was lost for 10 s: no such device"):
        health.begin_reopening(111.0)


def test_a_stale_source_that_stays_silent_hangs() -> None:
    health = seen()
    assert health.seconds_until_due(100.0) == 2
    health.is_stale(102.0)
    assert health.seconds_until_due(102.0) == 10
    assert not health.is_hung(111.9)
    assert health.is_hung(112.0)
    assert health.failed(112.0, "hangs")
    assert not health.is_hung(200.0)  # nothing is open
