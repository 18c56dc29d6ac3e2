"""From pixels to the range that a model was trained on: the usual ranges, and which of them the pictures choose. Pure.

real = (pixel - mean) / std, by channel, as the card and TFLite metadata have it. A conversion puts it into the model as
its first step, so that the .tflite takes pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MIN_IMAGES = 10  # fewer test images, or fewer than MIN_CLASSES of their classes, choose no range
MIN_CLASSES = 2
MIN_PROBABILITY = 1e-7  # its logarithm is finite; below what float32 softmax can tell from 0
DISTRIBUTION = 1e-3  # how far the sum of a row of probabilities may be from 1


@dataclass(frozen=True)
class Normalization:
    """What becomes of a pixel before the model sees it: (pixel - mean) / std.

    Attributes:
        name: As --scale has it, or "given" for --mean and --std.
        mean: 1 number, or one for each channel.
        std: The same, each above 0.

    Example:
        >>> Normalization("0..1", (0.0,), (255.0,)).is_identity
        False
    """

    name: str
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)

    @property
    def is_identity(self) -> bool:
        """Whether pixels stay as they are."""
        return set(self.mean) == {0.0} and set(self.std) == {1.0}


# The means and standard deviations of ImageNet's training images, as torchvision publishes them for 0..1, times 255.
SCALES: Mapping[str, Normalization] = {
    row.name: row
    for row in (
        Normalization("0..255"),
        Normalization("0..1", (0.0,), (255.0,)),
        Normalization("-1..1", (127.5,), (127.5,)),
        Normalization("imagenet", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    )
}
PIXELS = SCALES["0..255"]


@dataclass(frozen=True)
class Trial:
    """One range, tried on the test images.

    Attributes:
        normalization: The range.
        losses: float64 (N,), the negative log-likelihood of each image's class, in nats.
        correct: How many of the N images are read rightly.
    """

    normalization: Normalization
    losses: NDArray[np.float64]
    correct: int

    @property
    def loss(self) -> float:
        """The mean of the losses."""
        return float(self.losses.mean())


def candidates(channels: int) -> tuple[Normalization, ...]:
    """The ranges that are worth a trial.

    Args:
        channels: Of the model's input.

    Returns:
        Those of SCALES that go with that many channels.
    """
    return tuple(row for row in SCALES.values() if len(row.mean) in (1, channels))


def try_out(normalization: Normalization, outputs: NDArray[Any], truth: NDArray[np.int64]) -> Trial:
    """Measure what a model gave for images of one range.

    Args:
        normalization: The range.
        outputs: float (N, classes), the model's outputs; (N, 1) is the score of the second of two classes.
        truth: int64 (N,), class numbers.

    Returns:
        The losses; infinite where an output is not finite or there is no such class.
    """
    scores = np.log(np.maximum(_probabilities(outputs), MIN_PROBABILITY))
    known = truth < scores.shape[1]
    losses = np.where(known, -scores[np.arange(len(truth)), np.where(known, truth, 0)], np.inf)
    losses[~np.isfinite(outputs).all(axis=1)] = np.inf
    return Trial(normalization, losses, int(((scores.argmax(axis=1) == truth) & np.isfinite(losses)).sum()))


def _probabilities(outputs: NDArray[Any]) -> NDArray[np.float64]:
    """Rows that sum to 1, whatever the last layer gives: a softmax, sigmoids, or logits."""
    values = np.nan_to_num(outputs.astype(np.float64), posinf=1e30, neginf=-1e30)
    is_bounded = bool((values >= 0).all() and (values <= 1 + DISTRIBUTION).all())
    if values.shape[1] == 1:
        second = values if is_bounded else 1 / (1 + np.exp(-np.clip(values, -500, 500)))
        return np.concatenate([1 - second, second], axis=1)
    if is_bounded:
        return np.asarray(values / np.maximum(values.sum(axis=1, keepdims=True), MIN_PROBABILITY), np.float64)
    exponentials = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True), np.float64)


def beats(first: Trial, second: Trial) -> bool:
    """Find out whether a range reads the images better than another, by more than chance.

    Args:
        first: The range with the lower loss.
        second: Another, tried on the same images.

    Returns:
        Whether the mean difference of their losses is above its standard error (paired).
    """
    if not np.isfinite(first.loss):
        return False
    if not np.isfinite(second.loss):
        return True
    differences = second.losses - first.losses
    error = float(differences.std(ddof=1)) / np.sqrt(len(differences)) if len(differences) > 1 else np.inf
    return float(differences.mean()) > error


def choose(trials: Sequence[Trial], truth: NDArray[np.int64]) -> Trial | None:
    """Choose the range that a model was trained on.

    Args:
        trials: One for each candidate, on the same images.
        truth: int64 (N,), their class numbers.

    Returns:
        The trial with the least loss; None where the images cannot tell: fewer than MIN_IMAGES, of one class, or with
        no clear lead.
    """
    if len(truth) < MIN_IMAGES or len(np.unique(truth)) < MIN_CLASSES:
        return None
    ranked = sorted(trials, key=lambda trial: trial.loss)
    is_clear = all(beats(ranked[0], other) for other in ranked[1:])
    return ranked[0] if is_clear and np.isfinite(ranked[0].loss) else None


def describe(trials: Sequence[Trial], shown: int | None = None) -> str:
    """Describe trials, for a message.

    Args:
        trials: One for each candidate.
        shown: How many of the best; None for all.

    Returns:
        Such as "0..1 reads 297 of 300 (loss 0.04), 0..255 299 of 300 (loss 0.31)", the best first.
    """
    ranked = sorted(trials, key=lambda trial: trial.loss)[:shown]
    return ", ".join(
        f"{trial.normalization.name} {trial.correct} of {len(trial.losses)} (loss {trial.loss:.3g})" for trial in ranked
    )
