"""The training loop, with every epoch committed to the disk.

A resumed run takes the course of an uninterrupted one: shuffling and augmentation depend on (seed, epoch, batch)
alone, dropout on (seed, epoch), and the optimizer and its step are in the checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from runtime.cli.parser import print_note
from runtime.errors import DataError
from train import checkpoint
from train.checkpoint import History
from train.data.load import Dataset
from train.data.pictures import Labels
from train.data.split import split_validation
from train.epoch import train_epoch
from train.models.recipes import Recipe
from train.objective import FORMER_NAMES, for_labels, new_model
from train.optimizer import averaged
from train.plan import Plan, options_of
from train.progress import Reporter
from train.synthetic.examples import Examples
from train.training_data import prepare_data
from workbench.run_folder import CHECKPOINT_FOLDER, HISTORY_FILE

SPLIT_SEED = 0  # whatever the --seed: runs are compared, and taught by one another, on the same images

Log = Callable[[History], object]


@dataclass(frozen=True)
class Trained:
    """The result of a run.

    Attributes:
        model: keras.Model with the weights of best_epoch.
        history: All epochs.
        best_epoch: From 1.
        train_indices: int64 (N,), the training images that it learned from.
        validation_indices: int64 (M,), the training images that were held out; none where the recipe holds none out.
        validation_synthetic: The synthetic examples of validation. None where there were none.
    """

    model: Any
    history: History
    best_epoch: int
    train_indices: Labels
    validation_indices: Labels
    validation_synthetic: Examples | None = None


def train(plan: Plan, dataset: Dataset, folder: Path, resume: bool = False, log: Log = lambda history: None) -> Trained:
    """Train by a plan, and keep history.csv and checkpoint/ as it goes.

    Args:
        plan: What to do.
        dataset: What to learn from.
        folder: Folder of the run.
        resume: Go on after the last whole epoch in `folder`. Otherwise whatever is there is discarded.
        log: Called with the history at the start and after each epoch.

    Returns:
        The trained model and its history.

    Raises:
        OptionError: The run to resume had other options.
        DataError: The run to resume is damaged.
        TrainingError: Training diverged.
    """
    options = options_of(plan, dataset)
    saved = folder / CHECKPOINT_FOLDER
    history = _resumed(saved, options, plan.recipe) if resume else _discarded(saved)
    log(history)
    make_deterministic(plan.seed)
    train_indices, validation_indices = split_validation(dataset.labels_train, plan.recipe.validation, SPLIT_SEED)
    data = prepare_data(plan, dataset, train_indices, validation_indices)
    if not is_finished(history, plan.recipe):
        model = _load(checkpoint.model_path(saved, len(history))) if history else new_model(plan, data.epochs)
        with Reporter(plan.recipe.epochs) as reporter:
            while not is_finished(history, plan.recipe):
                history = (*history, train_epoch(model, plan, data, len(history) + 1, reporter))
                checkpoint.commit(saved, options, history, model.save)
                checkpoint.write_csv(folder / HISTORY_FILE, history)
                log(history)
                reporter.end_epoch(history[-1])
    checkpoint.write_csv(folder / HISTORY_FILE, history)  # a kill may have come between commit and csv
    best = _kept_epoch(history, plan.recipe)
    model = for_labels(averaged(_load(checkpoint.model_path(saved, best))), plan.recipe, data.epochs)
    return Trained(model, history, best, train_indices, validation_indices, data.validation_synthetic)


def is_finished(history: History, recipe: Recipe) -> bool:
    """Whether a run is over.

    Args:
        history: Its epochs.
        recipe: Its recipe.

    Returns:
        True after all epochs, or after `recipe.patience` of them without a lower validation loss.
    """
    stale = len(history) - checkpoint.best_epoch(history)
    return len(history) >= recipe.epochs or (recipe.patience is not None and stale >= recipe.patience)


def make_deterministic(seed: int) -> None:
    """Make the same seed give the same weights: on one machine, bit for bit.

    Args:
        seed: Seed of Python, NumPy and TensorFlow.
    """
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def _kept_epoch(history: History, recipe: Recipe) -> int:
    """At the end of a cosine the mean of the weights is at its best; which epoch validates best is then chance."""
    return len(history) if recipe.schedule == "cosine" else checkpoint.best_epoch(history)


def _load(path: Path) -> Any:
    try:
        return keras.models.load_model(path, FORMER_NAMES)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path}: damaged or of another version ({error}), cannot resume; leave --resume out to start again"
        ) from None


def _resumed(saved: Path, options: Mapping[str, Any], recipe: Recipe) -> History:
    history = checkpoint.history_of(saved, options)
    if not history:
        print_note("nothing to resume: starting from the beginning")
    elif is_finished(history, recipe):
        print_note(f"nothing left to train: that run was complete after epoch {len(history)}; writing its results")
    else:
        print_note(f"resuming after epoch {len(history)} of {recipe.epochs}")
    return history


def _discarded(saved: Path) -> History:
    epochs = checkpoint.discard(saved)
    if epochs:
        print_note(f"starting again: the {epochs} epochs in {saved} are dropped (--resume goes on instead)")
    return ()
