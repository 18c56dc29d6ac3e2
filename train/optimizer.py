"""The optimizer of a recipe: its learning rate step by step, and the running mean of the weights it keeps."""

from __future__ import annotations

import math
from typing import Any

import keras

from train.models.recipes import Recipe

WARM_UP_START = 0.05  # of the peak learning rate
MOMENTUM = 0.9  # of Nesterov (Sutskever et al. 2013)
HORIZON = 0.03  # of all steps of a run: how far back the mean of the weights looks


@keras.saving.register_keras_serializable("edge-classifier")
class AveragingSGD(keras.optimizers.SGD):  # type: ignore[misc]
    """SGD with use_ema, whose mean stays beside the weights: Keras's own overwrites them when a `fit` ends,
    and here every epoch is one. Biases and what batch normalization learns do not decay: Keras keeps no account of
    that in a checkpoint."""

    def __init__(self, *others: Any, **named: Any) -> None:
        super().__init__(*others, **named)
        self.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])

    def finalize_variable_values(self, var_list: Any) -> None:
        """Leave the weights as they are, to train on; `averaged` takes the mean."""


def optimizer_for(recipe: Recipe, steps: int) -> Any:
    """A new keras.optimizers.Optimizer. steps: an epoch's."""
    rate = _learning_rate(recipe, steps)
    if recipe.schedule != "cosine":
        return keras.optimizers.Adam(rate)
    momentum = math.exp(-1 / max(1.0, HORIZON * recipe.epochs * steps))
    return AveragingSGD(
        rate, MOMENTUM, nesterov=True, weight_decay=recipe.weight_decay, use_ema=True, ema_momentum=momentum
    )


def averaged(model: Any) -> Any:
    """`model` with the mean of its weights for its weights, where its optimizer kept one."""
    optimizer = model.optimizer
    if isinstance(optimizer, AveragingSGD):
        keras.optimizers.SGD.finalize_variable_values(optimizer, model.trainable_variables)
    return model


def _learning_rate(recipe: Recipe, steps: int) -> Any:
    """A number, or Keras's cosine schedule over all epochs with the first one as warm-up. steps: an epoch's."""
    if recipe.schedule != "cosine":
        return recipe.learning_rate
    if recipe.epochs == 1:  # nothing left to warm up for
        return keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
    return keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate * WARM_UP_START,
        decay_steps=(recipe.epochs - 1) * steps,
        warmup_target=recipe.learning_rate,
        warmup_steps=steps,
    )
