"""Small .tflite files made by hand: tables of a flatbuffer as Python values, and a model of a few operators."""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass
from typing import Any

from runtime.tflite.operators import builtin_operators

FLOAT32, INT32, BOOL, INT8 = 0, 2, 6, 9  # types, by their numbers in the schema
CODES = {signature.name: code for code, signature in enumerate(builtin_operators())}


@dataclass(frozen=True)
class Vector:
    """Numbers, of a type as struct has it."""

    code: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Scalar:
    """One number, of a type as struct has it."""

    code: str
    value: float


def ints(*values: int) -> Vector:
    """A vector of int32."""
    return Vector("i", values)


class _Part:
    """A value by its identity, and where it is referred to."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.references: list[int] = []
        self.position = -1


def flatbuffer(model: dict[int, Any]) -> bytes:
    """The bytes of a Model table.

    A table is a dict of field numbers to values: a Scalar, a Vector, bytes (a string), a table, or a list of tables.
    One that is named several times is written once.
    """
    out = bytearray(struct.pack("<I4s", 0, b"TFL3"))
    parts: dict[int, _Part] = {}
    queue: deque[_Part] = deque()

    def refer(value: Any, position: int) -> None:
        part = parts.get(id(value))
        if part is None or part.position >= 0:  # references lead forward alone
            part = parts[id(value)] = _Part(value)
            queue.append(part)
        part.references.append(position)

    refer(model, 0)
    while queue:
        part = queue.popleft()
        out += bytes(-len(out) % 8)
        if isinstance(part.value, dict):
            part.position = _write_table(out, part.value, refer)
        else:
            out += bytes(4)  # so that what follows the length starts at a multiple of 8
            part.position = len(out)
            _write_vector(out, part.value, refer)
        for reference in part.references:
            struct.pack_into("<I", out, reference, part.position - reference)
    return bytes(out)


def _write_table(out: bytearray, fields: dict[int, Any], refer: Any) -> int:
    vtable = len(out)
    count = max(fields, default=-1) + 1
    out += bytes(4 + 2 * count)
    out += bytes(-len(out) % 8)
    table = len(out)
    out += struct.pack("<i", table - vtable)
    for number, value in fields.items():
        code = value.code if isinstance(value, Scalar) else "I"
        out += bytes(-len(out) % struct.calcsize(f"<{code}"))
        struct.pack_into("<H", out, vtable + 4 + 2 * number, len(out) - table)
        if isinstance(value, Scalar):
            out += struct.pack(f"<{code}", value.value)
        else:
            refer(value, len(out))
            out += bytes(4)
    struct.pack_into("<HH", out, vtable, 4 + 2 * count, len(out) - table)
    return table


def _write_vector(out: bytearray, value: Any, refer: Any) -> None:
    if isinstance(value, Vector):
        out += struct.pack(f"<I{len(value.values)}{value.code}", len(value.values), *value.values)
    elif isinstance(value, bytes):
        out += struct.pack("<I", len(value)) + value + b"\0"
    else:
        start = len(out) + 4
        out += struct.pack("<I", len(value)) + bytes(4 * len(value))
        for index, table in enumerate(value):
            refer(table, start + 4 * index)


def tensor(shape: tuple[int, ...], kind: int = FLOAT32, buffer: int = 0, **quantization: Any) -> dict[int, Any]:
    """A tensor; `scales` and `zeros` quantize it, `axis` is the dimension of several scales."""
    fields: dict[int, Any] = {0: ints(*shape), 1: Scalar("b", kind), 2: Scalar("I", buffer), 3: b"t"}
    if quantization:
        scales, zeros = quantization["scales"], quantization.get("zeros", (0,) * len(quantization["scales"]))
        fields[4] = {2: Vector("f", scales), 3: Vector("q", zeros), 6: Scalar("i", quantization.get("axis", 0))}
    return fields


def operator(code: int, inputs: tuple[int, ...], outputs: tuple[int, ...], options: Any = None) -> dict[int, Any]:
    """An operator; `code` is its place in the model's list, `options` (type, table)."""
    fields: dict[int, Any] = {0: Scalar("I", code), 1: ints(*inputs), 2: ints(*outputs)}
    if options:
        fields |= {3: Scalar("B", options[0]), 4: options[1]}
    return fields


