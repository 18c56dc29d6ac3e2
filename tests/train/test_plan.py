"""What decides the course of a run."""

from __future__ import annotations

import dataclasses
import json

import numpy as np

from runtime.tflite.card import InputSpec
from train.data.load import Dataset
from train.models.recipes import RECIPES
from train.plan import Plan, options_of

IMAGES = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28, 1)
DATASET = Dataset("two", IMAGES, np.array([0, 1]), IMAGES, np.array([0, 1]), ("a", "b"), InputSpec())


def test_options_name_what_decides_a_run() -> None:
    options = options_of(Plan(RECIPES["cnn"], 4), DATASET)
    expected = ("model", "data", "framing", "epochs", "batch-size", "learning-rate", "seed", "precision", "teacher")
    assert list(options) == [f"--{name}" for name in expected]
    assert json.loads(json.dumps(options)) == options


def test_every_change_of_the_course_changes_an_option() -> None:
    plan = Plan(RECIPES["cnn"])
    options = options_of(plan, DATASET)
    recipe = plan.recipe
    changes = {
        "--model": (dataclasses.replace(plan, recipe=dataclasses.replace(recipe, name="other")), DATASET),
        "--epochs": (dataclasses.replace(plan, recipe=dataclasses.replace(recipe, epochs=1)), DATASET),
        "--batch-size": (dataclasses.replace(plan, recipe=dataclasses.replace(recipe, batch_size=1)), DATASET),
        "--learning-rate": (dataclasses.replace(plan, recipe=dataclasses.replace(recipe, learning_rate=1.0)), DATASET),
        "--seed": (dataclasses.replace(plan, seed=1), DATASET),
        "--precision": (dataclasses.replace(plan, precision="bfloat16"), DATASET),
        "--data": (plan, dataclasses.replace(DATASET, images_train=IMAGES[::-1])),
        "--framing": (plan, dataclasses.replace(DATASET, input_spec=InputSpec(framing="whole"))),
    }
    for name, (other, dataset) in changes.items():
        changed = options_of(other, dataset)
        assert [option for option in options if options[option] != changed[option]] == [name]
