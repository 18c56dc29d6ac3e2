"""Figures about class scores: softmax, calibration error, McNemar's test, and class-balanced samples. Pure.

The runtime has a softmax of its own (runtime.tflite.tensors): it imports nothing of the workbench.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

ECE_BINS = 15  # of confidence, as in Guo et al. 2017

Float = TypeVar("Float", bound=np.floating[Any])


def softmax(logits: NDArray[Float], temperature: float = 1.0) -> NDArray[Float]:
    """Probabilities of logits, row by row.

    Args:
        logits: (N, classes), of any float dtype.
        temperature: The differences to the row's maximum are divided by it (Guo et al. 2017). Above 0.

    Returns:
        (N, classes) of the same dtype; each row sums to 1.

    Example:
        >>> softmax(np.array([[0.0, np.log(3.0)]])).round(6).tolist()
        [[0.25, 0.75]]
    """
    powers = np.exp((logits - logits.max(axis=1, keepdims=True)) / logits.dtype.type(temperature))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), logits.dtype)


@dataclass(frozen=True)
class ReliabilityBins:
    """Images by the probability of their answer, in equal bins of confidence; empty bins are left out.

    Attributes:
        confidence: float64 (bins,), the mean probability of the answers in each bin.
        accuracy: float64 (bins,), the share of right answers in each bin.
        counts: int64 (bins,), the number of images in each bin.
        error: The expected calibration error, 0 to 1; 0 is perfect.
    """

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    counts: NDArray[np.int64]
    error: float


def reliability_bins(
    probabilities: NDArray[np.floating[Any]], truth: NDArray[np.int64], bins: int = ECE_BINS
) -> ReliabilityBins:
    """Confidence against accuracy.

    Source: Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks (ICML 2017), section 2.

    Args:
        probabilities: (N, classes), N >= 1.
        truth: (N,) class numbers.
        bins: The number of equal bins between 0 and 1.

    Returns:
        The bins that have images, from the lowest confidence to the highest.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = (probabilities.argmax(axis=1) == truth).astype(np.float64)
    index = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(index, minlength=bins)
    filled = counts > 0
    sums = [np.bincount(index, weights=values, minlength=bins)[filled] for values in (confidence, correct)]
    error = float(np.abs(sums[0] - sums[1]).sum() / len(truth))
    return ReliabilityBins(sums[0] / counts[filled], sums[1] / counts[filled], counts[filled], error)


def expected_calibration_error(
    probabilities: NDArray[np.floating[Any]], truth: NDArray[np.int64], bins: int = ECE_BINS
) -> float:
    """The mean gap between confidence and accuracy over the bins of `reliability_bins`, weighted by their images.

    Args:
        probabilities: (N, classes), N >= 1.
        truth: (N,) class numbers.
        bins: The number of equal bins between 0 and 1.

    Returns:
        0 to 1; 0 is perfect.
    """
    return reliability_bins(probabilities, truth, bins).error


def balanced_sample(labels: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Indices of `count` images, drawn one of each class in turn.

    A class that runs out leaves its turns to the others.

    Args:
        labels: (N,) class numbers.
        count: How many to draw; all N where there are fewer.
        rng: Draws them: one permutation of N.

    Returns:
        (min(count, N),) indices, in the order in which they were drawn.
    """
    order = rng.permutation(len(labels))
    turn = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        members = order[labels[order] == label]
        turn[members] = np.arange(len(members))
    return np.asarray(order[np.argsort(turn[order], kind="stable")][:count], np.int64)


@dataclass(frozen=True)
class McNemar:
    """The exact test (McNemar 1947) on the pictures that only one of two models reads rightly.

    Attributes:
        only_first: Pictures that only the first model reads rightly.
        only_second: Pictures that only the second model reads rightly.
        p: The probability of a difference at least as large where both models are equally good, 0 to 1.
    """

    only_first: int
    only_second: int
    p: float


def mcnemar(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> McNemar:
    """Compare two models on the same pictures: two-sided, by the binomial distribution.

    Args:
        first: (N,), which pictures the first model reads rightly.
        second: (N,), which pictures the second model reads rightly.

    Returns:
        The counts and the probability.
    """
    from scipy.stats import binomtest

    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    discordant = only_first + only_second
    p = float(binomtest(only_first, discordant, 0.5).pvalue) if discordant else 1.0
    return McNemar(only_first, only_second, p)
