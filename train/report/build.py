"""Pictures of a training run, and one page with all of them.

Reads what python -m train left there and, where they are, what python -m convert and python -m convert.compare did.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from train.report.material import ReportData, read_material
from workbench.files import replacing, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE_FILE, DISAGREEMENTS = "report.html", "disagreements.png"
SEED = 0  # of the pictures that are drawn by chance
DPI = 110


def write_report(folder: Path, model: Any) -> Path:
    """Every picture as a PNG in `folder`, and report.html. model: the keras.Model of that folder.

    Raises DataError where the folder lacks what training leaves there.
    """
    from train.report import page

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


def figures(material: ReportData) -> dict[str, Callable[[], Figure]]:
    """What draws each picture, by the name of its file, in the order of the page."""
    from train.report import plots, sheets

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


def _training_sheets(m: ReportData) -> list[Any]:
    """Images as they come and, beside them and in the same places, as the recipe changes them; then the extra ones."""
    from train.augment import augment_batch
    from train.report import sheets

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


def _disagreements(m: ReportData) -> list[Any]:
    """A sheet for each quantization: the test images that it answers otherwise than the Keras model."""
    from train.report import sheets

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
