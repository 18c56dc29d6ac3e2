"""Handing work over without waiting for it."""

from __future__ import annotations

import os
import threading

import pytest

from runtime.outputs.worker import BackgroundWriter, line_writer

PATIENCE_S = 60.0


def test_everything_is_handled_in_order() -> None:
    done: list[int] = []
    worker = BackgroundWriter(done.append, 1000, False, lambda: False)
    for number in range(100):
        worker.put(number)
    assert worker.close()
    assert done == list(range(100))


def test_a_worker_that_hangs_delays_nobody_and_drops_the_oldest() -> None:
    started, go = threading.Event(), threading.Event()
    done: list[int] = []

    def slow(number: int) -> None:
        started.set()
        go.wait(PATIENCE_S)
        done.append(number)

    stopping = False
    worker = BackgroundWriter(slow, 3, False, lambda: stopping)
    worker.put(0)
    assert started.wait(PATIENCE_S)
    for number in range(1, 8):
        worker.put(number)
    assert worker.dropped == 4
    stopping = True
    assert worker.close() is False
    stopping = False
    go.set()
    assert worker.close() is True
    assert done == [0, 5, 6, 7]


def test_a_patient_worker_loses_nothing() -> None:
    done: list[int] = []
    worker = BackgroundWriter(done.append, 2, True, lambda: False)
    for number in range(500):
        worker.put(number)
    assert worker.close()
    assert (done, worker.dropped) == (list(range(500)), 0)


def test_an_error_is_raised_at_the_next_item_and_the_thread_goes_on() -> None:
    done: list[int] = []

    def broken_at_first(number: int) -> None:
        if number < 2:
            raise BrokenPipeError
        done.append(number)

    worker = BackgroundWriter(broken_at_first, 1, True, lambda: False)
    raised = 0
    for number in range(9):
        try:
            worker.put(number)
        except BrokenPipeError:
            raised += 1
    assert worker.close()
    assert raised in (1, 2)
    assert done[-1] == 8


def test_an_error_of_the_last_item_is_raised_at_the_end() -> None:
    def broken(_: int) -> None:
        raise BrokenPipeError

    worker = BackgroundWriter(broken, 1, True, lambda: False)
    worker.put(0)
    with pytest.raises(BrokenPipeError):
        worker.close()
    assert worker.close()


def test_lines_are_written_whole() -> None:
    read, write = os.pipe()
    line_writer(write, "ascii")("7 ü")
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b"7 \\xfc\n"


def test_who_waits_for_room_gets_a_turn_meanwhile() -> None:
    go = threading.Event()
    done: list[int] = []

    def slow(number: int) -> None:
        assert go.wait(PATIENCE_S)
        done.append(number)

    worker = BackgroundWriter(slow, 1, True, lambda: False, while_waiting=go.set)
    for number in range(4):  # one in the making, one in the queue
        worker.put(number)
    assert go.is_set()
    assert worker.close()
    assert done == [0, 1, 2, 3]


def test_an_error_at_the_last_item_is_raised_at_the_end() -> None:
    def broken(_: int) -> None:
        raise BrokenPipeError

    worker = BackgroundWriter(broken, 1, True, lambda: False)
    worker.put(0)
    with pytest.raises(BrokenPipeError):
        worker.close()
    assert worker.close()
