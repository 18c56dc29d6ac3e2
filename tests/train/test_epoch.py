"""One epoch: its figures, its chance, and how it ends where the loss does not."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest

from runtime.errors import TrainingError
from runtime.tflite.card import InputSpec
from train.batches import EpochData
from train.epoch import train_epoch
from train.models.recipes import RECIPES
from train.objective import new_model
from train.plan import Plan
from train.progress import Reporter
from train.training_data import TrainingData

IMAGES = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 1), np.uint8)
LABELS = np.arange(60) % 3
SPEC = InputSpec(8, 8, 1, framing="whole")
EPOCHS = EpochData(IMAGES, LABELS, SPEC, 3)
DATA = TrainingData(EPOCHS, (IMAGES[:20], LABELS[:20]), None)


def plan(name: str, **changes: Any) -> Plan:
    return Plan(dataclasses.replace(RECIPES[name], batch_size=20, augment=False, **changes), 3)


def model_of(plan: Plan) -> Any:
    keras.utils.set_random_seed(plan.seed)
    return new_model(plan, EPOCHS)


def test_its_figures_are_those_of_the_model() -> None:
    course = plan("mlp-128")
    model = model_of(course)
    epoch = train_epoch(model, course, DATA, 1, Reporter(1))
    figures = model.evaluate(IMAGES[:20], LABELS[:20], verbose=0, return_dict=True)
    assert epoch.epoch == 1
    assert epoch.val_loss == pytest.approx(figures["loss"], rel=1e-5)
    assert epoch.val_accuracy == pytest.approx(figures["accuracy"])
    assert epoch.learning_rate == pytest.approx(1e-3)
    assert epoch.seconds > 0


def test_without_validation_images_there_are_no_such_figures() -> None:
    course = plan("mlp-128")
    epoch = train_epoch(model_of(course), course, dataclasses.replace(DATA, validation=None), 1, Reporter(1))
    assert (epoch.val_loss, epoch.val_accuracy) == (None, None)


def test_dropout_depends_on_the_number_of_the_epoch() -> None:
    course = plan("mlp-dropout", learning_rate=1e-12)
    model = model_of(course)
    losses = [train_epoch(model, course, DATA, number, Reporter(3)).loss for number in (1, 2, 1)]
    assert losses[0] == pytest.approx(losses[2], rel=1e-6)
    assert losses[0] != pytest.approx(losses[1], rel=1e-6)


def test_a_loss_that_is_not_finite_ends_it() -> None:
    course = plan("mlp-128", learning_rate=1e38)
    with pytest.raises(TrainingError, match=r"training diverged in epoch 4 \(loss nan\): lower --learning-rate"):
        train_epoch(model_of(course), course, DATA, 4, Reporter(4))
