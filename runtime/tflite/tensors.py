"""Between pixels, tensors and probabilities. Pure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.tflite.card import Decision
from runtime.tflite.interpreter import TensorInfo

EPSILON = 1e-7  # below what an int8 probability can tell from 0


def top_k(scores: NDArray[np.float32], k: int) -> list[int]:
    """Indices of the k highest scores, best first; among equals the lower index first."""
    return [int(i) for i in np.argsort(-scores, kind="stable")[: max(1, k)]]


def quantize_input(pixels: NDArray[np.uint8], info: TensorInfo) -> NDArray[Any]:
    """Pixels (h, w, c), 0 to 255, as the input tensor (1, h, w, c).

    A float tensor takes them as they are (rescaling is the model's first layer). An integer tensor
    takes them in one written order: float, scale, round, clip, cast.
    """
    real = pixels.astype(np.float32)[np.newaxis]
    if not info.scale:
        return real.astype(info.dtype)
    limits = np.iinfo(info.dtype)
    stored = np.round(real / np.float32(info.scale)) + info.zero_point
    return np.asarray(np.clip(stored, limits.min, limits.max), dtype=info.dtype)


def dequantize(raw: NDArray[Any], info: TensorInfo) -> NDArray[np.float32]:
    """Real values, float32, of an output tensor; widened before the zero point is taken away."""
    wide = raw.astype(np.float32)
    return wide if not info.scale else (wide - np.float32(info.zero_point)) * np.float32(info.scale)


def to_probabilities(raw: NDArray[Any], info: TensorInfo, decision: Decision) -> NDArray[np.float32]:
    """Probabilities, float32 (classes,), from an output tensor (1, classes).

    Logits are divided by the temperature before softmax (Guo et al. 2017, "On Calibration of Modern
    Neural Networks"); so are the logarithms of probabilities, where the temperature is not 1.
    """
    values = dequantize(raw, info).reshape(-1)
    if decision.output == "probabilities":
        if decision.temperature == 1.0:
            return values
        values = np.log(np.maximum(values, EPSILON))
    shifted = (values - values.max()) / np.float32(decision.temperature)
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(), dtype=np.float32)
