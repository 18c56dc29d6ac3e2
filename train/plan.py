"""What a run is to do, and what decides its course."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from train.data.load import Dataset
from train.distillation import Teacher
from train.models.recipes import Recipe


@dataclass(frozen=True)
class Plan:
    """A recipe and what the command line adds to it.

    Attributes:
        recipe: With the epochs, batch size and learning rate of this run.
        seed: Seed of all that is random but the choice of the validation images.
        teachers: Whose answers it learns from as well.
        precision: Precision of the arithmetic, a key of `train.models.recipes.PRECISIONS`.
    """

    recipe: Recipe
    seed: int = 0
    teachers: tuple[Teacher, ...] = ()
    precision: str = "float32"


def options_of(plan: Plan, dataset: Dataset) -> dict[str, Any]:
    """What decides the course of a run, by the option that sets it.

    Args:
        plan: Plan of the run.
        dataset: What it learns from.

    Returns:
        Values that JSON can hold, by option.
    """
    recipe = plan.recipe
    return {
        "--model": recipe.name,
        "--data": f"{dataset.name} ({len(dataset.images_train)} images, {dataset.digest()})",
        "--framing": dataset.input_spec.framing,
        "--epochs": recipe.epochs,
        "--batch-size": recipe.batch_size,
        "--learning-rate": recipe.learning_rate,
        "--seed": plan.seed,
        "--precision": plan.precision,
        "--teacher": ", ".join(f"{teacher.name} ({teacher.digest()})" for teacher in plan.teachers) or None,
    }
