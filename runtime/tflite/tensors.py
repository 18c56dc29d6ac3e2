"""From pixels to the input tensor, and from the output tensor to probabilities. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.errors import ModelError, ModelMismatch
from runtime.tflite.card import Decision, InputSpec
from runtime.tflite.interpreter import TensorInfo

EPSILON = 1e-7  # below what an int8 probability can tell from 0
BEYOND = 0.01  # of 0 to 1: how far outside it a probability may be, by rounding
LUT_TYPES = frozenset(np.dtype(name) for name in ("uint8", "int8", "int16", "int32", "float32"))  # cv2.LUT makes
MAX_CLIPPED = 16  # of 256 pixel values that an integer tensor cannot hold, as where one scale serves three channels


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


def input_tables(info: TensorInfo, mean: Sequence[float] = (0.0,), std: Sequence[float] = (1.0,)) -> NDArray[Any]:
    """What each of the 256 pixel values becomes in the input tensor.

    (pixel - mean) / std in float64, rounded once: to the tensor's dtype, or, where it is an integer tensor, divided by
    its scale, rounded half to even, shifted by the zero point and clipped. An integer tensor without a scale takes
    what is between 0 and 255, int8 that less 128.

    Args:
        info: Description of the input tensor.
        mean: One number, or one for each channel.
        std: As `mean`.

    Returns:
        (1, 256) of the tensor's dtype; (channels, 256) where channels differ.

    Example:
        >>> input_tables(TensorInfo((1, 1, 1, 1), np.dtype(np.int8), 1.0, -128))[0, [0, 255]].tolist()
        [-128, 127]
    """
    exact = _exact_tables(info, mean, std)
    if info.dtype.kind == "f":
        return exact.astype(info.dtype)
    limits = np.iinfo(info.dtype)
    return np.clip(exact, limits.min, limits.max).astype(info.dtype)


def clipped_values(info: TensorInfo, mean: Sequence[float] = (0.0,), std: Sequence[float] = (1.0,)) -> int:
    """How many of the 256 pixel values an input tensor cannot hold.

    Args:
        info: Description of the input tensor.
        mean: As for `input_tables`.
        std: As for `input_tables`.

    Returns:
        0 to 256; of the channel that has most.
    """
    if info.dtype.kind == "f":
        return 0
    exact, limits = _exact_tables(info, mean, std), np.iinfo(info.dtype)
    return int(((exact < limits.min) | (exact > limits.max)).sum(axis=1).max())


def _exact_tables(info: TensorInfo, mean: Sequence[float], std: Sequence[float]) -> NDArray[np.float64]:
    """Stored values before they are clipped and cast; whole numbers for an integer tensor."""
    pixels = np.arange(256, dtype=np.float64)
    real = (pixels - np.asarray(mean, np.float64)[:, np.newaxis]) / np.asarray(std, np.float64)[:, np.newaxis]
    if info.dtype.kind == "f":
        return real
    if not info.scale:
        return np.rint(real) - (128 if info.dtype == np.int8 else 0)
    return np.asarray(np.rint(real / info.scale) + info.zero_point)


@dataclass(frozen=True, eq=False, repr=False)  # == of arrays is no single truth value
class InputEncoder:
    """Makes input tensors of pixels, by a table: the same bytes on every board.

    Attributes:
        tables: (1 or channels, 256) of the tensor's dtype, see `input_tables`.
        layout: That of the card's input.
        shape: Shape of the tensor.

    Example:
        >>> info = TensorInfo((1, 1, 1, 1), np.dtype(np.int8), 1.0, -128)
        >>> InputEncoder.make(info).encode(np.array([[[255]]], np.uint8)).item()
        127
    """

    tables: NDArray[Any]
    layout: str
    shape: tuple[int, ...]

    @classmethod
    def make(cls, info: TensorInfo, spec: InputSpec | None = None) -> InputEncoder:
        """Make the tables.

        Args:
            info: Description of the input tensor.
            spec: The card's input; without it pixels are taken as they are, layout nhwc.

        Returns:
            An encoder for inputs of that tensor.
        """
        if spec is None:
            return cls(input_tables(info), "nhwc", info.shape)
        return cls(input_tables(info, spec.mean, spec.std), spec.layout, info.shape)

    def encode(self, pixels: NDArray[np.uint8]) -> NDArray[Any]:
        """Make the input tensor of one picture.

        Args:
            pixels: uint8 (height, width, channels), 0 to 255, in the order of the card's `color`.

        Returns:
            The tensor, of `shape` and the tables' dtype.
        """
        if len(self.tables) == 1:
            values = _looked_up(pixels, self.tables[0])
        else:
            values = np.stack([_looked_up(pixels[..., i], table) for i, table in enumerate(self.tables)], axis=-1)
        if self.layout == "nchw":
            values = np.ascontiguousarray(values.reshape(pixels.shape).transpose(2, 0, 1))
        return values.reshape(self.shape)


def _looked_up(pixels: NDArray[np.uint8], table: NDArray[Any]) -> NDArray[Any]:
    if table.dtype in LUT_TYPES:
        return cv2.LUT(np.ascontiguousarray(pixels), table)
    return table[pixels]


def quantize_input(pixels: NDArray[np.uint8], info: TensorInfo) -> NDArray[Any]:
    """Make the input tensor of one picture for a model that takes pixels as they are.

    Args:
        pixels: uint8 (height, width, channels), 0 to 255.
        info: Description of the input tensor.

    Returns:
        (1, height, width, channels) of the tensor's dtype.

    Example:
        >>> quantize_input(np.array([[[255]]], np.uint8), TensorInfo((1, 1, 1, 1), np.dtype(np.int8), 1.0, -128)).item()
        127
    """
    return InputEncoder(input_tables(info), "nhwc", (1, *pixels.shape)).encode(pixels)


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

    Raises:
        ModelError: The model gives NaN or infinity; ModelMismatch where the card calls probabilities what is none.
    """
    values = dequantize(raw, info).reshape(-1)
    if not np.isfinite(values).all():
        raise ModelError(
            "expected scores of 0 to 1; the model gives some that are infinite or no number: its weights are broken, "
            "or its input is not what the card says. Convert it again"
        )
    if decision.output == "sigmoid":
        return _sigmoid_scores(values, decision.temperature)
    if decision.output == "probabilities":
        _check_probabilities(values)
        if decision.temperature == 1.0:
            return values
        values = np.log(np.maximum(values, EPSILON))
    shifted = (values - values.max()) / np.float32(decision.temperature)
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(), dtype=np.float32)


def _sigmoid_scores(values: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """A probability for each label; of one output alone [1 - p, p]."""
    _check_probabilities(values)
    if temperature != 1.0:
        inside = np.clip(values, EPSILON, 1 - EPSILON).astype(np.float64)
        values = (1 / (1 + ((1 - inside) / inside) ** (1 / temperature))).astype(np.float32)
    return np.array([1 - values[0], values[0]], np.float32) if len(values) == 1 else values


def _check_probabilities(values: NDArray[np.float32]) -> None:
    least, most = float(values.min()), float(values.max())
    if least < -BEYOND or most > 1 + BEYOND:
        raise ModelMismatch(
            f"the card says that the model gives probabilities; received {least:.4g} to {most:.4g}: logits? "
            "Convert the model again"
        )
