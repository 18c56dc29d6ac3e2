"""Quantization in its one written order, and probabilities from what a model answers."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.tflite.card import Decision
from runtime.tflite.interpreter import TensorInfo
from runtime.tflite.tensors import dequantize, quantize_input, to_probabilities, top_k

INT8 = TensorInfo((1, 1, 4, 1), np.dtype(np.int8), 1.0, -128)
FLOAT = TensorInfo((1, 1, 4, 1), np.dtype(np.float32), 0.0, 0)


def pixels(*values: int) -> np.ndarray:
    return np.array(values, np.uint8).reshape(1, -1, 1)


def test_int8_input_is_pixel_minus_128() -> None:
    every = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    assert np.array_equal(quantize_input(every, INT8)[0].astype(int), every.astype(int) - 128)


@pytest.mark.parametrize(
    ("scale", "zero_point", "pixel", "stored"),
    [
        (1.0, -128, 0, -128),
        (1.0, -128, 127, -1),
        (1.0, -128, 128, 0),
        (1.0, -128, 255, 127),
        (0.5, -128, 64, 0),
        (0.5, -128, 128, 127),  # past the upper end: clipped, not wrapped
        (0.5, -128, 255, 127),
        (1.0, -200, 10, -128),  # past the lower end
        (2.0, 0, 3, 2),  # 1.5 rounds to even
        (2.0, 0, 5, 2),
    ],
)
def test_quantization_table(scale: float, zero_point: int, pixel: int, stored: int) -> None:
    info = TensorInfo((1, 1, 1, 1), np.dtype(np.int8), scale, zero_point)
    assert quantize_input(pixels(pixel), info).item() == stored


def test_float_input_takes_pixels_as_they_are() -> None:
    out = quantize_input(pixels(0, 1, 128, 255), FLOAT)
    assert out.dtype == np.float32
    assert out.ravel().tolist() == [0.0, 1.0, 128.0, 255.0]


@pytest.mark.parametrize(("stored", "real"), [(-128, 0.0), (-1, 31.75), (0, 32.0), (127, 63.75)])
def test_dequantization_widens_first(stored: int, real: float) -> None:
    info = TensorInfo((1, 1), np.dtype(np.int8), 0.25, -128)
    assert dequantize(np.array([[stored]], np.int8), info).item() == real


def test_round_trip_is_within_half_a_step() -> None:
    info = TensorInfo((1, 1, 4, 1), np.dtype(np.int8), 2.0, -128)
    every = np.arange(0, 256, dtype=np.uint8).reshape(1, -1, 1)
    back = dequantize(quantize_input(every, info), info)[0]
    assert float(np.abs(back - every.astype(np.float32)).max()) <= 1.0


def test_logits_become_probabilities_and_temperature_flattens_them() -> None:
    info = TensorInfo((1, 3), np.dtype(np.float32), 0.0, 0)
    raw = np.array([[1000.0, 999.0, 0.0]], np.float32)
    sharp = to_probabilities(raw, info, Decision("logits", 1.0))
    flat = to_probabilities(raw, info, Decision("logits", 10.0))
    assert sharp.tolist() == pytest.approx([0.7310586, 0.2689414, 0.0], abs=1e-6)
    assert flat[0] < sharp[0]
    assert flat.sum() == pytest.approx(1.0)


def test_probabilities_stay_as_they_are_unless_a_temperature_is_given() -> None:
    info = TensorInfo((1, 2), np.dtype(np.int8), 1 / 256, -128)
    raw = np.array([[64, -64]], np.int8)
    assert to_probabilities(raw, info, Decision()).tolist() == [0.75, 0.25]
    warm = to_probabilities(raw, info, Decision("probabilities", 2.0))
    assert warm.tolist() == pytest.approx([3**0.5 / (3**0.5 + 1), 1 / (3**0.5 + 1)], abs=1e-5)


def test_top_k_is_best_first_and_the_lower_index_among_equals() -> None:
    scores = np.array([0.1, 0.4, 0.1, 0.4], np.float32)
    assert top_k(scores, 3) == [1, 3, 0]
    assert top_k(scores, 99) == [1, 3, 0, 2]


def test_uint8_input_is_the_pixel() -> None:
    every = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    stored = quantize_input(every, TensorInfo((1, 16, 16, 1), np.dtype(np.uint8), 1.0, 0))
    assert stored.dtype == np.uint8
    assert np.array_equal(stored[0], every)


def test_float_outputs_are_real_values_already() -> None:
    raw = np.array([[0.25, 0.75]], np.float32)
    assert np.array_equal(dequantize(raw, TensorInfo((1, 2), np.dtype(np.float32), 0.0, 0)), raw)


def test_a_temperature_survives_a_probability_of_zero() -> None:
    info = TensorInfo((1, 2), np.dtype(np.float32), 0.0, 0)
    warm = to_probabilities(np.array([[0.0, 1.0]], np.float32), info, Decision("probabilities", 2.0))
    assert np.isfinite(warm).all()
    assert warm.sum() == pytest.approx(1.0)
    assert warm[0] < 0.001