def graph(
    tensors: list[Any], inputs: tuple[int, ...], outputs: tuple[int, ...], operators: list[Any]
) -> dict[int, Any]:
    """A subgraph."""
    return {0: tensors, 1: ints(*inputs), 2: ints(*outputs), 3: operators, 4: b"main"}


def model(names: list[str], graphs: list[Any], constants: tuple[bytes, ...] = ()) -> dict[int, Any]:
    """A Model table: operators by name, graphs, and the values of buffers 1, 2, ..."""
    codes = [{0: Scalar("b", min(CODES[name], 127)), 2: Scalar("i", 1), 3: Scalar("i", CODES[name])} for name in names]
    buffers: list[Any] = [{}, *({0: Vector("B", tuple(values))} for values in constants)]
    return {0: Scalar("I", 3), 1: codes, 2: graphs, 3: b"made by a test", 4: buffers}


def adder() -> dict[int, Any]:
    """A sound model: 1x4 int8 in, the same doubled by ADD, and SOFTMAX."""
    how: dict[str, Any] = {"scales": (0.5,), "zeros": (1,)}
    tensors = [
        tensor((1, 4), INT8, **how),
        tensor((1, 4), INT8, **how),
        tensor((1, 4), INT8, scales=(1 / 256,), zeros=(-128,)),
    ]
    operators = [operator(0, (0, 0), (1,)), operator(1, (1,), (2,), (9, {0: Scalar("f", 1)}))]
    return model(["ADD", "SOFTMAX"], [graph(tensors, (0,), (2,), operators)])


def endless_loop() -> bytes:
    """A WHILE whose condition is the constant true."""
    condition = graph([tensor((1, 4)), tensor((), BOOL, buffer=1)], (0,), (1,), [])
    body = graph([tensor((1, 4))], (0,), (0,), [])
    options = (93, {0: Scalar("i", 1), 1: Scalar("i", 2)})
    main = graph([tensor((1, 4)), tensor((1, 4))], (0,), (1,), [operator(0, (0,), (1,), options)])
    return flatbuffer(model(["WHILE"], [main, condition, body], (b"\1",)))


def tiny() -> dict[int, Any]:
    """A sound int8 network of 4x4 pixels: CONV_2D, ADD, DEPTHWISE_CONV_2D, RESHAPE, FULLY_CONNECTED, SOFTMAX."""
    how: dict[str, Any] = {"scales": (0.5,)}
    weights: dict[str, Any] = {"scales": (0.25, 0.5), "zeros": (0, 0)}
    bias: dict[str, Any] = {"scales": (0.125, 0.25), "zeros": (0, 0)}
    tensors = [
        tensor((1, 4, 4, 1), INT8, scales=(1.0,), zeros=(-128,)),
        tensor((2, 3, 3, 1), INT8, 1, **weights),
        tensor((2,), INT32, 2, **bias),
        *(tensor((1, 4, 4, 2), INT8, **how) for _ in range(3)),
        tensor((1, 3, 3, 2), INT8, 3, **weights, axis=3),
        tensor((1, 32), INT8, **how),
        tensor((2,), INT32, 4),
        tensor((2, 32), INT8, 5, scales=(0.25,)),
        tensor((1, 2), INT8, **how),
        tensor((1, 2), INT8, scales=(1 / 256,), zeros=(-128,)),
    ]
    window = {0: Scalar("b", 0), 1: Scalar("i", 1), 2: Scalar("i", 1)}  # SAME, steps of 1
    operators = [
        operator(0, (0, 1, 2), (3,), (1, window)),
        operator(1, (3, 3), (4,), (11, {0: Scalar("b", 0)})),
        operator(2, (4, 6, 2), (5,), (2, window | {3: Scalar("i", 1)})),
        operator(3, (5, 8), (7,), (17, {0: ints(1, 32)})),
        operator(4, (7, 9, -1), (10,), (8, {0: Scalar("b", 0)})),
        operator(5, (10,), (11,), (9, {0: Scalar("f", 1)})),
    ]
    names = ["CONV_2D", "ADD", "DEPTHWISE_CONV_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"]
    sides = b"".join(side.to_bytes(4, "little") for side in (1, 32))
    constants = (bytes(range(18)), bytes(8), bytes(range(18)), sides, bytes(range(64)))
    return model(names, [graph(tensors, (0,), (11,), operators)], constants)
