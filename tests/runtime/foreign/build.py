"""Small .tflite files made by hand: no flatbuffers package, so that these tests run beside every interpreter."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.foreign.graph import TYPES
from runtime.tflite.operators import CUSTOM, builtin_operators

BUILTIN = [operator.name for operator in builtin_operators()]
OPTIONS = {"SOFTMAX": (9, {0: ("f", 1.0)}), "FULLY_CONNECTED": (8, {}), "RESHAPE": (17, {})}


def flatbuffer(root: Mapping[int, Any], identifier: bytes) -> bytes:
    """A FlatBuffers file of a table.

    A table is a mapping of field numbers to (struct format, number), str, array, table, or a list of tables.
    """
    out = bytearray(b"\0\0\0\0" + identifier)
    _patch(out, 0, _write(out, root))
    return bytes(out)


def _patch(out: bytearray, place: int, target: int) -> None:
    struct.pack_into("<I", out, place, target - place)


def _align(out: bytearray, size: int, ahead: int = 0) -> None:
    out += b"\0" * (-(len(out) + ahead) % size)


def _write(out: bytearray, value: Any) -> int:
    """Append a value; where it begins."""
    if isinstance(value, Mapping):
        return _write_table(out, value)
    if isinstance(value, list):
        _align(out, 4)
        start = len(out)
        out += struct.pack("<I", len(value)) + bytes(4 * len(value))
        for index, item in enumerate(value):
            _patch(out, start + 4 + 4 * index, _write(out, item))
        return start
    data = np.frombuffer(value.encode(), np.uint8) if isinstance(value, str) else np.asarray(value)
    _align(out, 16, ahead=4)
    start = len(out)
    out += struct.pack("<I", data.size) + data.tobytes() + b"\0" * isinstance(value, str)
    return start


def _write_table(out: bytearray, table: Mapping[int, Any]) -> int:
    _align(out, 8)
    slots = 1 + max(table, default=-1)
    vtable = len(out)
    out += struct.pack("<HH", 4 + 2 * slots, 4 + 8 * slots) + bytes(2 * slots)
    _align(out, 8)
    start = len(out)
    out += struct.pack("<i", start - vtable) + bytes(4 + 8 * slots)
    for number, value in table.items():
        place = start + 8 + 8 * number
        struct.pack_into("<H", out, vtable + 4 + 2 * number, place - start)
        if isinstance(value, tuple):
            struct.pack_into(f"<{value[0]}", out, place, value[1])
        else:
            _patch(out, place, _write(out, value))
    return start


@dataclass(frozen=True)
class Made:
    """A tensor to make. signature: with -1 where a size is open. data: of a constant."""

    shape: Sequence[int]
    dtype: str = "float32"
    scale: Sequence[float] = ()
    zero: Sequence[int] = ()
    data: NDArray[Any] | None = None
    name: str = ""
    axis: int = 0

    def table(self, buffer: int) -> dict[int, Any]:
        shape = [max(size, 1) for size in self.shape]
        made = {
            0: np.array(shape, np.int32),
            1: ("b", TYPES.index(self.dtype)),
            2: ("I", buffer),
            3: self.name or f"tensor_{buffer}",
        }
        if self.scale:
            zero = list(self.zero) or [0] * len(self.scale)
            quantization = {2: np.array(self.scale, np.float32), 3: np.array(zero, np.int64), 6: ("i", self.axis)}
            made[4] = quantization
        if min(self.shape, default=1) < 0:
            made[7] = np.array(self.shape, np.int32)
        return made


@dataclass(frozen=True)
class Plan:
    """A model to make. steps: (operator, inputs, outputs), the tensors by index."""

    tensors: Sequence[Made]
    steps: Sequence[tuple[str, Sequence[int], Sequence[int]]]
    inputs: Sequence[int] = (0,)
    outputs: Sequence[int] = (-1,)
    metadata: Mapping[str, bytes] = field(default_factory=dict)

    def build(self) -> bytes:
        """The bytes of the .tflite."""
        names = list(dict.fromkeys(name for name, _, _ in self.steps))
        empty: dict[int, Any] = {}
        buffers: list[dict[int, Any]] = [empty]
        for tensor in self.tensors:
            data = None if tensor.data is None else np.frombuffer(tensor.data.tobytes(), np.uint8)
            buffers.append({} if data is None else {0: data})
        for value in self.metadata.values():
            buffers.append({0: np.frombuffer(value, np.uint8)})
        outputs = [index % len(self.tensors) for index in self.outputs]
        graph = {
            0: [tensor.table(1 + index) for index, tensor in enumerate(self.tensors)],
            1: np.array(self.inputs, np.int32),
            2: np.array(outputs, np.int32),
            3: [_operator(names.index(name), name, ins, outs) for name, ins, outs in self.steps],
            4: "main",
        }
        first = 1 + len(self.tensors)
        root = {
            0: ("I", 3),
            1: [_code(name) for name in names],
            2: [graph],
            3: "made by a test",
            4: buffers,
            6: [{0: name, 1: ("I", first + index)} for index, name in enumerate(self.metadata)],
        }
        return flatbuffer(root, b"TFL3")


def _code(name: str) -> dict[int, Any]:
    if name not in BUILTIN:
        return {0: ("b", CUSTOM), 1: name, 3: ("i", CUSTOM)}
    number = BUILTIN.index(name)
    return {0: ("b", min(number, 127)), 2: ("i", 1), 3: ("i", number)}


def _operator(code: int, name: str, inputs: Sequence[int], outputs: Sequence[int]) -> dict[int, Any]:
    made: dict[int, Any] = {0: ("I", code), 1: np.array(inputs, np.int32), 2: np.array(outputs, np.int32)}
    if name in OPTIONS:
        made[3], made[4] = ("B", OPTIONS[name][0]), OPTIONS[name][1]
    return made


def classifier(
    shape: Sequence[int] = (1, 8, 8, 3),
    classes: int = 3,
    ends: Sequence[str] = ("SOFTMAX",),
    first: Sequence[tuple[str, NDArray[np.float32]]] = (),
    name: str = "picture",
    metadata: Mapping[str, bytes] | None = None,
    weights: NDArray[np.float32] | None = None,
    bias: NDArray[np.float64] | None = None,
) -> bytes:
    """A float model that runs: arithmetic, a layer with weights, and last operators. Its weights are seeded."""
    size = int(np.prod([max(n, 1) for n in shape[1:]]))
    tensors = [Made(shape, name=name)]
    steps: list[tuple[str, Sequence[int], Sequence[int]]] = []
    here = 0
    for operator, constant in first:
        tensors += [Made(constant.shape, data=constant.astype(np.float32)), Made(shape)]
        steps.append((operator, (here, len(tensors) - 2), (len(tensors) - 1,)))
        here = len(tensors) - 1
    if weights is None:
        weights = np.random.default_rng(7).normal(0, 0.02, (classes, size)).astype(np.float32)
    tensors += [
        Made((2,), "int32", data=np.array([1, size], np.int32)),
        Made((1, size)),
        Made(weights.shape, data=weights),
        Made((classes,), data=(np.zeros(classes) if bias is None else bias).astype(np.float32)),
        Made((1, classes)),
    ]
    last = len(tensors)
    steps += [
        ("RESHAPE", (here, last - 5), (last - 4,)),
        ("FULLY_CONNECTED", (last - 4, last - 3, last - 2), (last - 1,)),
    ]
    for operator in ends:
        tensors.append(Made((1, classes)))
        steps.append((operator, (len(tensors) - 2,), (len(tensors) - 1,)))
    return Plan(tensors, steps, metadata=metadata or {}).build()


def quantized(
    shape: Sequence[int] = (1, 8, 8, 3),
    dtype: str = "int8",
    scale: float = 1 / 255,
    zero: int = -128,
    classes: int = 3,
    end: str = "SOFTMAX",
) -> bytes:
    """A model with an integer input that is only read: its weights are of one number."""
    tensors = [
        Made(shape, dtype, (scale,), (zero,), name="picture"),
        Made((classes, 1), dtype, (0.1,), (0,), np.zeros((classes, 1), dtype)),
        Made((1, classes), dtype, (0.1,), (0,)),
        Made((1, classes), dtype, (1 / 256,), (0 if dtype == "uint8" else -128,)),
    ]
    return Plan(tensors, [("FULLY_CONNECTED", (0, 1, -1), (2,)), (end, (2,), (3,))]).build()


def metadata(
    mean: Sequence[float] = (),
    std: Sequence[float] = (),
    labels: Sequence[tuple[str, str]] = (),
    threshold: float | None = None,
    words: Mapping[int, str] | None = None,
) -> bytes:
    """TFLite metadata of one input and one output. labels: (name of the file, locale). words: fields of the model."""
    units = [{0: ("B", 1), 1: {0: np.array(mean, np.float32), 1: np.array(std, np.float32)}}] if mean else []
    files: list[dict[int, Any]] = []
    for name, locale in labels:
        files.append({0: name, 2: ("b", 2), **({3: locale} if locale else {})})
    limits = [{0: ("B", 3), 1: {0: ("f", threshold)}}] if threshold is not None else []
    graph = {2: [{4: units}], 3: [{4: limits, 6: files}]}
    return flatbuffer({**(words or {}), 3: [graph]}, b"M001")


def with_files(model: bytes, files: Mapping[str, str]) -> bytes:
    """A model and a zip after it, as metadata writers append it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return model + packed.getvalue()
