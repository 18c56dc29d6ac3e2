"""What a .tflite flatbuffer says of its graphs: their tensors and operators, by the file's own numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from runtime.errors import ModelError
from runtime.tflite.operators import CALLED, CUSTOM, Signature, builtin_operators
from runtime.tflite.tables import Table, root

BLOCKWISE = 2  # type of quantization details
MISSING = -1  # index of an input that an operator does without


@dataclass(frozen=True)
class Quantization:
    """How the numbers of a tensor are stored: real = scale * (stored - zero_point).

    Attributes:
        scales: One, or one for each slice along `axis`; none where the tensor is not quantized.
        zero_points: As many.
        axis: Index of a dimension.
        blocks: (index of the tensor with the scales, index of that with the zero points, numbers in a block); None
            where it is not quantized in blocks.
    """

    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    axis: int = 0
    blocks: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Tensor:
    """A tensor of a graph.

    Attributes:
        name: As it lies in the file, perhaps no UTF-8.
        type: Number in the schema: 0 is FLOAT32, 9 INT8.
        shape: Dimensions, as the file says them; one that is left open is 1.
        signature: The same, and one that is left open is -1; () in files that leave none open.
        buffer: Index of the buffer that holds it where it is constant.
        quantization: Scales and zero points.
        is_variable: Whether it keeps its values from one run to the next.
        is_external: Whether its values are in another file.
    """

    name: bytes
    type: int
    shape: tuple[int, ...]
    signature: tuple[int, ...]
    buffer: int
    quantization: Quantization
    is_variable: bool
    is_external: bool


@dataclass(frozen=True)
class Operator:
    """An operator of a graph.

    Attributes:
        signature: Its name, and what it may read and write.
        inputs: Indices of tensors, -1 where one is missing.
        outputs: Indices of tensors.
        intermediates: Indices of tensors that it uses on the way.
        called: Indices of the graphs that it runs.
        large_options: (offset, size) in the file of its custom options; (0, 0) where they are not kept apart.
    """

    signature: Signature
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    intermediates: tuple[int, ...]
    called: tuple[int, ...]
    large_options: tuple[int, int]


@dataclass(frozen=True)
class Graph:
    """A graph: its operators run in their order.

    Attributes:
        tensors: All of its tensors, which the rest names by index.
        inputs: Indices of tensors.
        outputs: Indices of tensors.
        operators: In the order in which they run.
    """

    tensors: tuple[Tensor, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operators: tuple[Operator, ...]


@dataclass(frozen=True)
class Buffer:
    """Where the values of a constant tensor lie in the file. A size of 0 says that there are none.

    Attributes:
        start: Bytes from the start of the flatbuffer.
        size: Bytes.
    """

    start: int
    size: int


@dataclass(frozen=True)
class Model:
    """A .tflite model.

    Attributes:
        graphs: The first is the main one.
        buffers: Which the tensors name by index.
        entries: (name of an input or output, index of its graph, index of its tensor) of every named way into the
            model.
        metadata: (name, index of the buffer that holds it) of all that the file says beside its graphs.
    """

    graphs: tuple[Graph, ...]
    buffers: tuple[Buffer, ...]
    entries: tuple[tuple[bytes, int, int], ...]
    metadata: tuple[tuple[str, int], ...] = ()


def read_model(data: bytes) -> Model:
    """Read the graphs of a flatbuffer, as they stand there: whether they make sense is not said.

    Args:
        data: A bare .tflite flatbuffer that `flatbuffer.check_flatbuffer` has passed.

    Returns:
        The model.

    Raises:
        ModelError: An operator names a code that is not there.

    Example:
        >>> from pathlib import Path
        >>> from runtime.tflite.card_file import split_card
        >>> model = read_model(split_card(Path("runtime/models/digits.tflite").read_bytes())[0])
        >>> [operator.signature.name for operator in model.graphs[0].operators][-2:]
        ['DEPTHWISE_CONV_2D', 'FULLY_CONNECTED']
    """
    table = root(data)
    codes = [_code(one) for one in table.tables(1)]
    return Model(
        graphs=tuple(_graph(one, codes) for one in table.tables(2)),
        buffers=tuple(_buffer(one) for one in table.tables(4)),
        entries=tuple(entry for one in table.tables(7) for entry in _entries(one)),
        metadata=tuple((one.words(0), one.scalar(1, "I")) for one in table.tables(6)),
    )


def _graph(table: Table, codes: list[Signature]) -> Graph:
    return Graph(
        tensors=tuple(_tensor(one) for one in table.tables(0)),
        inputs=_indices(table, 1),
        outputs=_indices(table, 2),
        operators=tuple(_operator(one, codes) for one in table.tables(3)),
    )


def _tensor(table: Table) -> Tensor:
    details = table.table(4)
    return Tensor(
        name=table.text(3),
        type=table.scalar(1, "B"),
        shape=_indices(table, 0),
        signature=_indices(table, 7),
        buffer=table.scalar(2, "I"),
        quantization=_quantization(details) if details else Quantization(),
        is_variable=bool(table.scalar(5, "B")),
        is_external=bool(table.scalar(10, "I")),
    )


def _quantization(table: Table) -> Quantization:
    details = table.table(5)
    blocks = None
    if details and table.scalar(4, "B") == BLOCKWISE:
        blocks = (details.scalar(0, "i"), details.scalar(1, "i"), details.scalar(2, "i"))
    zeros = tuple(int(zero) for zero in table.numbers(3, "q"))
    return Quantization(table.numbers(2, "f"), zeros, table.scalar(6, "i"), blocks)


def _operator(table: Table, codes: list[Signature]) -> Operator:
    index = table.scalar(0, "I")
    if index >= len(codes):
        raise ModelError(f"the .tflite model is damaged: an operator has code {index} of {len(codes)}; copy it again")
    signature = codes[index]
    called = _called(table, signature.name)
    large = (table.scalar(9, "Q"), table.scalar(10, "Q"))
    return Operator(signature, _indices(table, 1), _indices(table, 2), _indices(table, 8), called, large)


def _called(table: Table, name: str) -> tuple[int, ...]:
    """The graphs that an operator runs. Without options of the right type it runs graph 0, as the interpreters do."""
    field = 12 if name.startswith("STABLEHLO") else 4
    options, kind = table.table(field), table.scalar(field - 1, "B")
    if name == "STABLEHLO_CASE":
        return _indices(options, 0) if options else ()
    expected, fields = CALLED.get(name, (0, ()))
    return tuple(options.scalar(one, "i") if options and kind == expected else 0 for one in fields)


def _code(table: Table) -> Signature:
    """The operator of an OperatorCode. Old files have its number in a field of 8 bits, newer ones in one of 32 too."""
    code = int(max(table.scalar(0, "b"), table.scalar(3, "i")))
    known = _builtin()
    if code == CUSTOM:
        name = table.words(1) or "without a name"
        return Signature(name, known[CUSTOM].inputs, known[CUSTOM].outputs, frozenset(range(256)))
    if not 0 <= code < len(known):  # of a newer schema: the interpreter says whether it has it
        return Signature(f"operator code {code}", known[CUSTOM].inputs, known[CUSTOM].outputs, frozenset())
    return known[code]


@lru_cache(maxsize=1)
def _builtin() -> tuple[Signature, ...]:
    return builtin_operators()


def _buffer(table: Table) -> Buffer:
    start, size = table.extent(0)
    offset = table.scalar(1, "Q")
    if not size and offset > 1:  # behind the flatbuffer's own tables; 0 and 1 say that it is not
        return Buffer(offset, table.scalar(2, "Q"))
    return Buffer(start, size)


def _entries(table: Table) -> list[tuple[bytes, int, int]]:
    graph = table.scalar(4, "I")
    return [(one.text(0), graph, one.scalar(1, "I")) for field in (0, 1) for one in table.tables(field)]


def _indices(table: Table, number: int) -> tuple[int, ...]:
    return tuple(int(value) for value in table.numbers(number, "i"))
