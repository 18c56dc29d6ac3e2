"""A short run of the soak of streams; `make soak` runs it long."""

from __future__ import annotations

from tests.camera.stream_soak import watch


def test_a_stream_that_is_killed_while_the_clock_jumps() -> None:
    uses, stale, back = watch(lives_wanted=3, seconds=120)
    assert (len(uses), back, stale) == (3, 3, [])
