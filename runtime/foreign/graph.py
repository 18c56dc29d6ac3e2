"""The operators and tensors of a .tflite, as far as they tell how it is fed and what it gives.

The layout is that of the public TFLite schema, version 3 (tensorflow/compiler/mlir/lite/schema/schema.fbs).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.errors import ModelError
from runtime.foreign.tables import Damaged, Table
from runtime.tflite.operators import CUSTOM, builtin_operators

# Types of tensors by their number in the schema. Types of less than a byte, and those that are no numbers, as words.
TYPES = (
    *("float32", "float16", "int32", "uint8", "int64", "string", "bool", "int16", "complex64", "int8", "float64"),
    *("complex128", "uint64", "resource", "variant", "uint32", "uint16", "int4", "bfloat16", "int2", "uint4"),
)
NUMBERS = {"float32", "float16", "float64", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"}


@dataclass(frozen=True, eq=False)  # == of arrays is no single truth value
class Tensor:
    """A tensor of the model. real = scale * (stored - zero_point).

    Attributes:
        name: Name that the exporter gave it.
        shape: Shape; a size that is left open is 1.
        signature: Shape; a size that is left open is -1.
        dtype: Such as "float32"; "type 99" where the schema has no such type.
        scales: One, or one for each channel; empty where the tensor is not quantized.
        zero_points: As many as `scales`.
        axis: Of the channels that `scales` are for.
        data: Bytes of a constant; empty where the tensor is computed.
    """

    name: str
    shape: tuple[int, ...]
    signature: tuple[int, ...]
    dtype: str
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    axis: int = 0
    data: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))

    def values(self) -> NDArray[np.float64] | None:
        """Real values of a constant.

        Returns:
            float64 of the tensor's shape; None where it is no constant of numbers, or is quantized by channel.
        """
        if not self.data.size or self.dtype not in NUMBERS or len(self.scales) > 1:
            return None
        stored = np.frombuffer(self.data.tobytes(), np.dtype(self.dtype).newbyteorder("<"))
        if stored.size != np.prod(self.shape, dtype=np.int64):
            return None
        real = stored.astype(np.float64).reshape(self.shape)
        return (real - self.zero_points[0]) * self.scales[0] if self.scales else real


@dataclass(frozen=True)
class Operator:
    """One step of the model.

    Attributes:
        name: As the schema has it, such as "SOFTMAX", or that of a custom operator.
        version: Version of a built-in operator.
        inputs: Indices of tensors; -1 where an optional one is left out.
        outputs: Indices of tensors.
        is_custom: Whether it is none of the schema's.
    """

    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    is_custom: bool = False


@dataclass(frozen=True)
class Graph:
    """The main graph of a model.

    Attributes:
        tensors: All of them, by index.
        operators: In the order of their execution.
        inputs: Indices of tensors.
        outputs: Indices of tensors.
        metadata: Bytes of the model's metadata by name, such as "TFLITE_METADATA".
        description: Free text of the exporter.
    """

    tensors: Sequence[Tensor]
    operators: Sequence[Operator]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    metadata: Mapping[str, bytes]
    description: str = ""

    def maker(self, tensor: int) -> Operator | None:
        """The operator that computes a tensor.

        Args:
            tensor: Its index.

        Returns:
            The operator; None for an input and a constant.
        """
        return next((operator for operator in self.operators if tensor in operator.outputs), None)

    def users(self, tensor: int) -> list[Operator]:
        """The operators that a tensor goes into.

        Args:
            tensor: Its index.

        Returns:
            Each of them, in order.
        """
        return [operator for operator in self.operators if tensor in operator.inputs]


def read_graph(model: bytes) -> Graph:
    """Read the main graph of a model.

    Args:
        model: A bare .tflite flatbuffer.

    Returns:
        Its graph.

    Raises:
        ModelError: It is cut short or damaged.

    Example:
        >>> from pathlib import Path
        >>> graph = read_graph(Path("runtime/models/digits.tflite").read_bytes())
        >>> graph.tensors[graph.inputs[0]].shape, graph.operators[-1].name
        ((1, 28, 28, 1), 'FULLY_CONNECTED')
    """
    try:
        return _read(Table.root(model))
    except Damaged:
        raise ModelError("the .tflite model is cut short or damaged. Copy it again") from None


def _read(root: Table) -> Graph:
    buffers = list(root.tables(4))
    names = [operator.name for operator in builtin_operators()]
    codes = [_code(table, names) for table in root.tables(1)]
    graph = next(root.tables(2), None)
    if graph is None:
        raise IndexError("no graph")
    tensors = [_tensor(table, buffers) for table in graph.tables(0)]
    operators = [_operator(table, codes) for table in graph.tables(3)]
    ends = _indices(graph, 1, len(tensors)), _indices(graph, 2, len(tensors))
    metadata = {table.text(0): _content(buffers, table.scalar(1, "I")).tobytes() for table in root.tables(6)}
    return Graph(tensors, operators, *ends, metadata, root.text(3))


def _code(table: Table, names: Sequence[str]) -> tuple[str, int, bool]:
    """(name, version, whether it is a custom one) of an operator code."""
    number = max(table.scalar(0, "b"), table.scalar(3, "i"))  # the first is of before there were 127 operators
    if number == CUSTOM:
        return table.text(1) or "without a name", 1, True
    return names[number] if 0 <= number < len(names) else f"operator {number}", table.scalar(2, "i", 1), False


def _operator(table: Table, codes: Sequence[tuple[str, int, bool]]) -> Operator:
    name, version, is_custom = codes[table.scalar(0, "I")]
    inputs, outputs = (tuple(table.array(number, "<i4").tolist()) for number in (1, 2))
    return Operator(name, version, inputs, outputs, is_custom)


def _tensor(table: Table, buffers: Sequence[Table]) -> Tensor:
    number = table.scalar(1, "b")
    shape = tuple(table.array(0, "<i4").tolist())
    signature = tuple(table.array(7, "<i4").tolist())
    quantization: Any = table.table(4) or Table(bytes(12), 8)  # of no fields
    scales = tuple(quantization.array(2, "<f4").tolist())
    zeros = tuple(quantization.array(3, "<i8").tolist())
    return Tensor(
        name=table.text(3),
        shape=shape,
        signature=signature if len(signature) == len(shape) else shape,
        dtype=TYPES[number] if 0 <= number < len(TYPES) else f"type {number}",
        scales=scales,
        zero_points=(*zeros, *(0,) * (len(scales) - len(zeros))),
        axis=quantization.scalar(6, "i"),
        data=_content(buffers, table.scalar(2, "I")),
    )


def _content(buffers: Sequence[Table], number: int) -> NDArray[np.uint8]:
    """A buffer's bytes: within its table, or, of models above 2 GiB, at an offset in the file."""
    buffer = buffers[number]
    offset, size = buffer.scalar(1, "Q"), buffer.scalar(2, "Q")
    if offset > 1 and size:
        if offset + size > len(buffer.data):
            raise IndexError(offset)
        return np.frombuffer(buffer.data, np.uint8, size, offset)
    return buffer.array(0, "u1")


def _indices(graph: Table, number: int, count: int) -> tuple[int, ...]:
    found = tuple(graph.array(number, "<i4").tolist())
    if any(not 0 <= index < count for index in found):
        raise IndexError(found)
    return found
