"""What TensorBoard shows of a run: python -m train --tensorboard, then tensorboard --logdir artifacts/logs."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

from runtime.errors import OptionError
from train.checkpoint import Epoch, History

FOLDER = "logs"
PARTS = {"train": ("loss", "accuracy", "learning_rate"), "validation": ("val_loss", "val_accuracy")}


class Log:
    """A call with the history so far writes what is not yet written, a step an epoch.

    The first call begins the files anew: a resumed run has all its epochs in them, each once, whatever a kill
    left there. Names are those of Keras's own callback, which counts its epochs anew with every `fit`.
    """

    def __init__(self, folder: Path) -> None:
        """folder: of the run. Raises OptionError where TensorBoard is not installed."""
        if importlib.util.find_spec("tensorboard") is None:
            raise OptionError("--tensorboard needs TensorBoard: pip install tensorboard")
        self._folder = folder / FOLDER
        self._writers: dict[str, Any] = {}
        self._written = 0

    def __call__(self, history: History) -> None:
        if not self._written:
            for part in PARTS:
                shutil.rmtree(self._folder / part, ignore_errors=True)
        for epoch in history[self._written :]:
            self._write(epoch)
        self._written = len(history)

    def _write(self, epoch: Epoch) -> None:
        import tensorflow as tf

        for part, names in PARTS.items():
            values = {name: getattr(epoch, name) for name in names}
            if None in values.values():  # there are no validation images
                continue
            if part not in self._writers:
                self._writers[part] = tf.summary.create_file_writer(str(self._folder / part))
            with self._writers[part].as_default(step=epoch.epoch):
                for name, value in values.items():
                    tf.summary.scalar(f"epoch_{name.removeprefix('val_')}", value)
            self._writers[part].flush()
