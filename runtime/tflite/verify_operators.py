"""What the file shows of single tensors and operators: types, shapes, scales, and what an operator names."""

from __future__ import annotations

import math
from collections.abc import Iterator

from runtime.tflite.graph import MISSING, Graph, Model, Operator, Quantization, Tensor
from runtime.tflite.memory import ITEM_BITS
from runtime.tflite.operators import COMPARISONS, MANY, NEED_SCALES

UINT8, STRING, BOOL, INT8 = 3, 5, 6, 9  # types, by their numbers in the schema
INTEGER_RANGES = {UINT8: (0, 255), INT8: (-128, 127)}
MAX_DIMENSIONS = 8  # no kernel takes more
BLOCKWISE_READERS = frozenset({("FULLY_CONNECTED", 1), ("EMBEDDING_LOOKUP", 1)})  # (operator, input) with such kernels


def tensor_faults(model: Model, graph: Graph, tensor: Tensor) -> Iterator[str]:
    """What is wrong with a tensor by itself.

    Args:
        model: The model.
        graph: The graph that has it.
        tensor: The tensor.

    Yields:
        One line each.
    """
    if tensor.buffer >= len(model.buffers):
        yield f"it names buffer {tensor.buffer} of {len(model.buffers)}"
        return
    if tensor.is_external:
        yield "its values are in another file"
    if tensor.type not in ITEM_BITS:
        yield f"it is of type {tensor.type}, which is not known"
    if len(tensor.shape) > MAX_DIMENSIONS or min(tensor.shape, default=0) < 0:
        yield f"its shape is {tensor.shape[: MAX_DIMENSIONS + 1]}, expected up to {MAX_DIMENSIONS} sizes from 0"
    yield from _quantization_faults(model, graph, tensor)


def _quantization_faults(model: Model, graph: Graph, tensor: Tensor) -> Iterator[str]:
    how = tensor.quantization
    is_constant = model.buffers[tensor.buffer].size > 0
    if not all(math.isfinite(scale) and (scale > 0 or (scale == 0 and is_constant)) for scale in how.scales):
        yield f"its scale is {_first_odd(how)}, expected a finite number above 0"
    if how.scales and len(how.zero_points) != len(how.scales):
        yield f"it has {len(how.scales)} scales and {len(how.zero_points)} zero points"
    low, high = INTEGER_RANGES.get(tensor.type, (-(2**31), 2**31 - 1))
    if how.scales and not all(low <= zero <= high for zero in how.zero_points):
        yield f"a zero point is not within {low} to {high}"
    if len(how.scales) > 1 and not (0 <= how.axis < len(tensor.shape) and tensor.shape[how.axis] == len(how.scales)):
        expected = (
            "models for TFLite Micro alone may be so" if len(tensor.shape) == 1 else "expected one for each slice"
        )
        yield f"it has {len(how.scales)} scales along dimension {how.axis} of shape {tensor.shape}; {expected}"
    if how.blocks:
        scales, zeros, size = how.blocks
        tensors = len(graph.tensors)
        if not is_constant or not 0 <= scales < tensors or not MISSING <= zeros < tensors or size < 1:
            yield "it is quantized in blocks, which only constant weights can be"


def _first_odd(how: Quantization) -> float:
    return next(scale for scale in how.scales if not (math.isfinite(scale) and scale > 0))


def operator_faults(model: Model, graph: Graph, operator: Operator, size: int) -> Iterator[str]:
    """What is wrong with an operator: the tensors that it names, and what its kernel does not look at.

    Args:
        model: The model.
        graph: The graph that has it, whose tensors are right.
        operator: The operator.
        size: Bytes of the file.

    Yields:
        One line each.
    """
    if sum(operator.large_options) > size:
        yield "its options lie outside the file"
    yield from _count_faults(operator)
    tensors = len(graph.tensors)
    for index in (*operator.inputs, *operator.outputs, *operator.intermediates):
        if not MISSING <= index < tensors:
            yield f"it names tensor {index} of {tensors}"
            return
    for number, index in enumerate(operator.inputs):
        if index == MISSING and number not in operator.signature.optional:
            yield f"its input {number} is missing"
            return
    for index in operator.outputs:
        if index == MISSING:
            yield "an output is missing"
            return
        if model.buffers[graph.tensors[index].buffer].size:
            yield f"it writes tensor {index}, which is constant"
    yield from _type_faults(graph, operator)


def _count_faults(operator: Operator) -> Iterator[str]:
    signature = operator.signature
    for name, count, (fewest, most) in (
        ("inputs", len(operator.inputs), signature.inputs),
        ("outputs", len(operator.outputs), signature.outputs),
    ):
        if not fewest <= count <= most:
            expected = f"{fewest} or more" if most == MANY else f"{fewest} to {most}" if most > fewest else f"{fewest}"
            yield f"it has {count} {name}, expected {expected}"


def _type_faults(graph: Graph, operator: Operator) -> Iterator[str]:
    name = operator.signature.name
    if name in COMPARISONS and any(graph.tensors[index].type != BOOL for index in operator.outputs):
        yield "its output is not of type BOOL"
    needing = (*operator.inputs[: NEED_SCALES.get(name, 0)], *(operator.outputs if name in NEED_SCALES else ()))
    for index in needing:
        if graph.tensors[index].type in INTEGER_RANGES and not _is_quantized(graph.tensors[index]):
            yield f"tensor {index} is of 8 bits and has no scale"
    for number, index in enumerate((*operator.inputs, *operator.outputs)):
        if index >= 0 and graph.tensors[index].quantization.blocks and (name, number) not in BLOCKWISE_READERS:
            yield f"tensor {index} is quantized in blocks, which it does not take"


def _is_quantized(tensor: Tensor) -> bool:
    return bool(tensor.quantization.scales or tensor.quantization.blocks)
