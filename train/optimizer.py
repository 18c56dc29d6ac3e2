"""The optimizer of a recipe: its learning rate by step, and the running mean of the weights."""

from __future__ import annotations

import math
from typing import Any

import keras

from train.models.recipes import Recipe

WARM_UP_START = 0.05  # of the peak learning rate
MOMENTUM = 0.9  # of Nesterov (Sutskever et al. 2013)
HORIZON = 0.03  # of all steps of a run: time constant of the running mean of the weights


@keras.saving.register_keras_serializable("edge-classifier")
class AveragingSGD(keras.optimizers.SGD):  # type: ignore[misc]
    """SGD with use_ema that keeps the mean beside the weights.

    Keras's own overwrites the weights with the mean when a `fit` ends, and here every epoch is a `fit`. Biases and the
    weights of batch normalization do not decay; Keras does not save that exclusion, so it is set here.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make the optimizer.

        Args:
            *args: As keras.optimizers.SGD takes them.
            **kwargs: As keras.optimizers.SGD takes them.
        """
        super().__init__(*args, **kwargs)
        self.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])

    def finalize_variable_values(self, var_list: Any) -> None:
        """Leave the weights unchanged at the end of an epoch; `averaged` takes the mean.

        Args:
            var_list: The weights.
        """


def optimizer_for(recipe: Recipe, steps: int) -> Any:
    """Make the optimizer that a recipe asks for.

    Args:
        recipe: Its schedule, learning rate, weight decay and epochs.
        steps: Batches an epoch.

    Returns:
        A new keras.optimizers.Optimizer.
    """
    rate = _learning_rate(recipe, steps)
    if recipe.schedule != "cosine":
        return keras.optimizers.Adam(rate)
    momentum = math.exp(-1 / max(1.0, HORIZON * recipe.epochs * steps))
    return AveragingSGD(
        rate, MOMENTUM, nesterov=True, weight_decay=recipe.weight_decay, use_ema=True, ema_momentum=momentum
    )


def averaged(model: Any) -> Any:
    """Replace the weights of a model with their running mean, where its optimizer kept one.

    Args:
        model: keras.Model; it is changed.

    Returns:
        The model.
    """
    optimizer = model.optimizer
    if isinstance(optimizer, AveragingSGD):
        keras.optimizers.SGD.finalize_variable_values(optimizer, model.trainable_variables)
    return model


def _learning_rate(recipe: Recipe, steps: int) -> Any:
    """A number, or Keras's cosine schedule over all epochs with the first as warm-up. steps: batches an epoch."""
    if recipe.schedule != "cosine":
        return recipe.learning_rate
    if recipe.epochs == 1:  # no epoch is left after a warm-up
        return keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
    return keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate * WARM_UP_START,
        decay_steps=(recipe.epochs - 1) * steps,
        warmup_target=recipe.learning_rate,
        warmup_steps=steps,
    )
