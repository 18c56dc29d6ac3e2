"""Which pixels a model takes, by every trace that a file may have."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.foreign.forms import input_form
from runtime.foreign.graph import Graph, read_graph
from runtime.foreign.metadata import Metadata
from runtime.foreign.normalization import SCALES, Finding, find_scale, is_teachable_machine
from tests.runtime.foreign.build import Made, Plan, classifier, quantized


def find(model: bytes, metadata: Metadata | None = None) -> Finding | None:
    graph = read_graph(model)
    return find_scale(graph, input_form(graph.tensors[0]), metadata or Metadata())


@pytest.mark.parametrize(
    ("dtype", "scale", "zero", "name"),
    [
        ("uint8", 1.0, 0, "0..255"),
        ("int8", 1.0, -128, "0..255"),
        ("uint8", 1 / 255, 0, "0..1"),
        ("int8", 1 / 255, -128, "0..1"),
        ("int8", 1 / 256, -128, "0..1"),
        ("uint8", 1 / 128, 128, "-1..1"),
        ("uint8", 1 / 127.5, 127, "-1..1"),
        ("int8", 2 / 255, -1, "-1..1"),
        ("uint8", 0.012, 100, ""),
        ("int8", 0.02, -90, ""),
        ("int8", 1.0, 0, ""),
    ],
)
def test_integers_get_the_byte_itself(dtype: str, scale: float, zero: int, name: str) -> None:
    for channels in (1, 3):
        found = find(quantized((1, 8, 8, channels), dtype, scale, zero))
        assert found is not None
        assert found.by == "input quantization"
        pixels = np.arange(256, dtype=np.float64)
        real = (pixels - found.scale.mean[0]) / found.scale.std[0]
        stored = np.round(real / np.float32(scale).astype(np.float64)) + zero
        assert np.array_equal(stored, pixels + (0 if dtype == "uint8" else -128))
        if name:
            assert (found.scale.name, found.doubt) == (name, "")
        else:
            assert "an unusual range" in found.doubt


def test_an_imagenet_range_has_three_means() -> None:
    found = find(quantized((1, 8, 8, 3), "int8", 0.018658, -14))
    assert found == Finding(SCALES["imagenet"], "input quantization")
    gray = find(quantized((1, 8, 8, 1), "int8", 0.018658, -14))
    assert gray is not None
    assert "unusual range" in gray.doubt


def test_integers_without_a_scale_are_bytes() -> None:
    for dtype in ("uint8", "int8", "int32", "int64"):
        graph = Plan([Made((1, 8, 8, 1), dtype), Made((1, 3))], [("CAST", (0,), (1,))]).build()
        assert find(graph) == Finding(SCALES["0..255"], f"{dtype} input without quantization")


def test_16_bits_do_not_say_it() -> None:
    graph = Plan([Made((1, 8, 8, 1), "int16", (1 / 32767,), (0,)), Made((1, 3))], [("FULLY_CONNECTED", (0,), (1,))])
    assert find(graph.build()) is None


def test_a_float_model_says_nothing_by_itself() -> None:
    assert find(classifier()) is None


@pytest.mark.parametrize(
    ("mean", "std", "name"),
    [
        ((127.5,), (127.5,), "-1..1"),
        ((127.0,), (128.0,), "-1..1"),
        ((0.0,), (255.0,), "0..1"),
        ((0.0,), (1.0,), "0..255"),
        ((0.0, 0.0, 0.0), (255.0, 255.0, 255.0), "0..1"),
        ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375), "imagenet"),
        ((127.5,), (50.0, 60.0, 70.0), "-2.55..2.55"),
    ],
)
def test_metadata(mean: tuple[float, ...], std: tuple[float, ...], name: str) -> None:
    found = find(classifier(), Metadata(normalization=(mean, std)))
    assert found is not None
    assert (found.scale.name, found.by) == (name, "TFLite metadata")
    assert len(found.scale.mean) == len(found.scale.std)


@pytest.mark.parametrize(
    ("mean", "std"), [((0.0,), (0.0,)), ((1.0, 2.0), (1.0,)), ((float("nan"),), (1.0,)), ((0.0,), (-1.0,))]
)
def test_metadata_that_cannot_be_is_not_believed(mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    assert find(classifier(), Metadata(normalization=(mean, std))) is None


def test_metadata_of_an_odd_range_is_doubted() -> None:
    found = find(classifier(), Metadata(normalization=((0.5,), (0.5,))))
    assert found is not None
    assert "unusual range" in found.doubt


def test_ultralytics_classifiers() -> None:
    found = find(classifier(), Metadata(task="classify"))
    assert found == Finding(SCALES["0..1"], "Ultralytics metadata", resize="crop")


def number(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)


IMAGENET = [("SUB", number(0.485, 0.456, 0.406)), ("DIV", number(0.229, 0.224, 0.225))]


@pytest.mark.parametrize(
    ("first", "name"),
    [
        ([("MUL", number(1 / 255))], "0..255"),
        ([("DIV", number(255))], "0..255"),
        ([("MUL", number(1 / 127.5)), ("SUB", number(1))], "0..255"),
        ([("SUB", number(127.5)), ("DIV", number(127.5))], "0..255"),
        ([("MUL", number(2)), ("SUB", number(1))], "0..1"),
        ([("MUL", number(2)), ("ADD", number(-1))], "0..1"),
        ([("SUB", number(0.5)), ("MUL", number(2))], "0..1"),
        ([("ADD", number(1)), ("MUL", number(0.5))], "-1..1"),
        ([("SUB", number(103.939, 116.779, 123.68))], "0..255"),
        ([("SUB", number(0.485, 0.456, 0.406)), ("DIV", number(0.229, 0.224, 0.225))], "0..1"),
        (
            [("MUL", number(1 / 255)), ("SUB", number(0.485, 0.456, 0.406)), ("DIV", number(0.229, 0.224, 0.225))],
            "0..255",
        ),
        ([("MUL", number(0.013, 0.014, 0.015)), ("ADD", number(-1.6, -1.7, -1.8))], "0..255"),
    ],
)
def test_the_first_operators(first: list[tuple[str, NDArray[np.float32]]], name: str) -> None:
    found = find(classifier(first=first))
    assert found is not None
    assert found.scale == SCALES[name]
    assert found.by.startswith(f"first operator {first[0][0]} ")


@pytest.mark.parametrize(
    "first", [[("MUL", number(0))], [("MUL", number(1e-30))], [("DIV", number(0))], [("ADD", number(np.nan))]]
)
def test_arithmetic_that_fits_nothing_says_nothing(first: list[tuple[str, NDArray[np.float32]]]) -> None:
    assert find(classifier(first=first)) is None


def plan_with_quantize(scale: float, zero: int, dtype: str = "int8") -> bytes:
    tensors = [
        Made((1, 8, 8, 3)),
        Made((1, 8, 8, 3), dtype, (scale,), (zero,)),
        Made((1, 3), dtype, (1 / 256,), (-128,)),
        Made((1, 3)),
    ]
    steps = [("QUANTIZE", (0,), (1,)), ("SOFTMAX", (1,), (2,)), ("DEQUANTIZE", (2,), (3,))]
    return Plan(tensors, steps).build()


@pytest.mark.parametrize(
    ("scale", "zero", "name"),
    [(1.0, -128, "0..255"), (1 / 255, -128, "0..1"), (2 / 255, 0, "-1..1"), (0.018658, -14, "imagenet")],
)
def test_a_first_quantize_was_calibrated_to_the_pixels(scale: float, zero: int, name: str) -> None:
    assert find(plan_with_quantize(scale, zero)) == Finding(SCALES[name], "first operator QUANTIZE")


def test_a_first_quantize_of_another_range() -> None:
    found = find(plan_with_quantize(0.0127, -95))
    assert found is not None
    assert "unusual range" in found.doubt
    low, high = found.scale.of_byte()
    assert (round(low, 3), round(high, 3)) == (round(-33 * 0.0127, 3), round(222 * 0.0127, 3))


def teachable(name: str, size: int = 224, channels: int = 3, units: int = 100, depthwise: int = 17) -> Graph:
    tensors = [Made((1, size, size, channels), name=name)]
    steps: list[tuple[str, tuple[int, ...], tuple[int, ...]]] = []
    for index in range(depthwise):
        tensors.append(Made((1, 7, 7, 16)))
        steps.append(("DEPTHWISE_CONV_2D", (index,), (index + 1,)))
    tensors += [
        Made((units, 16), data=np.zeros((units, 16), np.float32)),
        Made((1, units)),
        Made((2, units), data=np.zeros((2, units), np.float32)),
        Made((1, 2)),
        Made((1, 2)),
    ]
    at = depthwise + 1
    steps += [("FULLY_CONNECTED", (depthwise, at), (at + 1,)), ("FULLY_CONNECTED", (at + 1, at + 2), (at + 3,))]
    steps.append(("SOFTMAX", (at + 3,), (at + 4,)))
    return read_graph(Plan(tensors, steps).build())


@pytest.mark.parametrize(
    ("name", "size", "channels", "units", "is_one"),
    [
        ("sequential_1_input", 224, 3, 100, True),
        ("serving_default_sequential_3_input:0", 224, 3, 100, True),
        ("sequential_1_input", 96, 1, 100, True),
        ("sequential_input", 224, 3, 100, False),
        ("sequential_1_input", 180, 3, 100, False),
        ("sequential_1_input", 224, 3, 128, False),
        ("input_1", 224, 3, 100, False),
    ],
)
def test_teachable_machines_exports(name: str, size: int, channels: int, units: int, is_one: bool) -> None:
    graph = teachable(name, size, channels, units)
    form = input_form(graph.tensors[0])
    assert is_teachable_machine(graph, form) == is_one
    found = find_scale(graph, form, Metadata())
    assert found == (Finding(SCALES["-1..1"], "Teachable Machine", resize="crop") if is_one else None)


def test_a_network_of_few_layers_is_not_teachable_machines() -> None:
    graph = teachable("sequential_1_input", depthwise=2)
    assert not is_teachable_machine(graph, input_form(graph.tensors[0]))
