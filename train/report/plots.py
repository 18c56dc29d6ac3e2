"""Charts of a training run. Pure: arrays and names to a matplotlib Figure; nothing is written here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from train.checkpoint import History
from train.data.pictures import Labels

BINS = 15  # of confidence, as in Guo et al. 2017
BLUE, ORANGE, GRAY, RED = "#2166ac", "#d6604d", "#777777", "#b2182b"
MOST_NUMBERED = 20  # classes whose confusion matrix has its counts written in
MOST_NAMED = 60  # classes that all find room on an axis
NAME_LENGTH = 16  # characters of a class name on an axis

Probabilities = npt.NDArray[np.float32]  # (N, classes), rows sum to 1


def shortened(name: str, length: int = NAME_LENGTH) -> str:
    """A class name that fits, what was cut off an ellipsis; matplotlib takes a bare $ for mathematics."""
    short = name if len(name) <= length else name[: length - 1] + "…"
    return short.replace("$", r"\$")


def curves(history: History, best: int, augmented: bool, taught: bool = False) -> Figure:
    """Loss and accuracy of each epoch, in training and on the validation images where there are any.

    best: the epoch whose weights were kept, from 1. augmented: said of the training images in the legend.
    taught: the loss in training is about teachers' answers as well, and gets a scale of its own.
    """
    figure = Figure(figsize=(10, 4), layout="constrained")
    axes = figure.subplots(1, 2)
    epochs = [row.epoch for row in history]
    mine = "training (augmented images)" if augmented else "training"
    for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
        own = axis.twinx() if taught and name == "loss" else axis
        own.plot(epochs, [getattr(row, name) for row in history], ".-", color=BLUE, label=mine)
        held = [(row.epoch, value) for row in history if (value := getattr(row, f"val_{name}")) is not None]
        if held:
            axis.plot(*zip(*held, strict=True), ".-", color=ORANGE, label="validation")
        axis.axvline(best, color=GRAY, linewidth=1, linestyle=":", label=f"kept: epoch {best}")
        axis.set(xlabel="epoch", ylabel=name, title=name.capitalize())
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axis.set_xlim(0.5, len(history) + 0.5)
        axis.grid(alpha=0.3)
        if own is not axis:
            axis.set_ylabel("loss in validation")
            own.set_ylabel("loss in training, with the teachers' answers")
    figure.legend(*axes[1].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    axes[1].yaxis.set_major_formatter(PercentFormatter(1.0))
    return figure


def confusion(truth: Labels, answers: Labels, labels: Sequence[str]) -> Figure:
    """How often each class (row) was given each answer (column), by scikit-learn."""
    from sklearn.metrics import confusion_matrix

    count = len(labels)
    matrix = confusion_matrix(truth, answers, labels=range(count))
    side = min(max(5.0, 0.42 * count), 16.0)
    figure = Figure(figsize=(side + 1.6, side + 0.6), layout="constrained")
    axis = figure.subplots()
    # Shares of a row, and a scale that shows one mistake in a thousand beside the diagonal.
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    image = axis.imshow(shares, cmap="Blues", norm=PowerNorm(0.35, 0, 1))
    if count <= MOST_NUMBERED:
        _numbers(axis, matrix, shares)
    step = math.ceil(count / MOST_NAMED)
    names = [shortened(name) for name in labels[::step]]
    size = min(9.0, max(6.0, 9 * 30 / count))
    turned = 90 if max(map(len, names)) > 3 else 0
    axis.set_xticks(range(0, count, step), names, rotation=turned, fontsize=size)
    axis.set_yticks(range(0, count, step), names, fontsize=size)
    axis.set(xlabel="answer", ylabel="truth", title=f"{len(truth):,} test images, {_wrong(matrix):,} wrong")
    bar = figure.colorbar(image, ax=axis, shrink=0.7, label="share of the class's images")
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1.0))
    return figure


def _numbers(axis: Axes, matrix: npt.NDArray[np.int64], shares: npt.NDArray[np.float64]) -> None:
    for (row, column), number in np.ndenumerate(matrix):
        if number:
            color = "white" if shares[row, column] > 0.3 else "black"
            axis.text(column, row, str(number), ha="center", va="center", color=color, fontsize=7)


def _wrong(matrix: npt.NDArray[np.int64]) -> int:
    return int(matrix.sum() - np.trace(matrix))


@dataclass(frozen=True)
class Bins:
    """Images by the probability of their answer, in BINS equal bins; empty bins are left out. confidence,
    accuracy: means of each; counts: its images; error: the expected calibration error, 0 to 1."""

    confidence: npt.NDArray[np.float64]
    accuracy: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    error: float


def binned(probabilities: Probabilities, truth: Labels) -> Bins:
    """Confidence against accuracy (Guo et al. 2017, section 2). probabilities: (N, classes), N >= 1."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = (probabilities.argmax(axis=1) == truth).astype(np.float64)
    place = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    counts = np.bincount(place, minlength=BINS)
    sums = [np.bincount(place, weights=values, minlength=BINS)[counts > 0] for values in (confidence, right)]
    filled = counts[counts > 0]
    error = float(np.abs(sums[0] - sums[1]).sum() / len(truth))
    return Bins(sums[0] / filled, sums[1] / filled, filled, error)


def tempered(probabilities: Probabilities, temperature: float) -> Probabilities:
    """What the probabilities are with the logits divided by `temperature`."""
    powers = np.log(np.maximum(probabilities.astype(np.float64), 1e-12)) / temperature
    powers = np.exp(powers - powers.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def reliability(probabilities: Probabilities, truth: Labels, temperature: float | None) -> Figure:
    """Accuracy over confidence, and how many images there are of each; before and after the temperature, if any."""
    figure = Figure(figsize=(6.4, 6.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=GRAY, linewidth=1, linestyle=":", label="perfect")
    parts = [("as trained", BLUE, -1, probabilities)]
    if temperature is not None:
        parts.append((f"temperature {temperature:g}", ORANGE, 1, tempered(probabilities, temperature)))
    width = 0.4 / BINS if len(parts) > 1 else 0.8 / BINS
    for name, color, side, values in parts:
        bins = binned(values, truth)
        label = f"{name}: calibration error {bins.error:.2%}"
        upper.plot(bins.confidence, bins.accuracy, "o-", color=color, label=label, markersize=4)
        middles = (np.clip(np.ceil(bins.confidence * BINS), 1, BINS) - 0.5) / BINS
        shift = side * width / 2 if len(parts) > 1 else 0
        lower.bar(middles + shift, bins.counts, width, color=color)
    upper.set(ylabel="accuracy", title=f"Reliability on {len(truth):,} test images", ylim=(-0.02, 1.02))
    upper.legend(loc="best")
    lower.set(
        xlabel="confidence: probability of the answer", ylabel="images", yscale="log", xlim=(0, 1), ylim=(0.7, None)
    )
    for axis in (upper, lower):
        axis.grid(alpha=0.3)
    return figure
