"""Progress on standard error: a bar where it is a terminal, a plain line an epoch where it is not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runtime.cli.parser import print_note
from workbench.progress import make_progress

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from train.checkpoint import Epoch


class Reporter:
    """Tells a person how training goes. One of these serves one run; use it as a context."""

    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
        self._progress: Progress | None = make_progress("{task.fields[text]}") if sys.stderr.isatty() else None
        self._task: TaskID | None = None

    def __enter__(self) -> Reporter:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    @property
    def is_live(self) -> bool:
        """Whether `batch` has anything to show: asking Keras for its figures after each one costs time."""
        return self._progress is not None

    def start_epoch(self, epoch: int, batches: int) -> None:
        """epoch: from 1. batches: how many it has."""
        if self._progress is not None:
            self._task = self._progress.add_task(f"epoch {epoch}/{self._epochs}", total=batches, text="")

    def batch(self, loss: float, accuracy: float) -> None:
        """One batch is done; both figures are of the epoch so far."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, advance=1, text=f"loss {loss:.4f}  accuracy {accuracy:.4f}")

    def end_epoch(self, epoch: Epoch) -> None:
        """The epoch is over and on the disk."""
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
