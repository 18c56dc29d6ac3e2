"""The files of a training run, read back for its report."""

from __future__ import annotations

import csv
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runtime.errors import DataError, ModelError
from runtime.tflite.card import ModelCard
from runtime.tflite.card_file import split_card
from runtime.tflite.card_reader import read_card
from train.checkpoint import Epoch, History
from train.data.pictures import Image, Labels
from train.report.plots import Probabilities
from workbench import dataset as stored
from workbench.metrics import softmax
from workbench.run_folder import (
    CARD_FILE,
    COMPARE_FILE,
    DATASET_FILE,
    HISTORY_FILE,
    MODEL_FILE,
    PARITY_FILE,
    TFLITE_FILE,
)

BATCH = 512
Json = dict[str, Any]


@dataclass(frozen=True)
class ReportData:
    """All that a report shows.

    Attributes:
        card: Card of the Keras model.
        history: All epochs.
        images_train: uint8 (N, H, W, C) model inputs.
        labels_train: int64 (N,).
        images_test: uint8 (M, H, W, C) model inputs.
        labels_test: int64 (M,).
        synthetic: More images that it learned from, by title.
        probabilities: float32 (M, classes), of the test images.
        parity: The content of parity.json. None where convert has not run.
        comparison: The content of compare.json. None where convert.compare has not run.
        tflite_card: Card of the converted file. None where convert has not run.
    """

    card: ModelCard
    history: History
    images_train: Image
    labels_train: Labels
    images_test: Image
    labels_test: Labels
    synthetic: Mapping[str, Image]
    probabilities: Probabilities
    parity: Json | None
    comparison: Json | None
    tflite_card: ModelCard | None

    @property
    def augmented(self) -> bool:
        """Whether training augmented the images."""
        return bool(self.card.training.get("recipe", {}).get("augment"))

    @property
    def taught(self) -> bool:
        """Whether it learned from teachers."""
        return bool(self.card.training.get("teachers"))

    @property
    def temperature(self) -> float | None:
        """The temperature that conversion fitted; None where it has not run or had too few images."""
        fitted = (self.parity or {}).get("temperature", {})
        return float(fitted["value"]) if fitted.get("validation_images") else None


def read_report_data(folder: Path, model: Any) -> ReportData:
    """Read the files of a run and classify its test images.

    Args:
        folder: Folder of the run.
        model: keras.Model of that run.

    Returns:
        What its report shows.

    Raises:
        DataError: A file of the run is missing or damaged.
    """
    card = _card(folder / CARD_FILE)
    images = stored.read_dataset(folder / DATASET_FILE, "Train again: python -m train")
    train = images.train or stored.Split(images.test.images[:0], images.test.labels[:0])
    outputs = np.asarray(model.predict(images.test.images, batch_size=BATCH, verbose=0), np.float32)
    return ReportData(
        card=card,
        history=_history(folder / HISTORY_FILE),
        images_train=train.images,
        labels_train=train.labels,
        images_test=images.test.images,
        labels_test=images.test.labels,
        synthetic=_synthetic(images),
        probabilities=softmax(outputs) if card.decision.output == "logits" else outputs,
        parity=_of_this_model(folder, PARITY_FILE),
        comparison=_of_this_model(folder, COMPARE_FILE),
        tflite_card=_tflite_card(folder),
    )


def _synthetic(images: stored.Dataset) -> Mapping[str, Image]:
    found = {
        "synthetic: drawn, rewritten, damaged": None if images.hard is None else images.hard.images,
        "synthetic: of none of the classes": images.negatives,
    }
    return {title: more for title, more in found.items() if more is not None}


def _card(path: Path) -> ModelCard:
    try:
        return read_card(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ModelError) as error:
        raise DataError(f"{path}: cannot be read ({error}). Train again: python -m train") from None


def _history(path: Path) -> History:
    """history.csv; an empty cell is None."""
    kinds = {field.name: int if field.name == "epoch" else float for field in dataclasses.fields(Epoch)}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [
                {name: kind(row[name]) if row[name] else None for name, kind in kinds.items()}
                for row in csv.DictReader(file)
            ]
        return tuple(Epoch(**row) for row in rows)  # type: ignore[arg-type]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: cannot be read ({error}). Train again: python -m train") from None


def _of_this_model(folder: Path, name: str) -> Json | None:
    """What convert wrote of the folder's model; None where it has not run since that was trained."""
    path = folder / name
    try:
        if path.stat().st_mtime < (folder / MODEL_FILE).stat().st_mtime:
            return None
        found: Json = json.loads(path.read_text("utf-8"))
        return found
    except (OSError, ValueError):
        return None


def _tflite_card(folder: Path) -> ModelCard | None:
    if _of_this_model(folder, PARITY_FILE) is None:
        return None
    try:
        return split_card((folder / TFLITE_FILE).read_bytes())[1]
    except (OSError, ModelError):
        return None
