"""Quantization in its one written order, and probabilities from what a model answers."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.errors import ModelError, ModelMismatch
from runtime.tflite.card import Decision, InputSpec
from runtime.tflite.interpreter import TensorInfo
from runtime.tflite.tensors import (
    InputEncoder,
    clipped_values,
    dequantize,
    input_tables,
    quantize_input,
    to_probabilities,
    top_k,
)

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


DTYPES = ("float32", "float16", "uint8", "int8", "int16", "int32", "int64")


def random_tensor(rng: np.random.Generator, layout: str) -> tuple[InputSpec, TensorInfo]:
    """A card's input and a tensor that takes it: any size, scale, zero point, mean and std."""
    channels = 1 if layout == "hw" else int(rng.choice([1, 3]))
    color = "gray" if channels == 1 else str(rng.choice(["rgb", "bgr"]))
    numbers = int(rng.choice([1, channels]))
    spec = InputSpec(
        int(rng.integers(1, 9)),
        int(rng.integers(1, 9)),
        channels,
        color,
        framing="whole",
        mean=tuple(rng.uniform(-10, 300, numbers).tolist()),
        std=tuple((10 ** rng.uniform(-2, 3, numbers)).tolist()),
        layout=layout,
    )
    dtype = np.dtype(rng.choice(DTYPES))
    is_quantized = dtype.kind != "f" and rng.random() < 0.8
    scale = float(np.float32(10 ** rng.uniform(-4, 1))) if is_quantized else 0.0
    return spec, TensorInfo(spec.tensor_shape, dtype, scale, int(rng.integers(-128, 128)) if is_quantized else 0)


@pytest.mark.parametrize("seed", range(200))
def test_a_pixel_becomes_what_float64_gives_rounded_once(seed: int) -> None:
    """Each element by the written order, in Python's own numbers, against the table; for 200 cards and tensors."""
    rng = np.random.default_rng(seed)
    spec, info = random_tensor(rng, str(rng.choice(["nhwc", "nchw", "hw", "flat"])))
    image = rng.integers(0, 256, spec.shape, np.uint8)
    got = InputEncoder.make(info, spec).encode(image)
    assert (got.shape, got.dtype) == (info.shape, info.dtype)
    back = got.reshape(spec.channels, spec.height, spec.width).transpose(1, 2, 0) if spec.layout == "nchw" else got
    for (y, x, channel), stored in np.ndenumerate(back.reshape(spec.shape)):
        real = (float(image[y, x, channel]) - spec.mean[channel % len(spec.mean)]) / spec.std[channel % len(spec.std)]
        if info.dtype.kind == "f":
            with np.errstate(over="ignore"):
                expected = info.dtype.type(real)
        else:
            limits = np.iinfo(info.dtype)
            shift = info.zero_point if info.scale else (-128 if info.dtype == np.int8 else 0)
            expected = min(max(round(real / (info.scale or 1.0)) + shift, limits.min), limits.max)
        assert stored == expected


def test_an_integer_tensor_with_its_own_range_takes_the_byte() -> None:
    """mean = zero point - least value and std = 1 / scale give the pixel itself, whatever the scale."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        dtype, least = (np.uint8, 0) if rng.random() < 0.5 else (np.int8, -128)
        scale, zero = float(np.float32(10 ** rng.uniform(-4, 1))), int(rng.integers(least, least + 256))
        info = TensorInfo((1, 1, 1, 1), np.dtype(dtype), scale, zero)
        mean, std = (float(zero - least),), (1 / scale,)
        assert (input_tables(info, mean, std)[0].astype(int) - least).tolist() == list(range(256))
        assert clipped_values(info, mean, std) == 0


def test_what_a_tensor_cannot_hold_is_counted() -> None:
    assert clipped_values(INT8) == 0
    assert clipped_values(TensorInfo((1, 1), np.dtype(np.int8), 0.5, -128)) == 128
    assert clipped_values(FLOAT, (1e9,), (1e-9,)) == 0


def test_a_sigmoid_is_no_softmax() -> None:
    info = TensorInfo((1, 3), np.dtype(np.float32), 0.0, 0)
    raw = np.array([[0.9, 0.8, 0.1]], np.float32)
    assert to_probabilities(raw, info, Decision("sigmoid")).tolist() == pytest.approx([0.9, 0.8, 0.1])
    one = np.array([[0.25]], np.float32)
    assert to_probabilities(one, info, Decision("sigmoid")).tolist() == [0.75, 0.25]
    flat = to_probabilities(raw, info, Decision("sigmoid", 2.0))
    assert flat.tolist() == pytest.approx([0.75, 2 / 3, 0.25], abs=1e-6)


def test_log_probabilities_are_their_exponentials() -> None:
    info = TensorInfo((1, 2), np.dtype(np.float32), 0.0, 0)
    raw = np.log(np.array([[0.9, 0.1]], np.float32))
    assert to_probabilities(raw, info, Decision("log-probabilities")).tolist() == pytest.approx([0.9, 0.1])


@pytest.mark.parametrize("output", ["probabilities", "logits", "sigmoid", "log-probabilities"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_refused(output: str, value: float) -> None:
    info = TensorInfo((1, 2), np.dtype(np.float32), 0.0, 0)
    with pytest.raises(ModelError, match="infinite or no number"):
        to_probabilities(np.array([[0.5, value]], np.float32), info, Decision(output))


@pytest.mark.parametrize("output", ["probabilities", "sigmoid"])
@pytest.mark.parametrize("values", [(-22.5, 3.0), (1.2, 0.0), (-0.1, 1.0)])
def test_logits_are_no_probabilities(output: str, values: tuple[float, float]) -> None:
    info = TensorInfo((1, 2), np.dtype(np.float32), 0.0, 0)
    with pytest.raises(ModelMismatch, match="logits"):
        to_probabilities(np.array([values], np.float32), info, Decision(output))
