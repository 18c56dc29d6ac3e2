"""Whether a model reads its test images at all: against chance, class by class, and past the reject threshold. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIGNIFICANCE = 0.01  # of a one-sided test: what chance does more seldom is not chance
CONFIDENCE_Z = 1.959964  # the normal quantile of a 95 % interval
MAX_HIT_RATE = 0.95  # assumed of a class that is not seen at all, where all others are read rightly
FEW_ANSWERS = 0.5  # of the images read rightly: fewer past the threshold are worth a warning


@dataclass(frozen=True)
class Quality:
    """How good a model is on its test images.

    Attributes:
        n: The number of images.
        correct: How many are read rightly.
        low: The lower end of the 95 % interval of the accuracy, 0 to 1 (Wilson 1927).
        high: The upper end.
        answered: How many scores reach the reject threshold: the device says "unsure" to the others.
        answered_correct: How many of these are right.
    """

    n: int
    correct: int
    low: float
    high: float
    answered: int
    answered_correct: int

    def as_dict(self) -> dict[str, Any]:
        """Give the attributes for parity.json.

        Returns:
            Values by the names of the attributes; the interval is rounded.
        """
        return {**vars(self), "low": round(self.low, 4), "high": round(self.high, 4)}

    def __str__(self) -> str:
        """One line for a person."""
        return (
            f"The model reads {self.correct:,} of {self.n:,} test images right: {self.correct / self.n:.2%} (95 % "
            f"interval {self.low:.2%} to {self.high:.2%}); past the reject threshold {self.answered_correct:,} right "
            f"and {self.answered - self.answered_correct:,} wrong"
        )


def measure(predicted: NDArray[Any], truth: NDArray[np.int64], scores: NDArray[Any], threshold: float) -> Quality:
    """Measure a model on its test images.

    Args:
        predicted: int (N,), N >= 1, the class numbers that the .tflite gives.
        truth: int64 (N,), the right ones.
        scores: float (N,), the best score of each image, after the temperature.
        threshold: The reject threshold.

    Returns:
        The figures.
    """
    right, answered = predicted == truth, scores >= threshold
    n, correct = len(truth), int(right.sum())
    return Quality(n, correct, *wilson(correct, n), int(answered.sum()), int((answered & right).sum()))


def wilson(correct: int, n: int, z: float = CONFIDENCE_Z) -> tuple[float, float]:
    """Find the interval of a share (Wilson 1927), which holds for few images too.

    Args:
        correct: How many.
        n: Of how many, at least 1.
        z: The normal quantile.

    Returns:
        (low, high), 0 to 1.

    Example:
        >>> [round(end, 3) for end in wilson(9, 10)]
        [0.596, 0.982]
    """
    share, weight = correct / n, z * z / n
    center = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(share * (1 - share) / n + weight / (4 * n))
    return max(0.0, center - half), min(1.0, center + half)


def faults(
    predicted: NDArray[Any], truth: NDArray[np.int64], labels: Sequence[str], quality: Quality, best: float
) -> tuple[str, ...]:
    """Say why a model is of no use, if it is of none.

    Args:
        predicted: int (N,), the class numbers that the .tflite gives.
        truth: int64 (N,), the right ones.
        labels: A name a class.
        quality: What was measured.
        best: The highest score of all images.

    Returns:
        A sentence for each reason; empty where there is none.
    """
    chance = chance_level(predicted, truth)
    found = []
    if _at_least(quality.correct, quality.n, chance) >= SIGNIFICANCE and chance**quality.n < SIGNIFICANCE:
        found.append(
            f"it reads {quality.correct} of {quality.n} test images right, no better than chance "
            f"({chance:.0%}){_moved(predicted, truth, len(labels))}"
        )
    else:
        found += _blind(predicted, truth, labels)
    if quality.correct and not quality.answered:
        found.append(
            f"no score reaches the reject threshold (the highest of {quality.n} is {best:.3f}): the device would say "
            '"unsure" to everything. Does it end with two softmax layers? Else give --reject-threshold'
        )
    return tuple(found)


def warnings(quality: Quality) -> tuple[str, ...]:
    """Say what to look at in a model that is of use.

    Args:
        quality: What was measured.

    Returns:
        A sentence for each; empty where there is none.
    """
    if 0 < quality.answered_correct < FEW_ANSWERS * quality.correct:
        return (
            f'the device would say "unsure" to {quality.n - quality.answered:,} of {quality.n:,} test images: their '
            "scores are below the reject threshold. Give validation images (x_val, y_val) or --reject-threshold",
        )
    return ()


def chance_level(predicted: NDArray[Any], truth: NDArray[np.int64]) -> float:
    """Compute the accuracy of answers that are given as often and without looking (Cohen 1960).

    Args:
        predicted: int (N,), N >= 1, class numbers.
        truth: int64 (N,), the right ones.

    Returns:
        0 to 1; that of a model with one answer for all is the share of that class.

    Example:
        >>> chance_level(np.array([0, 0, 0, 0]), np.array([0, 0, 0, 1]))
        0.75
    """
    size = int(max(predicted.max(), truth.max())) + 1
    shares = (np.bincount(values, minlength=size) / len(truth) for values in (predicted, truth))
    first, second = shares
    return float((first * second).sum())


def _at_least(correct: int, n: int, chance: float) -> float:
    """How probable so many hits are by chance: the upper tail of the binomial distribution."""
    from scipy.stats import binom

    return float(binom.sf(correct - 1, n, chance))


def _blind(predicted: NDArray[Any], truth: NDArray[np.int64], labels: Sequence[str]) -> list[str]:
    """Classes of which nothing is read rightly, where the rest of the classes make that no accident."""
    right, unseen = predicted == truth, []
    for number, label in enumerate(labels):
        members = truth == number
        count, others = int(members.sum()), ~members
        if not count or right[members].any() or not right[others].any():
            continue
        rate = min(MAX_HIT_RATE, float(right[others].mean()))
        if (1 - rate) ** count < SIGNIFICANCE / len(labels):
            unseen.append(f"{label} (0 of {count})")
    rest = f" and {len(unseen) - 5} more" if len(unseen) > 5 else ""
    return [f"it never reads {', '.join(unseen[:5])}{rest} rightly"] if unseen else []


def _moved(predicted: NDArray[Any], truth: NDArray[np.int64], classes: int) -> str:
    """A hint where the labels are moved by one, as a background class before them does."""
    for shift in (1, -1):
        hits = int((predicted == (truth + shift) % classes).sum())
        if hits > (1 + chance_level(predicted, truth)) / 2 * len(truth):
            return f"; with the labels moved by one it reads {hits}: are these its classes, in this order?"
    return ": are these its classes, in this order?"
