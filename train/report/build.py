"""The report of a training run: its pictures, and one page with all of them.

It reads the files of python -m train and, where they exist, those of python -m convert and python -m convert.compare.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from train.report.material import ReportData, read_report_data
from train.report.page import CONFUSION, DISAGREEMENTS, render_page
from workbench.files import replacing, write_text
from workbench.run_folder import REPORT_FILE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED = 0  # of the choice of images
DPI = 110


def write_report(folder: Path, model: Any) -> Path:
    """Draw every picture as a PNG, and write report.html.

    Args:
        folder: Folder of the run; it is written into.
        model: keras.Model of that run.

    Returns:
        The path of the page.

    Raises:
        DataError: A file of the run is missing or damaged.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it logs its first search for fonts
    data = read_report_data(folder, model)
    (folder / DISAGREEMENTS).unlink(missing_ok=True)  # it may be of another model; it is drawn again below
    names = []
    for name, draw in figures(data).items():
        with replacing(folder / name) as temporary, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # a class name in a script that the font lacks
            draw().savefig(temporary, dpi=DPI, metadata={"Software": None})
        names.append(name)
    write_text(folder / REPORT_FILE, render_page(data, {name: (folder / name).read_bytes() for name in names}))
    return folder / REPORT_FILE


def figures(data: ReportData) -> dict[str, Callable[[], Figure]]:
    """The functions that draw the pictures.

    Args:
        data: Data of the run.

    Returns:
        Functions by the name of the picture's file, in the order of the page.
    """
    from train.report import plots, sheets

    m, labels = data, data.card.labels
    answers = m.probabilities.argmax(axis=1).astype(np.int64)
    kept = int(m.card.training.get("best_epoch", len(m.history)))
    found: dict[str, Callable[[], Figure]] = {
        "training_images.png": lambda: sheets.drawn(_training_sheets(m), across=2 if m.augmented else 1),
        "curves.png": lambda: plots.curves(m.history, kept, m.augmented, m.taught),
        CONFUSION: lambda: plots.confusion(m.labels_test, answers, labels),
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
    """Training images, the same images augmented, and synthetic ones."""
    from train.augment import augment_batch
    from train.report import sheets

    rng = np.random.default_rng(SEED)
    chosen = sheets.choose_balanced(m.labels_train, sheets.SHOWN, rng)
    images = m.images_train[chosen]
    made = [sheets.Sheet(f"{len(images)} of {len(m.labels_train):,} training images, as they come", images)]
    if m.augmented:
        changed = augment_batch(images, rng, m.card.input.framing)
        made.append(sheets.Sheet("the same, as augmented, another way each time", changed))
    for title, more in m.synthetic.items():
        made.append(sheets.Sheet(title, more[rng.permutation(len(more))[: sheets.SHOWN]]))
    return made


def _disagreements(m: ReportData) -> list[Any]:
    """A sheet for each quantization: the test images that it answers differently from the Keras model."""
    from train.report import sheets

    made = []
    for row in (m.comparison or {})["quantizations"]:
        found = row["disagreements"][: sheets.WORST]
        name, count = row["quantization"], len(row["disagreements"])
        shown = f", the first {len(found)}" if count > len(found) else ""
        captions = [sheets.disagreement(record) for record in found]
        images = m.images_test[[record["index"] for record in found]]
        title = f"{name}: {count} of {len(m.labels_test):,} answered otherwise than by Keras{shown}"
        made.append(sheets.Sheet(title, images, captions))
    return made
