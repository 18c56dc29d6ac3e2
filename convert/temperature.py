"""How far a model's probabilities can be believed: calibration error, and the temperature that mends it.

Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks (ICML 2017). Pure.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.tflite.interpreter import TensorInfo
from runtime.tflite.tensors import EPSILON, dequantize

MIN_IMAGES = 500  # fewer validation images fit a temperature to noise
ECE_BINS = 15  # as in the paper
TEMPERATURES = (0.05, 20.0)  # where to look; a fit at either end says that the model is broken
SEARCH_STEPS = 60  # golden section: the bracket in log T shrinks by 0.618 a step, to 2e-12
GOLDEN = (5**0.5 - 1) / 2

Scores = NDArray[np.float64]


def log_scores(raw: NDArray[Any], info: TensorInfo, output: str) -> Scores:
    """Logits, or the logarithms of probabilities: what the device divides by the temperature before softmax.

    raw: (N, classes) output tensors. output: card's decision.output. Returns float64 (N, classes).
    """
    values = dequantize(raw, info).astype(np.float64)
    return values if output == "logits" else np.log(np.maximum(values, EPSILON))


def softmax(scores: Scores) -> Scores:
    """Row by row; float64 (N, classes)."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def negative_log_likelihood(scores: Scores, truth: NDArray[np.int64], temperature: float) -> float:
    """Mean over the pictures, in nats. truth: (N,) class numbers."""
    scaled = scores / temperature
    peak = scaled.max(axis=1)
    total = peak + np.log(np.exp(scaled - peak[:, np.newaxis]).sum(axis=1))
    return float((total - scaled[np.arange(len(truth)), truth]).mean())


def fit_temperature(scores: Scores, truth: NDArray[np.int64]) -> float:
    """The temperature with the least negative log-likelihood (section 4.2 of the paper), by golden-section
    search over its logarithm (the loss is convex in 1/T, so it has one valley); 4 significant digits.
    1.0 for fewer than MIN_IMAGES pictures."""
    if len(truth) < MIN_IMAGES:
        return 1.0
    low, high = np.log(TEMPERATURES[0]), np.log(TEMPERATURES[1])
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    losses = [negative_log_likelihood(scores, truth, float(np.exp(x))) for x in (left, right)]
    for _ in range(SEARCH_STEPS):
        if losses[0] <= losses[1]:
            high, right = right, left
            left = high - GOLDEN * (high - low)
            losses = [negative_log_likelihood(scores, truth, float(np.exp(left))), losses[0]]
        else:
            low, left = left, right
            right = low + GOLDEN * (high - low)
            losses = [losses[1], negative_log_likelihood(scores, truth, float(np.exp(right)))]
    return float(f"{np.exp((low + high) / 2):.4g}")


def expected_calibration_error(probabilities: Scores, truth: NDArray[np.int64], bins: int = ECE_BINS) -> float:
    """Mean gap between confidence and accuracy over `bins` equal bins of confidence, weighted by their
    pictures (section 2 of the paper). probabilities: (N, classes), N >= 1. 0 to 1; 0 is perfect."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(place, weights=right.astype(np.float64) - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(truth))
