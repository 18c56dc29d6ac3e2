"""Operators and tensors, as the file has them."""

from __future__ import annotations

import random
from contextlib import suppress

import numpy as np
import pytest

from runtime.errors import ModelError
from runtime.foreign.graph import read_graph
from tests.runtime.foreign.build import Made, Plan, classifier, quantized


def test_tensors_operators_and_ends() -> None:
    graph = read_graph(classifier(shape=(-1, 8, 8, 3), metadata={"min_runtime_version": b"1.5"}))
    assert [operator.name for operator in graph.operators] == ["RESHAPE", "FULLY_CONNECTED", "SOFTMAX"]
    tensor = graph.tensors[graph.inputs[0]]
    assert (tensor.name, tensor.shape, tensor.signature, tensor.dtype) == (
        "picture",
        (1, 8, 8, 3),
        (-1, 8, 8, 3),
        "float32",
    )
    assert graph.tensors[graph.outputs[0]].shape == (1, 3)
    assert graph.metadata == {"min_runtime_version": b"1.5"}
    assert graph.maker(graph.outputs[0]) == graph.operators[-1]
    assert graph.users(graph.inputs[0]) == graph.operators[:1]
    assert graph.maker(graph.inputs[0]) is None


def test_quantization_and_constants() -> None:
    graph = read_graph(quantized(dtype="uint8", scale=0.5, zero=3))
    tensor = graph.tensors[0]
    assert (tensor.dtype, tensor.scales, tensor.zero_points) == ("uint8", (0.5,), (3,))
    constant = graph.tensors[1]
    assert constant.values() is not None
    assert tensor.values() is None
    values = np.array([1, 3], np.uint8)
    plan = Plan([Made((2,), "uint8", (0.5,), (1,), values)], [], inputs=(), outputs=())
    stored = read_graph(plan.build()).tensors[0].values()
    assert stored is not None
    assert stored.tolist() == [0.0, 1.0]


def test_custom_and_new_operators_have_names() -> None:
    plan = Plan([Made((1,)), Made((1,))], [("FlexConv2D", (0,), (1,)), ("STABLEHLO_CASE", (0,), (1,))])
    operators = read_graph(plan.build()).operators
    assert [one.name for one in operators] == ["FlexConv2D", "STABLEHLO_CASE"]


def test_damaged_files_are_one_line() -> None:
    sound = classifier()
    broken = 0
    for seed in range(1500):
        chance = random.Random(seed)
        data = bytearray(sound if seed % 3 else sound[: chance.randint(8, len(sound))])
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(8, len(data)) if len(data) > 8 else 0] = chance.randrange(256)
        with suppress(ModelError):
            read_graph(bytes(data))
            continue
        broken += 1
    assert broken > 400


def test_a_file_without_a_graph() -> None:
    with pytest.raises(ModelError, match="cut short or damaged"):
        read_graph(b"\x08\0\0\0TFL3" + bytes(8))
