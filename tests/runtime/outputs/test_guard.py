"""Outputs that fail, whatever they raise: alone, said once, and shown updates again."""

from __future__ import annotations

import pytest

from runtime.errors import OutputError
from runtime.outputs.guard import CALM_S, PAUSE_S, GuardedOutput
from runtime.stream.answer import StreamUpdate
from tests.runtime.outputs.helpers import context, update


class Flaky:
    """An Output that raises what it is told to."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.shown = 0

    def emit(self, update: StreamUpdate) -> None:
        self.shown += 1
        if self.error:
            raise self.error

    def close(self) -> bool:
        if self.error:
            raise self.error
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (OutputError("cannot write x; make room"), "error: cannot write x; make room"),
        (OSError(5, "Input/output error"), "error: toy: Input/output error; readings go on without it"),
        (BrokenPipeError(32, "Broken pipe"), "error: toy: Broken pipe; readings go on without it"),
        (ZeroDivisionError("by zero"), "error: toy: ZeroDivisionError: by zero; readings go on without it"),
        (MemoryError(), "error: toy: MemoryError: ; readings go on without it"),
    ],
)
def test_whatever_an_output_raises_is_one_line_and_the_run_goes_on(error: Exception, line: str) -> None:
    lines: list[str] = []
    run = context(lines.append)
    flaky, clock = Flaky(error), Clock()
    guarded = GuardedOutput("toy", flaky, run, clock=clock)
    for _ in range(5000):
        guarded.emit(update())
        clock.now += 0.1
    assert guarded.close() is False
    assert lines == [line]
    assert run.failures
    assert 5000 * 0.1 / PAUSE_S[1] <= flaky.shown < 50  # tried again, and not at each frame


def test_an_output_that_works_again_gets_updates_and_its_next_fault_is_said() -> None:
    lines: list[str] = []
    flaky, clock = Flaky(OSError(28, "No space left on device")), Clock()
    guarded = GuardedOutput("toy", flaky, context(lines.append), clock=clock)
    guarded.emit(update())
    flaky.error = None
    clock.now += PAUSE_S[0]
    for _ in range(10):
        guarded.emit(update())
    assert flaky.shown == 11
    clock.now += CALM_S + 1
    guarded.emit(update())
    flaky.error = OSError(28, "No space left on device")
    guarded.emit(update())
    assert lines == ["error: toy: No space left on device; readings go on without it"] * 2


def test_an_error_that_ends_the_run_is_raised_on() -> None:
    guarded = GuardedOutput("toy", Flaky(BrokenPipeError()), context(), lambda error: isinstance(error, OSError))
    with pytest.raises(BrokenPipeError):
        guarded.emit(update())
    with pytest.raises(BrokenPipeError):
        guarded.close()


def test_with_debug_the_traceback_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "1")
    lines: list[str] = []
    GuardedOutput("toy", Flaky(KeyError("x")), context(lines.append)).emit(update())
    assert "Traceback" in lines[1]
