"""Charts of a training run. Pure: from arrays and names to a matplotlib Figure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from train.checkpoint import History
from train.data.pictures import Labels
from workbench.metrics import ECE_BINS, reliability_bins, softmax

BLUE, ORANGE, GRAY, RED = "#2166ac", "#d6604d", "#777777", "#b2182b"
MAX_NUMBERED = 20  # classes: a larger confusion matrix has no counts in its cells
MAX_NAMED = 60  # classes: of more, not every one is named on an axis
NAME_LENGTH = 16  # characters of a class name on an axis

Probabilities = npt.NDArray[np.float32]  # (N, classes), rows sum to 1


def shortened(name: str, length: int = NAME_LENGTH) -> str:
    """Shorten a class name, with an ellipsis, and escape its dollars: matplotlib takes a bare $ for mathematics.

    Args:
        name: Name of the class.
        length: At most, characters.

    Returns:
        Text for matplotlib.
    """
    short = name if len(name) <= length else name[: length - 1] + "…"
    return short.replace("$", r"\$")


def curves(history: History, best: int, augmented: bool, taught: bool = False) -> Figure:
    """Loss and accuracy of each epoch, in training and on the validation images where there are any.

    Args:
        history: All epochs.
        best: The epoch whose weights were kept, from 1.
        augmented: Whether the legend calls the training images augmented.
        taught: Whether the training loss has a scale of its own, since it includes the teachers' answers.

    Returns:
        Two charts beside each other.
    """
    figure = Figure(figsize=(10, 4), layout="constrained")
    axes = figure.subplots(1, 2)
    epochs = [row.epoch for row in history]
    label = "training (augmented images)" if augmented else "training"
    for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
        own = axis.twinx() if taught and name == "loss" else axis
        own.plot(epochs, [getattr(row, name) for row in history], ".-", color=BLUE, label=label)
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
    """The confusion matrix, by scikit-learn: classes in rows, answers in columns.

    Args:
        truth: int64 (N,).
        answers: int64 (N,).
        labels: Class names by index.

    Returns:
        The chart.
    """
    from sklearn.metrics import confusion_matrix

    count = len(labels)
    matrix = confusion_matrix(truth, answers, labels=range(count))
    side = min(max(5.0, 0.42 * count), 16.0)
    figure = Figure(figsize=(side + 1.6, side + 0.6), layout="constrained")
    axis = figure.subplots()
    # Shares of a row, and a scale that shows one mistake in a thousand beside the diagonal.
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    image = axis.imshow(shares, cmap="Blues", norm=PowerNorm(0.35, 0, 1))
    if count <= MAX_NUMBERED:
        _numbers(axis, matrix, shares)
    step = math.ceil(count / MAX_NAMED)
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


def tempered(probabilities: Probabilities, temperature: float) -> Probabilities:
    """Probabilities as they are with the logits divided by a temperature.

    Args:
        probabilities: float32 (N, classes).
        temperature: Above 0.

    Returns:
        float32 (N, classes).
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-12))
    return softmax(logits, temperature).astype(np.float32)


def reliability(probabilities: Probabilities, truth: Labels, temperature: float | None) -> Figure:
    """Accuracy by confidence, and the number of images in each bin.

    Args:
        probabilities: float32 (N, classes) of the test images.
        truth: int64 (N,).
        temperature: That conversion fitted: the same with it is shown too. None: it is not.

    Returns:
        Two charts above each other.
    """
    figure = Figure(figsize=(6.4, 6.4), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.plot([0, 1], [0, 1], color=GRAY, linewidth=1, linestyle=":", label="perfect")
    parts = [("as trained", BLUE, -1, probabilities)]
    if temperature is not None:
        parts.append((f"temperature {temperature:g}", ORANGE, 1, tempered(probabilities, temperature)))
    width = 0.4 / ECE_BINS if len(parts) > 1 else 0.8 / ECE_BINS
    for name, color, side, values in parts:
        bins = reliability_bins(values, truth)
        label = f"{name}: calibration error {bins.error:.2%}"
        upper.plot(bins.confidence, bins.accuracy, "o-", color=color, label=label, markersize=4)
        middles = (np.clip(np.ceil(bins.confidence * ECE_BINS), 1, ECE_BINS) - 0.5) / ECE_BINS
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
