"""The data of a run: divided, extended by examples, answered by teachers, and validated by images of the same kind."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest

from runtime.tflite.card import InputSpec
from train.data.load import Dataset
from train.data.npz import NUMERALS
from train.distillation import Teacher
from train.models.recipes import RECIPES
from train.plan import Plan
from train.synthetic.examples import NEGATIVE_SHARE
from train.synthetic.glyphs import glyphs
from train.training_data import prepare_data

COUNT, HELD_OUT = 120, 30
TRAIN, VALIDATION = np.arange(HELD_OUT, COUNT), np.arange(HELD_OUT)
NOBODY = np.zeros(0, np.int64)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    images, labels = glyphs(COUNT, InputSpec(), np.random.default_rng(0))
    return Dataset("glyphs", images, labels, images, labels, NUMERALS, InputSpec())


def plan(**changes: Any) -> Plan:
    teachers = changes.pop("teachers", ())
    recipe = dataclasses.replace(RECIPES["cnn"], **{"outlier_exposure": False, "augment": False, **changes})
    return Plan(recipe, 3, teachers)


def flat_teacher() -> Teacher:
    """It says the same of everything."""
    layers = [keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10, kernel_initializer="zeros")]
    return Teacher("flat", keras.Sequential(layers))


def test_images_are_divided_and_labels_stay(dataset: Dataset) -> None:
    data = prepare_data(plan(), dataset, TRAIN, VALIDATION)
    np.testing.assert_array_equal(data.epochs.images, dataset.images_train[HELD_OUT:])
    np.testing.assert_array_equal(data.epochs.labels, dataset.labels_train[HELD_OUT:])
    assert data.validation is not None
    np.testing.assert_array_equal(data.validation[0], dataset.images_train[:HELD_OUT])
    np.testing.assert_array_equal(data.validation[1], dataset.labels_train[:HELD_OUT])
    assert not data.epochs.has_distributions
    assert data.validation_synthetic is None


def test_with_nothing_held_out_there_is_no_validation_and_no_copy(dataset: Dataset) -> None:
    data = prepare_data(plan(), dataset, np.arange(COUNT), NOBODY)
    assert data.validation is None
    assert data.epochs.images is dataset.images_train


def test_digits_get_examples_in_training_and_others_in_validation(dataset: Dataset) -> None:
    data = prepare_data(plan(outlier_exposure=True), dataset, TRAIN, VALIDATION)
    assert data.epochs.synthetic is not None
    assert data.validation_synthetic is not None
    assert data.validation is not None
    assert len(data.epochs.synthetic.negatives) == round(NEGATIVE_SHARE * len(TRAIN))
    assert len(data.validation_synthetic.negatives) == round(NEGATIVE_SHARE * HELD_OUT)
    known = {image.tobytes() for image in data.epochs.synthetic.negatives}
    assert not any(image.tobytes() in known for image in data.validation_synthetic.negatives)
    images, targets = data.validation
    more = len(data.validation_synthetic.labels) + len(data.validation_synthetic.negatives)
    assert len(images) == len(targets) == HELD_OUT + more
    assert targets.shape == (len(images), 10)


def test_other_classes_get_no_examples(dataset: Dataset) -> None:
    letters = dataclasses.replace(dataset, labels=tuple("abcdefghij"))
    data = prepare_data(plan(outlier_exposure=True), letters, TRAIN, VALIDATION)
    assert data.epochs.synthetic is None
    assert data.validation_synthetic is None


def test_teachers_answer_to_training_images_alone(dataset: Dataset) -> None:
    """One that is no better than chance is not asked about the examples."""
    taught = plan(outlier_exposure=True, teachers=(flat_teacher(),))
    data = prepare_data(taught, dataset, TRAIN, VALIDATION)
    assert data.epochs.soft_targets is not None
    np.testing.assert_array_equal(data.epochs.soft_targets.images[0], dataset.images_train[HELD_OUT:])
    np.testing.assert_allclose(data.epochs.soft_targets.answers, 0.1, atol=1e-6)
    assert data.epochs.synthetic_soft_targets is None
    assert data.validation is not None
    assert data.validation[1].shape[1] == 20
    assert not data.validation[1][:, 10:].any()
