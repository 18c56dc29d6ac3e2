"""From pixels to the input tensor, and from the output tensor to probabilities. Pure functions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.tflite.card import Decision
from runtime.tflite.interpreter import TensorInfo

EPSILON = 1e-7  # below what an int8 probability can tell from 0


def top_k(scores: NDArray[np.float32], k: int) -> list[int]:
    """Indices of the highest scores.

    Args:
        scores: float32 (classes,).
        k: How many, at least 1.

    Returns:
        At most k indices, best first; among equals the lower index first.

    Example:
        >>> top_k(np.array([0.1, 0.4, 0.1, 0.4], np.float32), 3)
        [1, 3, 0]
    """
    return [int(i) for i in np.argsort(-scores, kind="stable")[: max(1, k)]]


def quantize_input(pixels: NDArray[np.uint8], info: TensorInfo) -> NDArray[Any]:
    """Make the input tensor of one picture.

    A float tensor takes pixels as they are (rescaling is the model's first layer). An integer tensor takes them in
    one written order: float, scale, round (half to even), clip, cast.

    Args:
        pixels: uint8 (height, width, channels), 0 to 255.
        info: Description of the input tensor.

    Returns:
        (1, height, width, channels) of the tensor's dtype.

    Example:
        >>> quantize_input(np.array([[[255]]], np.uint8), TensorInfo((1, 1, 1, 1), np.dtype(np.int8), 1.0, -128)).item()
        127
    """
    real = pixels.astype(np.float32)[np.newaxis]
    if not info.scale:
        return real.astype(info.dtype)
    limits = np.iinfo(info.dtype)
    stored = np.round(real / np.float32(info.scale)) + info.zero_point
    return np.asarray(np.clip(stored, limits.min, limits.max), dtype=info.dtype)


def dequantize(raw: NDArray[Any], info: TensorInfo) -> NDArray[np.float32]:
    """Real values of a tensor; integers are widened before the zero point is subtracted.

    Args:
        raw: As stored, any shape.
        info: Description of the tensor.

    Returns:
        float32, the shape of `raw`.

    Example:
        >>> dequantize(np.array([-128, 127], np.int8), TensorInfo((2,), np.dtype(np.int8), 0.25, -128)).tolist()
        [0.0, 63.75]
    """
    wide = raw.astype(np.float32)
    return wide if not info.scale else (wide - np.float32(info.zero_point)) * np.float32(info.scale)


def to_probabilities(raw: NDArray[Any], info: TensorInfo, decision: Decision) -> NDArray[np.float32]:
    """Probabilities from an output tensor.

    Logits are divided by the temperature before softmax (Guo et al. 2017, "On Calibration of Modern Neural
    Networks"); so are the logarithms of probabilities, where the temperature is not 1.

    Args:
        raw: As stored, (1, classes).
        info: Description of the output tensor.
        decision: The card's: what the output holds, and the temperature.

    Returns:
        float32 (classes,).
    """
    values = dequantize(raw, info).reshape(-1)
    if decision.output == "probabilities":
        if decision.temperature == 1.0:
            return values
        values = np.log(np.maximum(values, EPSILON))
    shifted = (values - values.max()) / np.float32(decision.temperature)
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(), dtype=np.float32)
