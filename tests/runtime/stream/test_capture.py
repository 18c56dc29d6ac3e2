"""The thread that keeps the newest frame of a source; more of it with LiveSource in test_live.py."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from runtime.errors import SourceError
from runtime.sources.base import Frame
from runtime.stream.capture import CaptureThread

PATIENCE_S = 60.0  # a test that waits this long has failed


def frames(count: int, closed: list[bool] | None = None) -> Iterator[Frame]:
    try:
        for index in range(count):
            yield Frame(np.zeros((2, 2), np.uint8), "source", index, 0.0)
    finally:
        if closed is not None:
            closed.append(True)


def test_the_newest_frame_is_taken_once() -> None:
    closed: list[bool] = []
    thread = CaptureThread(lambda: frames(5, closed), threading.Condition(), lambda: 7.0)
    assert thread.join(PATIENCE_S)
    assert not thread.is_alive()
    newest = thread.take_newest()
    assert newest is not None
    assert (newest.frame.index, newest.arrived) == (4, 7.0)
    assert newest.capture_ms >= 0
    assert thread.take_newest() is None
    assert (thread.dropped, thread.ended, thread.error) == (4, True, None)
    assert closed == [True]


@pytest.mark.parametrize("error", [SourceError("gone"), OSError("gone"), RuntimeError("of a driver")])
def test_an_error_of_any_kind_ends_the_thread_and_is_kept(error: Exception) -> None:
    def opener() -> Iterator[Frame]:
        raise error

    thread = CaptureThread(opener, threading.Condition(), lambda: 0.0)
    assert thread.join(PATIENCE_S)
    assert thread.ended
    assert thread.error is error


def test_it_ends_at_its_next_frame_when_it_is_asked_to() -> None:
    closed: list[bool] = []
    asked, go_on = threading.Event(), threading.Event()

    def opener() -> Iterator[Frame]:
        try:
            asked.set()
            assert go_on.wait(PATIENCE_S)
            yield from frames(1000)
        finally:
            closed.append(True)

    thread = CaptureThread(opener, threading.Condition(), lambda: 0.0)
    assert asked.wait(PATIENCE_S)
    assert not thread.join(0)
    thread.stop()
    go_on.set()
    assert thread.join(PATIENCE_S)
    assert thread.take_newest() is None
    assert closed == [True]


def test_whoever_waits_is_notified_of_a_frame() -> None:
    changed = threading.Condition()
    hold = threading.Event()

    def opener() -> Iterator[Frame]:
        yield from frames(1)
        hold.wait(PATIENCE_S)

    with changed:  # the thread cannot deliver before `wait` releases the lock
        thread = CaptureThread(opener, changed, lambda: 0.0)
        assert changed.wait(PATIENCE_S)
        assert thread.take_newest() is not None
        assert not thread.ended
    hold.set()
    assert thread.join(PATIENCE_S)
