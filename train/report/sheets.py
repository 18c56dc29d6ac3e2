"""Sheets of pictures with one or more lines below each. Pure: from arrays and texts to a matplotlib Figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure, SubFigure
from matplotlib.text import Text

from train.data.pictures import Image, Labels
from train.report.plots import RED, Probabilities, shortened
from workbench.metrics import balanced_sample

CELL = 0.92  # inches: a picture's side
LINE = 0.15  # inches: a line of text below it
GAP = 0.14  # inches between two pictures
TITLE = 0.45  # inches above a sheet
FONT, TITLE_FONT = 7.5, 12.0  # points
NAME_LENGTH = 12  # characters of a class name that fit below a picture beside a percentage
SHOWN = 40  # training images on a sheet
RANDOM = 64
WORST = 32


@dataclass(frozen=True)
class Caption:
    """The text below a picture.

    Attributes:
        lines: One or more.
        wrong: Whether the text is red and the picture framed.
    """

    lines: tuple[str, ...]
    wrong: bool = False


@dataclass(frozen=True)
class Sheet:
    """Pictures in rows.

    Attributes:
        title: Above them.
        images: uint8 (N, H, W, 1 or 3), RGB.
        captions: One an image, or none at all.
        columns: Pictures a row.
    """

    title: str
    images: Image
    captions: Sequence[Caption] = ()
    columns: int = 8


def drawn(sheets: Sequence[Sheet], across: int = 1) -> Figure:
    """Draw sheets, with pictures of one size throughout.

    Args:
        sheets: One or more.
        across: How many are beside each other.

    Returns:
        The figure.
    """
    rows = [sheets[start : start + across] for start in range(0, len(sheets), across)]
    heights = [max(_height(sheet) for sheet in row) for row in rows]
    width = max(sum(_width(sheet) for sheet in row) for row in rows)
    figure = Figure(figsize=(width, sum(heights)))
    bands = figure.subfigures(len(rows), 1, squeeze=False, height_ratios=heights)[:, 0]
    for band, row in zip(bands, rows, strict=True):
        for place, sheet in zip(band.subfigures(1, across, squeeze=False)[0], row, strict=False):
            _draw(place, sheet)
    return figure


def _width(sheet: Sheet) -> float:
    return sheet.columns * (CELL + GAP) + GAP


def _lines(sheet: Sheet) -> int:
    return max((len(caption.lines) for caption in sheet.captions), default=0)


def _rows(sheet: Sheet) -> int:
    return math.ceil(len(sheet.images) / sheet.columns)


def _height(sheet: Sheet) -> float:
    return TITLE + _rows(sheet) * (CELL + GAP + _lines(sheet) * LINE)


def _draw(place: SubFigure, sheet: Sheet) -> None:
    """Draw a sheet, in inches from its upper left corner. No text is wider than its picture: nothing overlaps."""
    height, width = _height(sheet), _width(sheet)
    axis = place.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, width), ylim=(height, 0))
    axis.axis("off")
    axis.set_aspect("equal", anchor="N")
    axis.text(width / 2, TITLE / 2, sheet.title, ha="center", va="center", fontsize=TITLE_FONT)
    pitch = CELL + GAP + _lines(sheet) * LINE
    for index, image in enumerate(sheet.images):
        left, top = GAP + (index % sheet.columns) * (CELL + GAP), TITLE + (index // sheet.columns) * pitch
        corners = (left, left + CELL, top + CELL, top)
        axis.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255, extent=corners, interpolation="nearest")
        caption = sheet.captions[index] if sheet.captions else Caption(())
        color = RED if caption.wrong else "black"
        if caption.wrong:
            box = [left, left + CELL, left + CELL, left, left], [top, top, top + CELL, top + CELL, top]
            axis.plot(*box, color=RED, linewidth=2, solid_joinstyle="miter")
        for line, text in enumerate(caption.lines):
            middle = left + CELL / 2, top + CELL + (line + 0.55) * LINE
            _fit(axis.text(*middle, text, ha="center", va="center", fontsize=FONT, color=color), place.dpi)
    axis.set(xlim=(0, width), ylim=(height, 0))  # imshow has changed them


def _fit(text: Text, dpi: float) -> None:
    """Shrink a text that is wider than its picture: wide letters, or another script."""
    width = text.get_window_extent().width / dpi
    if width > CELL + GAP / 2:
        text.set_fontsize(FONT * (CELL + GAP / 2) / width)


def choose_balanced(labels: Labels, count: int, rng: np.random.Generator) -> Labels:
    """Choose images, one of each class in turn.

    Args:
        labels: int64 (N,).
        count: How many to choose.
        rng: Chooses them.

    Returns:
        Indices in the order of their classes.
    """
    chosen = balanced_sample(labels, count, rng)
    return chosen[np.argsort(labels[chosen], kind="stable")]


def answers(images: Image, truth: Labels, probabilities: Probabilities, labels: Sequence[str], seed: int) -> Sheet:
    """RANDOM test images, each with its answer and the truth.

    Args:
        images: uint8 (N, H, W, C), the test images.
        truth: int64 (N,).
        probabilities: float32 (N, classes).
        labels: Class names by index.
        seed: Seed of the choice.

    Returns:
        The sheet.
    """
    chosen = np.random.default_rng(seed).permutation(len(truth))[:RANDOM]
    given = probabilities.argmax(axis=1)
    captions = []
    for index in chosen:
        answer, right = labels[given[index]], labels[truth[index]]
        wrong = bool(given[index] != truth[index])
        first = f"{shortened(answer, NAME_LENGTH - 2)} ({probabilities[index].max():.0%})"
        captions.append(Caption((first, f"is {shortened(right, NAME_LENGTH)}"), wrong))
    count = sum(caption.wrong for caption in captions)
    title = f"{len(chosen)} test images by chance (seed {seed}): answer, its probability, truth; {count} wrong"
    return Sheet(title, images[chosen], captions)


def mistakes(images: Image, truth: Labels, probabilities: Probabilities, labels: Sequence[str]) -> Sheet:
    """The wrong answers, surest first, each with the truth and the two highest probabilities.

    Args:
        images: uint8 (N, H, W, C), the test images.
        truth: int64 (N,).
        probabilities: float32 (N, classes).
        labels: Class names by index.

    Returns:
        The sheet, at most WORST images.
    """
    given = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(given != truth)
    chosen = wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][:WORST]
    captions = []
    for index in chosen:
        best = np.argsort(-probabilities[index], kind="stable")[:2]
        named = [f"{shortened(labels[label], NAME_LENGTH - 3)} ({probabilities[index, label]:.1%})" for label in best]
        captions.append(Caption((f"is {shortened(labels[truth[index]], NAME_LENGTH)}", *named)))
    title = f"The surest {len(chosen)} of {len(wrong)} mistakes on {len(truth):,} test images: truth, first two answers"
    return Sheet(title if len(wrong) else f"No mistake on {len(truth):,} test images", images[chosen], captions)


def disagreement(record: Mapping[str, Any]) -> Caption:
    """The caption of an image that two models answer differently.

    Args:
        record: A disagreement, as compare.json has it.

    Returns:
        The truth and both answers.
    """
    answers = [
        f"{name} {shortened(record[f'{key}_label'], NAME_LENGTH - 5)} ({record[f'{key}_score']:.0%})"
        for name, key in (("Keras", "float"), (".tflite", "quantized"))
    ]
    return Caption((f"is {shortened(record['truth'], NAME_LENGTH)}", *answers))
