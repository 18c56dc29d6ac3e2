"""The temperature that makes a model's probabilities agree with how often it is right. Pure.

Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks (ICML 2017).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.tflite.interpreter import TensorInfo
from runtime.tflite.tensors import EPSILON, dequantize
from workbench.metrics import softmax

MIN_IMAGES = 500  # fewer validation images fit a temperature to noise
TEMPERATURES = (0.05, 20.0)  # the bounds of the search; a fit at either of them says that the model is broken
TOLERANCE = 1e-9  # of the logarithm of the temperature: far below the 4 digits that are kept

Scores = NDArray[np.float64]  # (N, classes)


def log_scores(raw: NDArray[Any], info: TensorInfo, output: str) -> Scores:
    """Logits, or the logarithms of probabilities: the device divides them by the temperature before softmax.

    Args:
        raw: (N, classes), output tensors.
        info: The output tensor's dtype, scale and zero point.
        output: The card's decision.output.

    Returns:
        float64 (N, classes).
    """
    values = dequantize(raw, info).astype(np.float64)
    return values if output in ("logits", "log-probabilities") else np.log(np.maximum(values, EPSILON))


def tempered(scores: Scores, temperature: float, output: str) -> Scores:
    """Make the scores that a device shows.

    Args:
        scores: (N, classes), as log_scores gives them.
        temperature: Divides the scores before softmax. Sigmoids have none: each is a question of its own.
        output: The card's decision.output.

    Returns:
        float64 (N, classes), 0 to 1; each row sums to 1, but for sigmoids.

    Example:
        >>> tempered(np.log([[0.25, 0.75]]), 1.0, "probabilities").round(6).tolist()
        [[0.25, 0.75]]
    """
    return np.exp(scores) if output == "sigmoid" else softmax(scores / temperature)


def negative_log_likelihood(scores: Scores, truth: NDArray[np.int64], temperature: float) -> float:
    """The loss that a temperature is fitted by.

    Args:
        scores: (N, classes), as log_scores gives them.
        truth: (N,) class numbers.
        temperature: Divides the scores.

    Returns:
        The mean over the pictures, in nats.
    """
    scaled = scores / temperature
    peak = scaled.max(axis=1)
    total = peak + np.log(np.exp(scaled - peak[:, np.newaxis]).sum(axis=1))
    return float((total - scaled[np.arange(len(truth)), truth]).mean())


def fit_temperature(scores: Scores, truth: NDArray[np.int64]) -> float:
    """Find the temperature with the least negative log-likelihood (section 4.2 of the paper).

    The search is Brent's, over the logarithm of the temperature: the loss is convex in 1/T, so it has one minimum.

    Args:
        scores: (N, classes), as log_scores gives them.
        truth: (N,) class numbers.

    Returns:
        The temperature, within TEMPERATURES, to 4 significant digits; 1.0 for fewer than MIN_IMAGES pictures.
    """
    if len(truth) < MIN_IMAGES:
        return 1.0
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(scores, truth, float(np.exp(log_temperature)))

    low, high = (float(value) for value in np.log(TEMPERATURES))
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": TOLERANCE})
    # The bounds themselves are not among the temperatures that it tries. Of equals, the lowest temperature: where
    # all pictures are read rightly the loss is 0 from some temperature down.
    best = min((low, float(found.x), high), key=lambda value: (loss(value), value))
    return float(f"{np.exp(best):.4g}")
