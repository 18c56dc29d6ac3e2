"""Whether answers are better than chance. Pure."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

MIN_OF_CLASS = 5  # pictures of a class, before it is called one that is never read
SIGNIFICANT = 0.01  # a result that chance gives less often is none of chance


def tail(right: int, of: int, chance: float) -> float:
    """How often chance gets so many right, or more (binomial).

    Args:
        right: Right answers.
        of: All answers.
        chance: Probability of one right answer, 0 to 1.

    Returns:
        A probability.

    Example:
        >>> round(tail(9, 10, 0.5), 4)
        0.0107
    """
    if not 0 < chance < 1:
        return float(chance >= 1 or right <= 0)
    # By logarithms: of 10,000 pictures a binomial coefficient is beyond what a float holds.
    whole, odds = math.lgamma(of + 1) + of * math.log1p(-chance), math.log(chance) - math.log1p(-chance)
    terms = (whole - math.lgamma(k + 1) - math.lgamma(of - k + 1) + k * odds for k in range(max(0, right), of + 1))
    return min(1.0, math.fsum(map(math.exp, terms)))


def chance_of(truth: NDArray[np.int64], answers: NDArray[np.int64], classes: int) -> float:
    """How often answers that know nothing of the pictures would be right, given how often each class is there.

    Args:
        truth: int64 (n,), classes of the pictures.
        answers: int64 (n,), what the model says.
        classes: Number of classes.

    Returns:
        The larger of 1 / classes and what Cohen's kappa takes for chance: a model that always gives one class is right
        as often as that class is there.
    """
    shares = [np.bincount(values, minlength=classes) / max(1, len(values)) for values in (truth, answers)]
    return max(1 / classes, float(np.dot(*shares)))


def blind_to(truth: NDArray[np.int64], answers: NDArray[np.int64]) -> list[tuple[int, int]]:
    """The classes that are never read, though others are, more often than chance would have it.

    Args:
        truth: int64 (n,), classes of the pictures.
        answers: int64 (n,), what the model says.

    Returns:
        (class, how many pictures it has) of each.
    """
    accuracy = float((truth == answers).mean()) if len(truth) else 0.0
    found = []
    for number in np.unique(truth):
        of = int((truth == number).sum())
        if of < MIN_OF_CLASS:
            continue
        if not (answers[truth == number] == number).any() and (1 - accuracy) ** of < SIGNIFICANT:
            found.append((int(number), of))
    return found
