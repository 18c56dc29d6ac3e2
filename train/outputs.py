"""The files a run leaves: all that convert/ reads, and what a person reads. Each is whole or not there."""

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
from train.data.pictures import DIGITS
from train.fit import EVALUATION_BATCH, Plan, Trained
from workbench.files import replacing, write_text

MODEL_FILE, H5_FILE = "model.keras", "model.h5"
METRICS_FILE, CARD_FILE, DATASET_FILE = "metrics.json", "card.json", "dataset.npz"
FIRST_VERSION = "0.1.0"


@dataclass(frozen=True)
class Metrics:
    """What metrics.json holds. Accuracies are fractions; n: test images; seconds: of all epochs."""

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
    """Look at the test images, once, and write model.keras, metrics.json, card.json and dataset.npz.

    command: the command line, for the card.
    """
    with replacing(folder / MODEL_FILE) as temporary:
        trained.model.save(temporary)
    write_dataset(folder / DATASET_FILE, trained, dataset)
    write_text(folder / CARD_FILE, card(trained, plan, dataset, command).to_json() + "\n")
    metrics = _metrics(trained, plan, dataset)
    write_text(folder / METRICS_FILE, json.dumps(dataclasses.asdict(metrics), indent=1) + "\n")
    return metrics


def write_h5(path: Path, model: Any) -> None:
    """The model in Keras's older format, for tools that read no other."""
    import absl.logging

    absl.logging.set_verbosity(absl.logging.ERROR)  # Keras advises against what the user has just asked for
    with replacing(path) as temporary:
        model.save(temporary)


def write_dataset(path: Path, trained: Trained, dataset: Dataset) -> None:
    """Every model input of the run: x_*: uint8 (N, H, W, C), y_*: int64 (N,) for train, val and test; val is
    empty without a split. Where it was extended for validation: x_hard, y_hard (digits) and x_negative (none).
    labels: (classes,) str. input_spec: JSON of the InputSpec."""
    x, y = dataset.images_train, dataset.labels_train
    extras = trained.extras
    more: Any = (
        {} if extras is None else {"x_hard": extras.digits, "y_hard": extras.labels, "x_negative": extras.negatives}
    )
    with replacing(path) as temporary:
        np.savez_compressed(
            temporary,
            x_train=x[trained.learn],
            y_train=y[trained.learn],
            x_val=x[trained.choose],
            y_val=y[trained.choose],
            x_test=dataset.images_test,
            y_test=dataset.labels_test,
            labels=np.array(dataset.labels, dtype=np.str_),
            input_spec=np.array(json.dumps(dataclasses.asdict(dataset.input_spec))),
            **more,
        )


def card(trained: Trained, plan: Plan, dataset: Dataset, command: str) -> ModelCard:
    """The model's card as far as training knows it; conversion adds accuracy, golden vectors and the hash."""
    digits = dataset.input_spec.framing == "ink" and dataset.labels == DIGITS
    training = {
        "dataset": dataset.name,
        "images": len(trained.learn),
        "model": plan.recipe.name,
        "recipe": {
            field.name: getattr(plan.recipe, field.name)
            for field in dataclasses.fields(plan.recipe)
            if field.name != "build"
        },
        "epochs": len(trained.history),
        "best_epoch": trained.best_epoch,
        "seed": plan.seed,
        "teachers": [teacher.name for teacher in plan.teachers],
        "packages": package_versions(),
        "command": command,
    }
    return ModelCard(
        name="digits" if digits else dataset.name,
        version=FIRST_VERSION,
        labels=dataset.labels,
        input=dataset.input_spec,
        decision=Decision(output=plan.recipe.output),
        training=training,
    )


def package_versions() -> dict[str, str]:
    """What the figures depend on."""
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
