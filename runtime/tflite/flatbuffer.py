"""Check that a .tflite flatbuffer is whole: tflite-runtime 2.14 does not, and crashes on a cut file (SIGSEGV).

Every offset that leads to tensors, operators and weights must stay inside the file. The layout is that of the public
TFLite schema, version 3 (tensorflow/compiler/mlir/lite/schema/schema.fbs); the wire format is FlatBuffers' "internals"
document. By hand: the flatbuffers package reads without checking, and the device would need it for this alone.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from runtime.errors import ModelError

IDENTIFIER = b"TFL3"
KERAS_STARTS = (b"PK\x03\x04", b"\x89HDF")  # of a .keras, which is a zip, and a .h5

# Field number -> what its offset leads to: an int is a vector of scalars of that many bytes (1 also
# for strings), a str a table of that name, a list a vector of such tables.
_SCHEMA: Mapping[str, Mapping[int, int | str | list[str]]] = {
    "Model": {1: ["OperatorCode"], 2: ["SubGraph"], 3: 1, 4: ["Buffer"]},
    "OperatorCode": {1: 1},
    "SubGraph": {0: ["Tensor"], 1: 4, 2: 4, 3: ["Operator"], 4: 1},
    "Tensor": {0: 4, 3: 1, 4: "Quantization"},
    "Quantization": {0: 4, 1: 4, 2: 4, 3: 8},
    "Operator": {1: 4, 2: 4, 5: 1, 8: 4},
    "Buffer": {0: 1},
}


def check_flatbuffer(data: bytes) -> None:
    """Check that every part of a model lies inside it.

    Args:
        data: A bare .tflite flatbuffer.

    Raises:
        ModelError: It is no .tflite, or it is cut short or damaged.

    Example:
        >>> try:
        ...     check_flatbuffer(b"not a model at all")
        ... except ModelError as error:
        ...     print(str(error).partition(";")[0])
        expected a .tflite model (the letters TFL3 at byte 4)
    """
    if data.startswith(KERAS_STARTS):
        raise ModelError("expected a .tflite model; received a .keras or .h5 file. Convert it: python -m convert FILE")
    if len(data) < 16 or data[4:8] != IDENTIFIER:
        raise ModelError(
            f"expected a .tflite model (the letters TFL3 at byte 4); received {len(data)} bytes that start with "
            f"{data[:8]!r}. Make one with: python -m convert"
        )
    try:
        _check_table(data, _follow_offset(data, 0), "Model")
    except (struct.error, IndexError):
        raise ModelError(
            f"the .tflite model is cut short or damaged: parts of it lie outside its {len(data)} bytes. Copy it again"
        ) from None


def _check_table(data: bytes, table: int, name: str) -> None:
    vtable = table - struct.unpack_from("<i", data, _check_inside(data, table, 4))[0]
    size = struct.unpack_from("<H", data, _check_inside(data, vtable, 4))[0]
    _check_inside(data, vtable, size)
    for number, kind in _SCHEMA[name].items():
        slot = 4 + 2 * number
        if slot + 2 > size:
            continue
        offset = struct.unpack_from("<H", data, vtable + slot)[0]
        if offset:
            _check_field(data, _follow_offset(data, table + offset), kind)


def _check_field(data: bytes, target: int, kind: int | str | list[str]) -> None:
    if isinstance(kind, str):
        _check_table(data, target, kind)
        return
    length = struct.unpack_from("<I", data, _check_inside(data, target, 4))[0]
    _check_inside(data, target + 4, length * (kind if isinstance(kind, int) else 4))
    if isinstance(kind, list):
        for index in range(length):
            _check_table(data, _follow_offset(data, target + 4 + 4 * index), kind[0])


def _follow_offset(data: bytes, position: int) -> int:
    return position + int(struct.unpack_from("<I", data, _check_inside(data, position, 4))[0])


def _check_inside(data: bytes, position: int, size: int) -> int:
    """The position, where `size` bytes from there lie inside the file; else IndexError."""
    if position < 0 or position + size > len(data):
        raise IndexError(position)
    return position
