"""The main graph of a .tflite, as far as it tells how the model is fed and what it gives.

runtime.tflite.graph reads the file; here types have names, constants their values, and tensors those who use them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from runtime.errors import ModelError
from runtime.tflite import graph as files
from runtime.tflite.flatbuffer import check_flatbuffer
from runtime.tflite.tables import Damaged, check_inside

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
        inputs: Indices of tensors; -1 where an optional one is left out.
        outputs: Indices of tensors.
    """

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class Graph:
    """The main graph of a model.

    Attributes:
        tensors: All of them, by index.
        operators: In the order of their execution.
        inputs: Indices of tensors.
        outputs: Indices of tensors.
        metadata: Bytes of the model's metadata by name, such as "TFLITE_METADATA".
    """

    tensors: Sequence[Tensor]
    operators: Sequence[Operator]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    metadata: Mapping[str, bytes]

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
        ModelError: It is no .tflite, or it is cut short or damaged.

    Example:
        >>> from pathlib import Path
        >>> from runtime.tflite.card_file import split_card
        >>> graph = read_graph(split_card(Path("runtime/models/digits.tflite").read_bytes())[0])
        >>> graph.tensors[graph.inputs[0]].shape, graph.operators[-1].name
        ((1, 28, 28, 1), 'FULLY_CONNECTED')
    """
    check_flatbuffer(model)
    try:
        return _graph(files.read_model(model), model)
    except Damaged:
        raise ModelError("the .tflite model is cut short or damaged. Copy it again") from None


def _graph(model: files.Model, data: bytes) -> Graph:
    constants = [_content(data, buffer) for buffer in model.buffers]
    main = model.graphs[0]
    if any(not 0 <= index < len(main.tensors) for index in (*main.inputs, *main.outputs)):
        raise IndexError("input or output")
    return Graph(
        tensors=[_tensor(tensor, constants) for tensor in main.tensors],
        operators=[Operator(one.signature.name, one.inputs, one.outputs) for one in main.operators],
        inputs=main.inputs,
        outputs=main.outputs,
        metadata={name: constants[buffer].tobytes() for name, buffer in model.metadata},
    )


def _tensor(tensor: files.Tensor, constants: Sequence[NDArray[np.uint8]]) -> Tensor:
    scales, zeros = tensor.quantization.scales, tensor.quantization.zero_points
    return Tensor(
        name=tensor.name.decode("utf-8", "replace"),
        shape=tensor.shape,
        signature=tensor.signature if len(tensor.signature) == len(tensor.shape) else tensor.shape,
        dtype=TYPES[tensor.type] if tensor.type < len(TYPES) else f"type {tensor.type}",
        scales=scales,
        zero_points=(*zeros, *(0,) * (len(scales) - len(zeros))),
        axis=tensor.quantization.axis,
        data=constants[tensor.buffer],
    )


def _content(data: bytes, buffer: files.Buffer) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8, buffer.size, check_inside(data, buffer.start, buffer.size))
