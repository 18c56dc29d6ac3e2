"""An output of your own: --output table=FILE.csv appends a line for each change of reading.

The entry point `table = "own_output:open_output"` of the group `edge_classifier.outputs` makes it known.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path

from runtime.errors import OutputError
from runtime.outputs.base import OutputContext
from runtime.outputs.worker import BackgroundWriter
from runtime.stream.answer import StreamUpdate

MAX_QUEUE = 100  # lines that wait for a slow disk


def open_output(argument: str, context: OutputContext) -> TableOutput:
    """Open the table.

    Args:
        argument: What follows `table=`: the file's name.
        context: The run that the output belongs to.

    Returns:
        The output.

    Raises:
        OutputError: There is no name, or no such folder.
    """
    if not argument:
        raise OutputError("--output table: expected table=FILE.csv; received no name")
    path = Path(argument)
    if not path.parent.is_dir():
        raise OutputError(f"--output table: no such folder: {path.parent}")
    return TableOutput(path, context)


class TableOutput:
    """An Output that appends time, state and reading to a CSV file, in a thread of its own."""

    def __init__(self, path: Path, context: OutputContext) -> None:
        """Start the thread; the file is opened for each line, so that another program may move it away."""
        self._path = path
        self._worker: BackgroundWriter[tuple[str, ...]] = BackgroundWriter(
            self._write, MAX_QUEUE, not context.live, context.stop, "table", context.process_events
        )

    def emit(self, update: StreamUpdate) -> None:
        """Hand a line over where the reading or the state changed.

        Args:
            update: All that is known after an event of the source.
        """
        if update.changed:
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(update.timestamp))
            self._worker.put((when, update.state, update.steady or ""))

    def close(self) -> bool:
        """Write what waits.

        Returns:
            False where the disk does not take it; otherwise True.
        """
        return self._worker.close()

    def _write(self, line: tuple[str, ...]) -> None:
        with self._path.open("a", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(line)
