"""Checkpoints: after a kill at any moment, the last whole epoch is on the disk.

A commit writes the model of the epoch under a name of its own and then replaces `state.json`, which names that file.
The replacement is the one moment at which an epoch counts.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runtime.errors import DataError, OptionError
from workbench.files import replacing, write_text
from workbench.run_folder import STATE_FILE

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Epoch:
    """One row of history.csv.

    Attributes:
        epoch: Its number, from 1.
        loss: Mean over the training images.
        accuracy: Share of the training images, 0 to 1.
        val_loss: Loss on the validation images; None without any.
        val_accuracy: Accuracy on the validation images; None without any.
        learning_rate: At the end of the epoch.
        seconds: It took.
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    learning_rate: float
    seconds: float


History = tuple[Epoch, ...]


def best_epoch(history: History) -> int:
    """The epoch with the lowest validation loss.

    Args:
        history: The epochs so far.

    Returns:
        Its number, from 1: the first of equals, and the last epoch where none has a validation loss.
    """
    chosen = [epoch for epoch in history if epoch.val_loss is not None and not math.isnan(epoch.val_loss)]
    if not chosen:
        return len(history)
    return min(chosen, key=lambda epoch: epoch.val_loss or 0.0).epoch


def commit(folder: Path, options: Options, history: History, save: Callable[[Path], object]) -> None:
    """Make the last epoch of a history count. Models that are neither the last nor the best are removed.

    Args:
        folder: Folder of the checkpoint.
        options: What decides the course of the run.
        history: The epochs so far.
        save: Writes the model, as it is after the last of them, to a .keras path.
    """
    with replacing(model_path(folder, len(history))) as temporary:
        save(temporary)
    state = {"options": dict(options), "history": [dataclasses.asdict(epoch) for epoch in history]}
    write_text(folder / STATE_FILE, json.dumps(state, indent=1))
    kept = {model_path(folder, len(history)), model_path(folder, best_epoch(history))}
    for path in folder.glob("*.keras"):  # dotted names too: half-written files that a kill left
        if path not in kept:
            path.unlink(missing_ok=True)


def history_of(folder: Path, options: Options) -> History:
    """The committed epochs of an interrupted run.

    Args:
        folder: Folder of the checkpoint.
        options: What decides the course of the run that is to go on. An option that the interrupted run did not
            record, because the version that made it had none, is not compared.

    Returns:
        The epochs; () where there are none.

    Raises:
        OptionError: The interrupted run had other options.
        DataError: Its files are damaged.
    """
    state = _read(folder)
    if state is None:
        return ()
    for name in options:
        before, now = state["options"].get(name, options[name]), options[name]
        if before != now:
            raise OptionError(
                f"--resume: the interrupted run had {name} {before}; received {name} {now}. "
                "Give the options it had, or leave --resume out to start again"
            )
    history = tuple(Epoch(**epoch) for epoch in state["history"])
    for epoch in {len(history), best_epoch(history)}:
        if not model_path(folder, epoch).is_file():
            raise DataError(f"{model_path(folder, epoch)}: missing, cannot resume; leave --resume out to start again")
    return history


def discard(folder: Path) -> int:
    """Remove a checkpoint.

    Args:
        folder: Folder of the checkpoint.

    Returns:
        How many epochs it had.
    """
    try:
        epochs = len((_read(folder) or {"history": ()})["history"])
    except DataError:
        epochs = 0
    (folder / STATE_FILE).unlink(missing_ok=True)  # first: from here on nothing counts
    for path in folder.glob("*.keras"):
        path.unlink(missing_ok=True)
    return epochs


def model_path(folder: Path, epoch: int) -> Path:
    """Where the model of an epoch is kept.

    Args:
        folder: Folder of the checkpoint.
        epoch: Its number, from 1.

    Returns:
        The path of the .keras file.
    """
    return folder / f"epoch-{epoch:04d}.keras"


def write_csv(path: Path, history: History) -> None:
    """Write history.csv: one row an epoch, cells empty where there was no validation.

    Args:
        path: Path of the file.
        history: The epochs.
    """
    names = [field.name for field in dataclasses.fields(Epoch)]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(dataclasses.asdict(epoch) for epoch in history)
    write_text(path, text.getvalue())


def _read(folder: Path) -> dict[str, Any] | None:
    path = folder / STATE_FILE
    if not path.is_file():
        return None
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        tuple(Epoch(**epoch) for epoch in state["history"])
        return {"options": dict(state["options"]), "history": state["history"]}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{path}: damaged ({error!r}), cannot resume; leave --resume out to start again") from None
