"""Operators with inputs too few, too many or missing, and tensors whose scales no kernel can compute with."""

from __future__ import annotations

import math
from typing import Any

import pytest

from runtime.errors import ModelError
from runtime.tflite.operators import CALLED, MANY, Signature, builtin_operators
from runtime.tflite.verify import verify_model
from tests.runtime.tflite.flatbuffers import (
    INT8,
    Scalar,
    Vector,
    adder,
    flatbuffer,
    graph,
    ints,
    model,
    operator,
    tensor,
)


def with_inputs(signature: Signature, inputs: tuple[int, ...]) -> bytes:
    """A model of one operator, that reads tensor 0 as often as `inputs` say."""
    count = min(max(signature.outputs[0], 1), signature.outputs[1])
    outputs = tuple(range(1, 1 + count))
    tensors = [tensor((1, 4), 6) for _ in range(1 + count)]
    kind, fields = CALLED.get(signature.name, (1, ()))
    options = (kind, {field: Scalar("i", 1) for field in fields})  # it runs the second graph
    one = operator(0, inputs, outputs, options)
    if signature.name.startswith("STABLEHLO"):  # whose options are in a field of their own
        one |= {11: one.pop(3), 12: one.pop(4)}
    main = graph(tensors, (0,), (0,), [one])
    return flatbuffer(model([signature.name], [main, graph([], (), (), [])]))


@pytest.mark.parametrize("signature", builtin_operators(), ids=lambda signature: signature.name)
def test_every_operator_has_the_inputs_that_its_kernel_reads(signature: Signature) -> None:
    fewest, most = signature.inputs
    verify_model(with_inputs(signature, (0,) * fewest))
    if fewest:
        with pytest.raises(ModelError, match=rf"\({signature.name}\): it has {fewest - 1} inputs, expected {fewest}"):
            verify_model(with_inputs(signature, (0,) * (fewest - 1)))
    if most != MANY:
        with pytest.raises(ModelError, match=rf"\({signature.name}\): it has {most + 1} inputs"):
            verify_model(with_inputs(signature, (0,) * (most + 1)))
    for number in range(fewest):
        data = with_inputs(signature, tuple(-1 if index == number else 0 for index in range(fewest)))
        if number in signature.optional:
            verify_model(data)
        else:
            with pytest.raises(ModelError, match=rf"its input {number} is missing"):
                verify_model(data)


@pytest.mark.parametrize(
    ("inputs", "outputs", "problem"),
    [
        ((0, 3), (1,), "it names tensor 3 of 3"),
        ((0, -2), (1,), "it names tensor -2 of 3"),
        ((0, 0), (-1,), "an output is missing"),
        ((0, 0), (-2,), "it names tensor -2 of 3"),
        ((0, 0), (), "it has 0 outputs, expected 1"),
        ((0, 0), (1, 1), "it has 2 outputs, expected 1"),
    ],
)
def test_indices_that_lead_nowhere_are_refused(inputs: tuple[int, ...], outputs: tuple[int, ...], problem: str) -> None:
    table = adder()
    table[2][0][3][0] |= {1: ints(*inputs), 2: ints(*outputs)}
    with pytest.raises(ModelError, match=problem):
        verify_model(flatbuffer(table))


def test_a_constant_is_not_written() -> None:
    table = adder()
    table[2][0][0][1][2] = Scalar("I", 1)
    table[4].append({0: Vector("B", (1, 2, 3, 4))})
    with pytest.raises(ModelError, match=r"operator 0 \(ADD\): it writes tensor 1, which is constant"):
        verify_model(flatbuffer(table))


QUANTIZATIONS: list[tuple[str, dict[str, Any]]] = [
    *((f"its scale is {scale}", {"scales": (scale,)}) for scale in (0.0, -2.0, math.inf, -math.inf, math.nan)),
    ("it has 1 scales and 0 zero points", {"scales": (1.0,), "zeros": ()}),
    ("it has 1 scales and 2 zero points", {"scales": (1.0,), "zeros": (0, 0)}),
    ("a zero point is not within -128 to 127", {"scales": (1.0,), "zeros": (128,)}),
    ("it has 2 scales along dimension 1", {"scales": (1.0, 1.0), "axis": 1}),
    ("it has 4 scales along dimension 2", {"scales": (1.0,) * 4, "axis": 2}),
    ("it has 4 scales along dimension -1", {"scales": (1.0,) * 4, "axis": -1}),
]


@pytest.mark.parametrize(("problem", "quantization"), QUANTIZATIONS)
def test_scales_that_no_kernel_can_compute_with_are_refused(problem: str, quantization: dict[str, Any]) -> None:
    table = adder()
    table[2][0][0][1] = tensor((1, 4), INT8, **quantization)
    with pytest.raises(ModelError, match=f"tensor 1: {problem}"):
        verify_model(flatbuffer(table))


@pytest.mark.parametrize("index", [0, 1])
def test_eight_bits_without_a_scale_are_refused_where_a_kernel_needs_it(index: int) -> None:
    table = adder()
    table[2][0][0][index] = tensor((1, 4), INT8)
    with pytest.raises(ModelError, match=rf"\(ADD\): tensor {index} is of 8 bits and has no scale"):
        verify_model(flatbuffer(table))


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({0: ints(1, -4)}, r"its shape is \(1, -4\)"),
        ({0: ints(*(1,) * 9)}, r"its shape is .*, expected up to 8 sizes"),
        ({1: Scalar("b", 77)}, "it is of type 77, which is not known"),
        ({10: Scalar("I", 1)}, "its values are in another file"),
        ({4: {4: Scalar("b", 2), 5: {0: Scalar("i", 0), 2: Scalar("i", 32)}}}, "it is quantized in blocks"),
    ],
)
def test_tensors_that_are_none_are_refused(fields: dict[int, Any], problem: str) -> None:
    table = adder()
    table[2][0][0][1] |= fields
    with pytest.raises(ModelError, match=f"tensor 1: {problem}"):
        verify_model(flatbuffer(table))


def test_options_that_lie_outside_are_refused() -> None:
    table = adder()
    table[2][0][3][0] |= {9: Scalar("Q", 2**64 - 8), 10: Scalar("Q", 16)}
    with pytest.raises(ModelError, match="its options lie outside the file"):
        verify_model(flatbuffer(table))
