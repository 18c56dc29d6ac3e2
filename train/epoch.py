"""One epoch of training, by Keras's own `fit`."""

from __future__ import annotations

import math
import time
from typing import Any

import keras
import numpy as np

from runtime.errors import TrainingError
from train.batches import Batches
from train.checkpoint import Epoch
from train.models.recipes import Recipe
from train.plan import Plan
from train.progress import Reporter
from train.training_data import TrainingData

EVALUATION_BATCH = 512


def train_epoch(model: Any, plan: Plan, data: TrainingData, number: int, reporter: Reporter) -> Epoch:
    """Train a model for one epoch.

    Args:
        model: keras.Model, compiled; it is changed.
        plan: Plan of the run.
        data: Data of the run.
        number: Number of the epoch, from 1.
        reporter: Is told of each batch.

    Returns:
        The figures of the epoch.

    Raises:
        TrainingError: The loss is no longer finite.
    """
    batches = Batches(plan.recipe, plan.seed, data.epochs, number)
    _reseed(model, plan.seed, number)
    reporter.start_epoch(number, len(batches))
    start = time.monotonic()
    logs = model.fit(
        batches,
        validation_data=data.validation,
        validation_batch_size=EVALUATION_BATCH,
        callbacks=_callbacks(plan.recipe, reporter),
        shuffle=False,  # Batches does it, by the seed
        verbose=0,
    ).history
    seconds = round(time.monotonic() - start, 3)
    figures = {name: float(values[-1]) for name, values in logs.items()}
    if not math.isfinite(figures["loss"]):
        raise TrainingError(f"training diverged in epoch {number} (loss {figures['loss']}): lower --learning-rate")
    val_loss, val_accuracy = figures.get("val_loss"), figures.get("val_accuracy")
    rate = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
    return Epoch(number, figures["loss"], figures["accuracy"], val_loss, val_accuracy, rate, seconds)


def _callbacks(recipe: Recipe, reporter: Reporter) -> list[Any]:
    # Validation sees the running mean of the weights, where there is one.
    averaging = [keras.callbacks.SwapEMAWeights()] if recipe.schedule == "cosine" else []
    return [*averaging, *([_BatchCallback(reporter)] if reporter.is_live else [])]


class _BatchCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Passes Keras's figures of each batch to the progress bar."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._reporter = reporter

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        figures = logs or {}
        self._reporter.batch(float(figures.get("loss", 0.0)), float(figures.get("accuracy", 0.0)))


def _reseed(model: Any, seed: int, epoch: int) -> None:
    """Set dropout's generators, which a .keras file does not hold, to a state that the epoch alone decides."""
    for index, layer in enumerate(model.layers):
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            generator.state.assign(np.random.SeedSequence([seed, epoch, index]).generate_state(2))
