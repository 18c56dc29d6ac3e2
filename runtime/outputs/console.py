"""A camera's answers on standard output and standard error, which may stand still without holding it up."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress

from runtime.outputs.format import json_line, state_line, text_line
from runtime.outputs.stats import StatsOutput
from runtime.outputs.worker import BackgroundWriter, line_writer
from runtime.stream.answer import StreamUpdate
from runtime.stream.health import RECOVERED

WAITING_LINES = 1000  # for a terminal or a pipe that does not take them


class ConsoleOutput:
    """Standard output: a line a change, or JSON for every frame. Standard error: changes of state."""

    def __init__(self, json: bool, live: bool, stop: Callable[[], bool]) -> None:
        self._json = json
        self._out = BackgroundWriter(line_writer(1, sys.stdout.encoding), WAITING_LINES, not live, stop)
        self._err = BackgroundWriter(line_writer(sys.stderr.fileno(), "utf-8"), WAITING_LINES, False, stop)
        self.stats: StatsOutput | None = None

    def note(self, line: str) -> None:
        """A line for a person, from any thread."""
        with suppress(OSError):  # nobody reads it: no reason to stop
            self._err.put(line)

    def emit(self, answer: StreamUpdate) -> None:
        """Write what is new."""
        start = time.perf_counter()
        if answer.frame is None or answer.state == RECOVERED:
            self.note(state_line(answer))
        if self._json:
            self._out.put(json_line(answer))
        elif answer.changed and answer.frame is not None:
            self._out.put(text_line(answer))
        if self.stats is not None and answer.frame is not None:
            self.stats.stage("render", (time.perf_counter() - start) * 1000)

    def close(self) -> bool:
        """Let what waits go out."""
        # Both, though the first may hang.
        return all([self._out.close(), self._err.close()])
