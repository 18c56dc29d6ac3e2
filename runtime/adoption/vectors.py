"""Golden vectors of a model that comes without any: the product's own patterns, run here."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.tflite.card import Golden, InputSpec
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import InputEncoder

BYTES = 256 * 1024  # of all inputs, before they are packed; of larger models there are fewer
BLOCK = 8  # pixels a side of the noise's blocks


def patterns(shape: tuple[int, int, int]) -> list[NDArray[np.uint8]]:
    """Model inputs that differ as much as simple ones can.

    Args:
        shape: (height, width, channels).

    Returns:
        uint8 of that shape: noise in blocks, a ramp, a drawn mark, white, black; the same at every call.
    """
    height, width, channels = shape
    blocks = np.random.default_rng(0).integers(0, 256, (-(-height // BLOCK), -(-width // BLOCK), channels), np.uint8)
    noise = blocks.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)[:height, :width]
    ramp = np.linspace(0, 255, height * width).reshape(height, width, 1).round().astype(np.uint8)
    mark = np.full((height, width), 230, np.uint8)
    points = np.array([[0.3, 0.2], [0.7, 0.2], [0.45, 0.8]]) * (width, height)
    cv2.polylines(mark, [points.astype(np.int32)], False, (30,), max(1, min(height, width) // 12))
    white, black = np.full(shape, 255, np.uint8), np.zeros(shape, np.uint8)
    ramps, marks = (np.repeat(one.reshape(height, width, 1), channels, axis=2) for one in (ramp, mark))
    return [np.ascontiguousarray(one) for one in (noise, ramps, marks, white, black)]


def make_vectors(interpreter: Interpreter, spec: InputSpec) -> tuple[Golden, ...]:
    """Run a model on the patterns.

    Args:
        interpreter: With the model loaded.
        spec: The card's input.

    Returns:
        One vector or more: what this very file gives on this machine.

    Raises:
        ModelError: The model cannot be run.
    """
    encoder = InputEncoder.make(interpreter.input, spec)
    inputs = patterns(spec.shape)
    count = max(1, min(len(inputs), BYTES // inputs[0].size))
    return tuple(
        Golden(pixels.tobytes(), interpreter.run(encoder.encode(pixels)).tobytes()) for pixels in inputs[:count]
    )
