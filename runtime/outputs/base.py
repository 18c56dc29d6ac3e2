"""What every output is, and what it gets of the run it belongs to.

A new output is one module in this folder, with `add_options` and `open_output` as `OutputModule` describes them, and
its name in `registry.OUTPUTS`. An output of another package is one function, an `OutputFactory`, that the package names
in its entry points.
"""

from __future__ import annotations

from argparse import Namespace
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from runtime.cli.parser import Parser
from runtime.stream.answer import StreamUpdate

MAX_STAGE_VALUES = 3000  # a stage's newest times that are kept: 100 s at 30 frames a second


class Output(Protocol):
    """Where the updates of a stream go."""

    def emit(self, update: StreamUpdate) -> None:
        """Take one update, without waiting for anything outside the process (worker.BackgroundWriter helps).

        Args:
            update: A frame and what was read in it, or a source that is stale or lost.
        """

    def close(self) -> bool:
        """End the output.

        Returns:
            True where all went out; False where something outside the process blocks it.
        """
        ...


class StageTimes:
    """How long the stages of a frame took, which --stats reports. An output may add a stage of its own."""

    def __init__(self) -> None:
        self._values: dict[str, deque[float]] = {}

    @property
    def values(self) -> Mapping[str, Sequence[float]]:
        """The newest times of each stage, milliseconds, at most MAX_STAGE_VALUES of them."""
        return self._values

    def add(self, stage: str, ms: float) -> None:
        """Add one time.

        Args:
            stage: Its name, as the report shows it.
            ms: Milliseconds.
        """
        self._values.setdefault(stage, deque(maxlen=MAX_STAGE_VALUES)).append(ms)

    def clear(self) -> None:
        """Forget all times: the next report begins."""
        self._values.clear()


@dataclass(frozen=True)
class OutputContext:
    """What an output gets of the run it belongs to.

    Attributes:
        log: Writes one line for a person to standard error, from any thread, and waits for nobody.
        stop: True once the run is to end. Asking has no effect.
        request_stop: Ends the run, as Ctrl-C does.
        live: True for a camera or a stream, which goes on meanwhile, so that a slow output loses frames; False for a
            file, which waits for the slowest.
        fps: Frames per second that were asked of the source; None where none were.
        dropped: Number of frames so far that a newer one replaced before they were classified.
        stages: Times of the stages of a frame, for --stats.
        each_turn: Functions that the loop calls at its every turn, whether a frame came or not, and while it waits for
            a slow output. An output with events of its own to process, such as a window, appends one.
    """

    log: Callable[[str], None]
    stop: Callable[[], bool]
    request_stop: Callable[[], None]
    live: bool = True
    fps: float | None = None
    dropped: Callable[[], int] = lambda: 0
    stages: StageTimes = field(default_factory=StageTimes)
    each_turn: list[Callable[[], None]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def process_events(self) -> None:
        """Call every function of `each_turn`; in the loop's own thread. One that raises is not called again."""
        for process in tuple(self.each_turn):
            try:
                process()
            except Exception as error:  # an output's: it ends alone
                self.each_turn.remove(process)
                self.fail(f"an output's turn: {type(error).__name__}: {error}; readings go on without it")

    def fail(self, text: str) -> None:
        """Say that an output fails, from any thread. Readings go on, and the run ends with status 1.

        Args:
            text: What was expected, what came, what to do; in one line.
        """
        self.failures[:] = [text]
        self.log(f"error: {text}")


class OutputModule(Protocol):
    """What a module in this folder has that is an output."""

    def add_options(self, parser: Parser) -> None:
        """Declare the output's options.

        Every start of the camera calls this: a module imports what is costly in `open_output` alone.

        Args:
            parser: The camera's, which declares the options of all outputs.
        """

    def open_output(self, options: Namespace, context: OutputContext) -> Output | None:
        """Open the output.

        Args:
            options: The camera's command line, parsed.
            context: The run that the output belongs to.

        Returns:
            The output, or None where the options do not ask for it.

        Raises:
            EdgeError: It cannot be opened.
        """
        ...


class OutputFactory(Protocol):
    """The function that another package names in its entry points, group `edge_classifier.outputs`.

    Example:
        In the module `lines_output`, for `--output lines=FILE`::

            class LinesOutput:
                def __init__(self, path):
                    self._file = open(path, "w")

                def emit(self, update):
                    if update.changed:
                        print(update.state, update.steady, file=self._file)

                def close(self):
                    self._file.close()
                    return True

            def open_output(argument, context):
                if not argument:
                    raise OutputError("--output lines: expected lines=FILE; received no name")
                context.log(f"writing to {argument}")
                return LinesOutput(argument)

        and in the package's pyproject.toml::

            [project.entry-points."edge_classifier.outputs"]
            lines = "lines_output:open_output"
    """

    def __call__(self, argument: str, context: OutputContext) -> Output:
        """Open the output.

        Args:
            argument: What follows the = in `--output NAME=ARGUMENT`; "" where nothing does.
            context: The run that the output belongs to.

        Returns:
            The output, open.

        Raises:
            EdgeError: It cannot be opened.
        """
        ...
