"""A wall round each output: one that fails is said at once, and ends neither the run nor the other outputs."""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable

from runtime.errors import EdgeError
from runtime.outputs.base import Output, OutputContext
from runtime.stream.answer import StreamUpdate

PAUSE_S = (1.0, 30.0)  # without updates for an output that failed: the first, doubled each time, up to the second
CALM_S = 60.0  # without a failure, after which the next one is said again


class GuardedOutput:
    """An Output around another one, which may raise whatever it likes.

    A failure is one line, and the run ends with status 1. The output is shown updates again after a pause.
    """

    def __init__(
        self,
        name: str,
        output: Output,
        context: OutputContext,
        ends_run: Callable[[Exception], bool] = lambda _: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Guard an output that is open.

        Args:
            name: For messages.
            output: What is guarded.
            context: Context of the run.
            ends_run: True for an error that is raised on: without this output the run has no purpose.
            clock: Seconds of a clock that does not go back.
        """
        self.output = output
        self._name = name
        self._context = context
        self._ends_run = ends_run
        self._clock = clock
        self._said = ""
        self._failed_at = 0.0
        self._pause = 0.0  # 0 where no failure is recent

    def emit(self, update: StreamUpdate) -> None:
        """Show the output one update, unless it failed a moment ago.

        Args:
            update: All that is known after an event of the source.
        """
        if self._pause:
            since = self._clock() - self._failed_at
            if since < self._pause:
                return
            if since > CALM_S:
                self._pause, self._said = 0.0, ""
        try:
            self.output.emit(update)
        except Exception as error:  # a disk, a driver, or a stranger's package: anything
            self._fail(error)

    def close(self) -> bool:
        """End the output.

        Returns:
            What the output says; False where it fails.
        """
        try:
            return self.output.close()
        except Exception as error:
            self._fail(error)
            return False

    def _fail(self, error: Exception) -> None:
        if self._ends_run(error):
            raise error
        self._failed_at = self._clock()
        self._pause = min(2 * self._pause, PAUSE_S[1]) if self._pause else PAUSE_S[0]
        text = describe(self._name, error)
        if text != self._said:
            self._said = text
            self._context.fail(text)
            if os.environ.get("DEBUG") == "1":
                self._context.log("".join(traceback.format_exception(error)).rstrip())


def describe(name: str, error: Exception) -> str:
    """Say what failed in an output.

    Args:
        name: The output.
        error: What it raised.

    Returns:
        One sentence. An EdgeError speaks for itself; of another one its type is named.

    Example:
        >>> describe("output toy", OSError(28, "No space left on device"))
        'output toy: No space left on device; readings go on without it'
        >>> describe("output toy", KeyError("x"))
        "output toy: KeyError: 'x'; readings go on without it"
    """
    if isinstance(error, EdgeError):
        return str(error)
    why = error.strerror if isinstance(error, OSError) else ""
    return f"{name}: {why or f'{type(error).__name__}: {error}'}; readings go on without it"
