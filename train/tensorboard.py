"""TensorBoard logs of a run: python -m train --tensorboard, then tensorboard --logdir artifacts/logs."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

from runtime.errors import OptionError
from train.checkpoint import Epoch, History

FOLDER = "logs"
LOGS = {"train": ("loss", "accuracy", "learning_rate"), "validation": ("val_loss", "val_accuracy")}


class Log:
    """Writes the epochs of a history that are not yet written, one step an epoch.

    The first call starts the files anew, so that a resumed run has each of its epochs once, whatever a kill left
    there. The tags are those of Keras's own callback, which cannot be used: it restarts its count with every `fit`.
    """

    def __init__(self, folder: Path) -> None:
        """Prepare to write.

        Args:
            folder: Folder of the run.

        Raises:
            OptionError: TensorBoard is not installed.
        """
        if importlib.util.find_spec("tensorboard") is None:
            raise OptionError("--tensorboard needs TensorBoard: pip install tensorboard")
        self._folder = folder / FOLDER
        self._writers: dict[str, Any] = {}
        self._written = 0

    def __call__(self, history: History) -> None:
        """Write what is new.

        Args:
            history: All epochs so far.
        """
        if not self._written:
            for part in LOGS:
                shutil.rmtree(self._folder / part, ignore_errors=True)
        for epoch in history[self._written :]:
            self._write(epoch)
        self._written = len(history)

    def _write(self, epoch: Epoch) -> None:
        import tensorflow as tf

        for part, names in LOGS.items():
            values = {name: getattr(epoch, name) for name in names}
            if None in values.values():  # there are no validation images
                continue
            if part not in self._writers:
                self._writers[part] = tf.summary.create_file_writer(str(self._folder / part))
            with self._writers[part].as_default(step=epoch.epoch):
                for name, value in values.items():
                    tf.summary.scalar(f"epoch_{name.removeprefix('val_')}", value)
            self._writers[part].flush()
