"""The files a run leaves for conversion and for people. Each is complete or not there."""

from __future__ import annotations

import dataclasses
import json
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import tensorflow as tf

from runtime.tflite.card import Decision, ModelCard
from train.data.load import Dataset
from train.data.pictures import Labels
from train.epoch import EVALUATION_BATCH
from train.fit import Trained
from train.plan import Plan
from train.synthetic.examples import CARD_NAME, applies_to
from workbench import dataset as stored
from workbench.files import replacing, write_text
from workbench.run_folder import CARD_FILE, DATASET_FILE, METRICS_FILE, MODEL_FILE

FIRST_VERSION = "0.1.0"


@dataclass(frozen=True)
class Metrics:
    """The content of metrics.json.

    Attributes:
        model: Name of the recipe.
        parameters: How many the model has.
        dataset: Name of the dataset.
        loss: On the test images.
        accuracy: On the test images, 0 to 1.
        n: Number of test images.
        epochs: How many were trained.
        best_epoch: Whose weights were kept, from 1.
        seconds: All epochs together.
        seed: Seed of the run.
        packages: Versions by package.
    """

    model: str
    parameters: int
    dataset: str
    loss: float
    accuracy: float
    n: int
    epochs: int
    best_epoch: int
    seconds: float
    seed: int
    packages: dict[str, str]


def write_outputs(trained: Trained, plan: Plan, dataset: Dataset, folder: Path, command: str) -> Metrics:
    """Evaluate the test images, once, and write model.keras, metrics.json, card.json and dataset.npz.

    Args:
        trained: The result of the run.
        plan: Plan of the run.
        dataset: What it learned from.
        folder: To write into.
        command: The command line, for the card.

    Returns:
        What metrics.json holds.
    """
    with replacing(folder / MODEL_FILE) as temporary:
        trained.model.save(temporary)
    stored.write_dataset(stored_dataset(folder / DATASET_FILE, trained, dataset))
    write_text(folder / CARD_FILE, card(trained, plan, dataset, command).to_json() + "\n")
    metrics = _metrics(trained, plan, dataset)
    write_text(folder / METRICS_FILE, json.dumps(dataclasses.asdict(metrics), indent=1) + "\n")
    return metrics


def write_h5(path: Path, model: Any) -> None:
    """Write the model in Keras's older format, for tools that read no other.

    Args:
        path: Path of the .h5 file.
        model: keras.Model.
    """
    import absl.logging

    absl.logging.set_verbosity(absl.logging.ERROR)  # Keras advises against what the user has just asked for
    with replacing(path) as temporary:
        model.save(temporary)


def stored_dataset(path: Path, trained: Trained, dataset: Dataset) -> stored.Dataset:
    """Every model input of a run, in the form of dataset.npz.

    Args:
        path: Path of the file.
        trained: The result of the run.
        dataset: What it learned from.

    Returns:
        Training, validation and test images; the synthetic examples of validation as `hard` and `negatives`.
    """
    synthetic = trained.validation_synthetic

    def split(indices: Labels) -> stored.Split:
        return stored.Split(dataset.images_train[indices], dataset.labels_train[indices])

    return stored.Dataset(
        path,
        spec=dataset.input_spec,
        labels=dataset.labels,
        train=split(trained.train_indices),
        validation=split(trained.validation_indices),
        test=stored.Split(dataset.images_test, dataset.labels_test),
        hard=None if synthetic is None else stored.Split(synthetic.positives, synthetic.labels),
        negatives=None if synthetic is None else synthetic.negatives,
    )


def card(trained: Trained, plan: Plan, dataset: Dataset, command: str) -> ModelCard:
    """The model's card as far as training knows it; conversion adds accuracy, golden vectors and the hash.

    Args:
        trained: The result of the run.
        plan: Plan of the run.
        dataset: What it learned from.
        command: The command line.

    Returns:
        The card.
    """
    recipe = {field.name: getattr(plan.recipe, field.name) for field in dataclasses.fields(plan.recipe)}
    training = {
        "dataset": dataset.name,
        "images": len(trained.train_indices),
        "model": plan.recipe.name,
        "recipe": {name: value for name, value in recipe.items() if name != "build"},
        "epochs": len(trained.history),
        "best_epoch": trained.best_epoch,
        "seed": plan.seed,
        "teachers": [teacher.name for teacher in plan.teachers],
        "packages": package_versions(),
        "command": command,
    }
    return ModelCard(
        name=CARD_NAME if applies_to(dataset.labels, dataset.input_spec) else dataset.name,
        version=FIRST_VERSION,
        labels=dataset.labels,
        input=dataset.input_spec,
        decision=Decision(output=plan.recipe.output),
        training=training,
    )


def package_versions() -> dict[str, str]:
    """The versions that the figures depend on.

    Returns:
        Versions by package; Python's own too.
    """
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }


def _metrics(trained: Trained, plan: Plan, dataset: Dataset) -> Metrics:
    figures = trained.model.evaluate(
        dataset.images_test, dataset.labels_test, batch_size=EVALUATION_BATCH, verbose=0, return_dict=True
    )
    return Metrics(
        model=plan.recipe.name,
        parameters=int(trained.model.count_params()),
        dataset=dataset.name,
        loss=float(figures["loss"]),
        accuracy=float(figures["accuracy"]),
        n=len(dataset.labels_test),
        epochs=len(trained.history),
        best_epoch=trained.best_epoch,
        seconds=round(sum(epoch.seconds for epoch in trained.history), 1),
        seed=plan.seed,
        packages=package_versions(),
    )
