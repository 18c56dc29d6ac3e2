"""fake://digits, with a clock that the tests turn."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.errors import SourceError
from runtime.sources import synthetic
from runtime.sources.base import SourceOptions
from runtime.sources.registry import open_source


def test_it_keeps_its_pace_and_catches_up_no_more_than_a_second() -> None:
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))
        now[0] += seconds

    frames = synthetic.open_fake("fake://digits", SourceOptions(width=64, height=48, fps=10), lambda: now[0], sleep)
    first = next(frames)
    assert (first.image.shape, first.index, first.source) == ((48, 64, 3), 0, "fake://digits")
    assert next(frames).index == 1
    assert slept == [0.1, 0.1]
    now[0] += 60
    pauses = [next(frames).captured_at for _ in range(12)]
    assert slept[2:12] == [0.0] * 10
    assert len(pauses) == 12
    assert slept[-1] > 0


def test_it_keeps_its_pace_whatever_the_wall_clock_does(monkeypatch: pytest.MonkeyPatch) -> None:
    now, wall, slept = [100.0], [1e9], []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))
        now[0] += seconds

    monkeypatch.setattr("time.time", lambda: wall[0])
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    frames = synthetic.open_fake("fake://digits", SourceOptions(width=64, height=48, fps=10), sleep=sleep)
    taken = []
    for jump in (0.0, -3600.0, 7200.0):
        wall[0] += jump
        taken.append(next(frames).captured_at)
    # The default clock was bound before it was replaced: what counts is that it is not time.time.
    assert taken == [1e9, 1e9 - 3600, 1e9 + 3600]
    assert all(pause < 1 for pause in slept)


def test_it_shows_every_label_and_moves() -> None:
    assert [synthetic.label_at(i) for i in (0, 29, 30, 299, 300)] == ["0", "0", "1", "9", "0"]
    assert not np.array_equal(synthetic.draw(0), synthetic.draw(1))


def test_there_is_one_synthetic_camera() -> None:
    with pytest.raises(SourceError, match=r"expected fake://digits; received fake://cats"):
        open_source("fake://cats")
