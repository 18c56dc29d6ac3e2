"""The camera's answers on standard output, and its log on standard error.

A terminal or a pipe that takes no more lines does not hold up a live source.
"""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress

from runtime.cli.parser import Parser
from runtime.cli.printing import one_line
from runtime.outputs.base import OutputContext
from runtime.outputs.format import state_to_text, update_to_json, update_to_text
from runtime.outputs.worker import BackgroundWriter, line_writer
from runtime.stream.answer import StreamUpdate
from runtime.stream.health import RECOVERED

MAX_LINES = 1000  # that wait for a terminal or a pipe which does not take them


def add_options(parser: Parser) -> None:
    """Declare --json.

    Args:
        parser: The camera's parser.
    """
    parser.add_argument("--json", action="store_true", help="one JSON object a frame")


def open_output(options: Namespace, context: OutputContext) -> ConsoleOutput:
    """Open the console, which every run has.

    Args:
        options: The camera's command line.
        context: Context of the run.

    Returns:
        The console.
    """
    return ConsoleOutput(options.json, context)


class Log:
    """Lines for a person on standard error, from any thread. Where nobody reads them the oldest are dropped."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        """Start the thread that writes.

        Args:
            stop: True once the run is to end.
        """
        self._lines = BackgroundWriter(line_writer(sys.stderr.fileno(), "utf-8"), MAX_LINES, False, stop)

    def write(self, line: str) -> None:
        """Hand one line over.

        Args:
            line: Without its line break.
        """
        with suppress(OSError):  # nobody reads it: no reason to stop
            self._lines.put(one_line(line))

    def close(self) -> bool:
        """Let the lines that wait go out.

        Returns:
            False where standard error does not take them; otherwise True.
        """
        try:
            return self._lines.close()
        except OSError:  # nobody reads them
            return True


class ConsoleOutput:
    """An Output: a line for each change on standard output, or JSON for every frame; changes of state in the log."""

    def __init__(self, json: bool, context: OutputContext) -> None:
        """Start the thread that writes.

        Args:
            json: One JSON object for each update, in place of a line for each change.
            context: Context of the run.
        """
        self._json = json
        self._log = context.log
        self._stages = context.stages
        self._lines = BackgroundWriter(
            line_writer(1, "utf-8" if json else sys.stdout.encoding),
            MAX_LINES,
            not context.live,
            context.stop,
            while_waiting=context.process_events,
        )

    def emit(self, update: StreamUpdate) -> None:
        """Write what is new.

        Args:
            update: All that is known after an event of the source.
        """
        start = time.perf_counter()
        if update.frame is None or update.state == RECOVERED:
            self._log(state_to_text(update))
        if self._json:
            self._lines.put(update_to_json(update))
        elif update.changed and update.frame is not None:
            self._lines.put(update_to_text(update))
        if update.frame is not None:
            self._stages.add("render", (time.perf_counter() - start) * 1000)

    def close(self) -> bool:
        """Let the lines that wait go out.

        Returns:
            False where standard output does not take them; otherwise True.

        Raises:
            OSError: Standard output is full or closed.
        """
        return self._lines.close()
