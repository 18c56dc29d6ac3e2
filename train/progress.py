"""Progress of training on standard error: a bar on a terminal, elsewhere a line an epoch."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runtime.cli.parser import print_note
from workbench.progress import make_progress

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from train.checkpoint import Epoch


class Reporter:
    """Reports the progress of one run. It is a context manager."""

    def __init__(self, epochs: int) -> None:
        """Prepare the display.

        Args:
            epochs: How many the run has.
        """
        self._epochs = epochs
        self._progress: Progress | None = make_progress("{task.fields[text]}") if sys.stderr.isatty() else None
        self._task: TaskID | None = None

    def __enter__(self) -> Reporter:
        """Show the bar."""
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Remove the bar."""
        if self._progress is not None:
            self._progress.stop()

    @property
    def is_live(self) -> bool:
        """Whether `batch` shows anything. Asking Keras for figures after each batch costs time."""
        return self._progress is not None

    def start_epoch(self, epoch: int, batches: int) -> None:
        """Start the bar of an epoch.

        Args:
            epoch: Its number, from 1.
            batches: How many it has.
        """
        if self._progress is not None:
            self._task = self._progress.add_task(f"epoch {epoch}/{self._epochs}", total=batches, text="")

    def batch(self, loss: float, accuracy: float) -> None:
        """Advance the bar by one batch.

        Args:
            loss: Mean over the epoch so far.
            accuracy: Accuracy of the epoch so far, 0 to 1.
        """
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, advance=1, text=f"loss {loss:.4f}  accuracy {accuracy:.4f}")

    def end_epoch(self, epoch: Epoch) -> None:
        """Replace the bar of an epoch with a line.

        Args:
            epoch: Its figures; it is on the disk.
        """
        if self._progress is not None and self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None
            self._progress.console.print(self._line(epoch), highlight=False, soft_wrap=True)
        else:
            print_note(self._line(epoch))

    def _line(self, epoch: Epoch) -> str:
        text = f"epoch {epoch.epoch}/{self._epochs}  loss {epoch.loss:.4f}  accuracy {epoch.accuracy:.4f}"
        if epoch.val_loss is not None and epoch.val_accuracy is not None:
            text += f"  val_loss {epoch.val_loss:.4f}  val_accuracy {epoch.val_accuracy:.4f}"
        return f"{text}  {epoch.seconds:.1f} s"
