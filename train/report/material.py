"""What a training run left, read back for its report."""

from __future__ import annotations

import csv
import dataclasses
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from runtime.errors import DataError, ModelError
from runtime.tflite.card import ModelCard, split_card
from train.checkpoint import Epoch, History
from train.data.pictures import Image, Labels
from train.report.plots import Probabilities

BATCH = 512
Json = dict[str, Any]


@dataclass(frozen=True)
class ReportData:
    """All that a report is made of. images_*: uint8 (N, H, W, C) model inputs; probabilities: float32 (N, classes)
    of the test images; extra: more images that it learned from, by title; parity, comparison: what convert left,
    None where it has not run; tflite_card: of the converted file, else None."""

    card: ModelCard
    history: History
    images_train: Image
    labels_train: Labels
    images_test: Image
    labels_test: Labels
    extra: Mapping[str, Image]
    probabilities: Probabilities
    parity: Json | None
    comparison: Json | None
    tflite_card: ModelCard | None

    @property
    def augmented(self) -> bool:
        """Whether the recipe changes the images as it learns."""
        return bool(self.card.training.get("recipe", {}).get("augment"))

    @property
    def taught(self) -> bool:
        """Whether it learned from the answers of teachers."""
        return bool(self.card.training.get("teachers"))

    @property
    def temperature(self) -> float | None:
        """What conversion fitted; None where it has not run or had too few images to."""
        fitted = (self.parity or {}).get("temperature", {})
        return float(fitted["value"]) if fitted.get("validation_images") else None


def read_material(folder: Path, model: Any) -> ReportData:
    """What is in `folder`, and what the model says of its test images."""
    card = _card(folder / "card.json")
    arrays = _arrays(folder / "dataset.npz")
    names = {
        "x_hard": "more of what it learns from: drawn, rewritten, spoilt",
        "x_negative": "and what is none of the classes",
    }
    outputs = model.predict(arrays["x_test"], batch_size=BATCH, verbose=0)
    if card.decision.output == "logits":
        outputs = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        outputs /= outputs.sum(axis=1, keepdims=True)
    return ReportData(
        card=card,
        history=_history(folder / "history.csv"),
        images_train=arrays["x_train"],
        labels_train=arrays["y_train"],
        images_test=arrays["x_test"],
        labels_test=arrays["y_test"],
        extra={title: arrays[key] for key, title in names.items() if key in arrays and len(arrays[key])},
        probabilities=np.asarray(outputs, np.float32),
        parity=_of_this_model(folder, "parity.json"),
        comparison=_of_this_model(folder, "compare.json"),
        tflite_card=_tflite_card(folder),
    )


def _card(path: Path) -> ModelCard:
    try:
        return ModelCard.from_json(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, ModelError) as error:
        raise DataError(f"{path}: cannot be read ({error}). Train again: python -m train") from None


def _arrays(path: Path) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files if key.startswith(("x_", "y_"))}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: cannot be read ({error}). Train again: python -m train") from None


def _history(path: Path) -> History:
    """history.csv as it was written; an empty cell is None."""
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
    """What convert wrote of the model that is there now; None where it has not run since."""
    path = folder / name
    try:
        if path.stat().st_mtime < (folder / "model.keras").stat().st_mtime:
            return None
        found: Json = json.loads(path.read_text("utf-8"))
        return found
    except (OSError, ValueError):
        return None


def _tflite_card(folder: Path) -> ModelCard | None:
    if _of_this_model(folder, "parity.json") is None:
        return None
    try:
        return split_card((folder / "model.tflite").read_bytes())[1]
    except (OSError, ModelError):
        return None
