"""What training minimizes and what it measures: loss, accuracy and optimizer of a model."""

from __future__ import annotations

from typing import Any

import keras

from train.batches import Batches, EpochData
from train.distillation import TaughtCrossentropy
from train.models.fused import fused, unfused
from train.models.recipes import Recipe, build
from train.optimizer import optimizer_for
from train.plan import Plan


@keras.saving.register_keras_serializable("edge-classifier")
class InlierAccuracy(keras.metrics.CategoricalAccuracy):  # type: ignore[misc]
    """Accuracy over the rows that have a right answer: negatives, whose target is uniform, do not count.

    Columns of y_true beyond those of y_pred are a teacher's and are ignored.
    """

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Count a batch.

        Args:
            y_true: (N, classes) or (N, 2 x classes).
            y_pred: (N, classes).
            sample_weight: Ignored: 1 for rows with a right answer, 0 for others.

        Returns:
            What Keras returns.
        """
        y_true = y_true[:, : y_pred.shape[-1]]
        return super().update_state(y_true, y_pred, keras.ops.cast(keras.ops.max(y_true, axis=-1) > 0.5, "float32"))


# Checkpoints of version 0.1 know the metric by its former name.
FORMER_NAMES = {"edge-classifier>DigitAccuracy": InlierAccuracy}


def new_model(plan: Plan, data: EpochData) -> Any:
    """Build the recipe's model and compile it for training.

    Args:
        plan: Plan of the run.
        data: What its epochs are made of.

    Returns:
        keras.Model, its batch normalization fused.
    """
    recipe = plan.recipe
    model = fused(build(recipe, data.spec.shape, data.classes), plan.precision)
    loss, metric = _objective(recipe, data)
    steps = len(Batches(recipe, plan.seed, data, 1))
    model.compile(optimizer_for(recipe, steps), loss, metrics=[metric])
    return model


def for_labels(model: Any, recipe: Recipe, data: EpochData) -> Any:
    """A trained model in the form that anybody can load and evaluate.

    Args:
        model: keras.Model as `new_model` compiled it.
        recipe: Its recipe.
        data: What it was trained on.

    Returns:
        keras.Model of Keras's own layers, compiled for labels with a loss and a metric of Keras's own.
    """
    plain = unfused(model)
    if plain is not model or data.has_distributions:
        plain.compile(keras.optimizers.Adam(recipe.learning_rate), _label_loss(recipe), metrics=["accuracy"])
    return plain


def _objective(recipe: Recipe, data: EpochData) -> tuple[Any, Any]:
    """(loss, metric) for the targets that the data have."""
    if data.soft_targets is not None:
        return TaughtCrossentropy(from_logits=_has_logits(recipe)), InlierAccuracy(name="accuracy")
    if data.synthetic is not None:
        loss = keras.losses.CategoricalCrossentropy(from_logits=_has_logits(recipe))
        return loss, InlierAccuracy(name="accuracy")
    return _label_loss(recipe), "accuracy"


def _label_loss(recipe: Recipe) -> Any:
    return keras.losses.SparseCategoricalCrossentropy(from_logits=_has_logits(recipe))


def _has_logits(recipe: Recipe) -> bool:
    return recipe.output == "logits"
