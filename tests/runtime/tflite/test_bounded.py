"""A call that does not end is left where it is."""

from __future__ import annotations

import threading

import pytest

from runtime.errors import ModelError
from runtime.tflite.bounded import run_bounded


def test_a_call_that_ends_has_done_its_work() -> None:
    done: list[int] = []
    run_bounded(lambda: done.append(1), 60)
    assert done == [1]


def test_what_it_raises_comes_through() -> None:
    def fail() -> None:
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"):
        run_bounded(fail, 60)


def test_one_that_does_not_end_is_an_error() -> None:
    end = threading.Event()
    with pytest.raises(ModelError, match=r"does not end within 0\.01 s on this picture"):
        run_bounded(end.wait, 0.01)
    end.set()
