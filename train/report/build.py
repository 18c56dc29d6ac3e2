"""Pictures of a training run, and one page with all of them: python -m train.report [FOLDER]

Reads what python -m train left there and, where they are, what python -m convert and python -m convert.compare did.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import logging
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from runtime.card import ModelCard, split_card
from runtime.command import Parser, run
from runtime.errors import DataError, ModelError
from train.checkpoint import Epoch, History
from train.files import replacing, write_text
from train.plots import Probabilities
from train.raw import Image, Labels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXAMPLE = "  python -m train.report artifacts"
PAGE_FILE, DISAGREEMENTS = "report.html", "disagreements.png"
SEED = 0  # of the pictures that are drawn by chance
BATCH = 512
DPI = 110

Json = dict[str, Any]


@dataclass(frozen=True)
class Material:
    """All that a report is made of. images_*: uint8 (N, H, W, C) model inputs; probabilities: float32 (N, classes)
    of the test images; extra: more images that it learnt from, by title; parity, comparison: what convert left,
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
        """Whether it learnt from the answers of teachers."""
        return bool(self.card.training.get("teachers"))

    @property
    def temperature(self) -> float | None:
        """What conversion fitted; None where it has not run or had too few images to."""
        fitted = (self.parity or {}).get("temperature", {})
        return float(fitted["value"]) if fitted.get("validation_images") else None


def main() -> int:
    """Make the pictures and the page again; the exit status."""
    parser = Parser("python -m train.report", "Make the pictures and report.html of a training run.", EXAMPLE)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("artifacts"), help="(default: artifacts)")
    folder: Path = parser.parse().folder

    from train.quiet import divert_native_stderr, import_tensorflow

    if not (folder / "model.keras").is_file():
        raise DataError(f"{folder}: expected model.keras and what comes with it. Make them with: python -m train")
    divert_native_stderr()
    import_tensorflow()
    import keras

    print(write_report(folder, keras.models.load_model(folder / "model.keras", compile=False)))
    return 0


def write_report(folder: Path, model: Any) -> Path:
    """Every picture as a PNG in `folder`, and report.html. model: the keras.Model of that folder.

    Raises DataError where the folder lacks what training leaves there.
    """
    from train import page

    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it says when it looks for fonts the first time
    material = read_material(folder, model)
    (folder / DISAGREEMENTS).unlink(missing_ok=True)  # of another model, unless it is drawn again
    names = []
    for name, draw in figures(material).items():
        with replacing(folder / name) as temporary, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # a class name in a script that its font lacks
            draw().savefig(temporary, dpi=DPI, metadata={"Software": None})
        names.append(name)
    write_text(folder / PAGE_FILE, page.html_of(material, {name: (folder / name).read_bytes() for name in names}))
    return folder / PAGE_FILE


def figures(material: Material) -> dict[str, Callable[[], Figure]]:
    """What draws each picture, by the name of its file, in the order of the page."""
    from train import plots, sheets

    m, labels = material, material.card.labels
    given = m.probabilities.argmax(axis=1).astype(np.int64)
    best = int(m.card.training.get("best_epoch", len(m.history)))
    found: dict[str, Callable[[], Figure]] = {
        "training_images.png": lambda: sheets.drawn(_training_sheets(m), across=2 if m.augmented else 1),
        "curves.png": lambda: plots.curves(m.history, best, m.augmented, m.taught),
        "confusion.png": lambda: plots.confusion(m.labels_test, given, labels),
        "answers.png": lambda: sheets.drawn(
            [sheets.answers(m.images_test, m.labels_test, m.probabilities, labels, SEED)]
        ),
        "mistakes.png": lambda: sheets.drawn([sheets.mistakes(m.images_test, m.labels_test, m.probabilities, labels)]),
        "reliability.png": lambda: plots.reliability(m.probabilities, m.labels_test, m.temperature),
    }
    if m.comparison is not None:
        found[DISAGREEMENTS] = lambda: sheets.drawn(_disagreements(m))
    return found


def _training_sheets(m: Material) -> list[Any]:
    """Images as they come and, beside them and in the same places, as the recipe changes them; then the extra ones."""
    from train import sheets
    from train.augment import augment_batch

    rng = np.random.default_rng(SEED)
    chosen = sheets.balanced(m.labels_train, sheets.SHOWN, rng)
    images = m.images_train[chosen]
    made = [sheets.Sheet(f"{len(images)} of {len(m.labels_train):,} training images, as they come", images)]
    if m.augmented:
        changed = augment_batch(images, rng, m.card.input.framing)
        made.append(sheets.Sheet("the same, as augmented, another way each time", changed))
    for title, more in m.extra.items():
        made.append(sheets.Sheet(title, more[rng.permutation(len(more))[: sheets.SHOWN]]))
    return made


def _disagreements(m: Material) -> list[Any]:
    """A sheet for each quantization: the test images that it answers otherwise than the Keras model."""
    from train import sheets

    made = []
    for row in (m.comparison or {})["quantizations"]:
        found = row["disagreements"][: sheets.WORST]
        name, count = row["quantization"], len(row["disagreements"])
        shown = f", the first {len(found)}" if count > len(found) else ""
        captions = [sheets.disagreement(one) for one in found]
        images = m.images_test[[one["index"] for one in found]]
        title = f"{name}: {count} of {len(m.labels_test):,} answered otherwise than by Keras{shown}"
        made.append(sheets.Sheet(title, images, captions))
    return made


def read_material(folder: Path, model: Any) -> Material:
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
    return Material(
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


if __name__ == "__main__":
    run(main)
