"""Check that a .tflite flatbuffer is whole: tflite-runtime 2.14 does not, and crashes on a cut file (SIGSEGV).

Every part that leads to tensors, operators and weights must stay inside the file. By hand (see runtime.tflite.tables):
the flatbuffers package reads without checking, and the device would need it for this alone.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Union

from runtime.errors import ModelError
from runtime.tflite.tables import check_inside, follow_offset, read_vtable

IDENTIFIER = b"TFL3"
KERAS_STARTS = (b"PK\x03\x04", b"\x89HDF")  # of a .keras, which is a zip, and a .h5
SMALLEST_VTABLE = 4  # bytes: its own size, and that of the table
# The walk's length in bytes: all vectors of numbers and references, and TABLE_COST for each table. A part that is
# referred to many times counts as often: 8,000 references to one subgraph of 8,000 references to one tensor would take
# minutes, in 64 KB. A network of 500 operators has 0.3 MB.
WALKED_PER_BYTE, MAX_WALKED = 8, 8 * 2**20
TABLE_COST = 32

# What a field's offset leads to: an int is a vector of scalars of that many bytes, TEXT a string, another str a table
# of that name, a list a vector of such tables.
Kind = Union[int, str, "list[str]"]
TEXT = "text"
_SCHEMA: Mapping[str, Mapping[int, Kind]] = {
    "Model": {1: ["OperatorCode"], 2: ["SubGraph"], 3: TEXT, 4: ["Buffer"], 5: 4, 6: ["Metadata"], 7: ["SignatureDef"]},
    "OperatorCode": {1: TEXT},
    "SubGraph": {0: ["Tensor"], 1: 4, 2: 4, 3: ["Operator"], 4: TEXT},
    "Tensor": {0: 4, 3: TEXT, 4: "Quantization", 6: "Sparsity", 7: 4, 9: ["VariantSubType"]},
    "Quantization": {0: 4, 1: 4, 2: 4, 3: 8, 5: "Details"},
    "Details": {},
    "Sparsity": {0: 4, 1: 4, 2: ["DimensionMetadata"]},
    "DimensionMetadata": {3: "IndexVector", 5: "IndexVector"},
    "IndexVector": {0: 1},
    "VariantSubType": {0: 4},
    "Operator": {1: 4, 2: 4, 4: "Options", 5: 1, 7: 1, 8: 4, 12: "Options2"},
    "Options": {},
    "Options2": {},
    "Buffer": {0: 1},
    "Metadata": {0: TEXT},
    "SignatureDef": {0: ["TensorMap"], 1: ["TensorMap"], 2: TEXT},
    "TensorMap": {0: TEXT},
}
# Fields with offsets of the tables in an operator's options, by the field that holds them (4 or 12) and the number of
# their type, which the field before says.
_OPTIONS: Mapping[tuple[int, int], Mapping[int, Kind]] = {
    (4, 3): {1: 4, 2: 4},  # ConcatEmbeddings
    (4, 17): {0: 4},  # Reshape
    (4, 30): {0: 4},  # Squeeze
    (4, 111): {0: TEXT, 1: TEXT},  # VarHandle
    (4, 115): {0: 4},  # Bucketize
    (12, 2): {0: 8},  # the rest are StableHLO's: BroadcastInDim
    (12, 3): {0: 8, 1: 8, 2: 8},  # Slice
    (12, 4): {0: 8, 1: 8, 2: 8, 3: 8, 4: 1, 7: 8, 10: 8, 13: 8, 16: 4},  # Convolution
    (12, 5): {0: TEXT, 2: TEXT, 4: 4, 5: 1},  # CustomCall
    (12, 6): {0: 8},  # Reduce
    (12, 7): {1: 8, 2: 8, 3: 8},  # Scatter
    (12, 9): {0: 8},  # DynamicSlice
    (12, 10): {0: 8, 1: 8, 2: 8},  # Pad
    (12, 12): {0: 8, 1: 8, 2: 8, 3: 8, 4: 4},  # DotGeneral
    (12, 13): {0: 8, 1: 8, 2: 8, 3: 8, 4: 8},  # ReduceWindow
    (12, 16): {0: 8, 1: 8, 2: 8, 4: 8},  # Gather
    (12, 17): {0: 8},  # Transpose
    (12, 21): {0: TEXT, 2: 1},  # Composite
    (12, 23): {0: 4},  # Case
}


def check_flatbuffer(data: bytes) -> None:
    """Check that every part of a model lies inside it. Its time is linear in the file's size.

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
        _Walk(data).check_table(follow_offset(data, 0), "Model")
    except (struct.error, IndexError):
        raise ModelError(
            f"the .tflite model is cut short or damaged: parts of it lie outside its {len(data)} bytes, or over "
            "one another. Copy it again"
        ) from None


class _Walk:
    """A walk over every table of a file, that ends with IndexError where one lies outside or the walk is too long."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._left = min(WALKED_PER_BYTE * len(data), MAX_WALKED)  # bytes that may still be walked

    def check_table(self, table: int, name: str) -> None:
        vtable, size, inline = read_vtable(self._data, table)
        if size < SMALLEST_VTABLE or inline < 4:
            raise IndexError(table)
        self._take(table, inline, inline + TABLE_COST)
        check_inside(self._data, vtable, size)
        offsets = struct.unpack_from(f"<{(size - SMALLEST_VTABLE) // 2}H", self._data, vtable + SMALLEST_VTABLE)
        if max(offsets, default=0) >= inline:  # a scalar there would be read from behind the table
            raise IndexError(table)
        for number, kind in _SCHEMA[name].items():
            if number < len(offsets) and offsets[number]:
                target = follow_offset(self._data, table + offsets[number])
                if kind in ("Options", "Options2"):
                    self._check_options(table, target, number, offsets)
                self._check_field(target, kind)

    def _check_options(self, operator: int, target: int, number: int, offsets: tuple[int, ...]) -> None:
        """The vectors of an operator's options, which differ by their type; `number` is the options' field."""
        where = offsets[number - 1]
        kinds = _OPTIONS.get((number, self._data[operator + where] if where else 0), {})
        vtable, size, _ = read_vtable(self._data, target)
        for field, kind in kinds.items():
            slot = 4 + 2 * field
            offset = struct.unpack_from("<H", self._data, vtable + slot)[0] if slot + 2 <= size else 0
            if offset:
                self._check_field(follow_offset(self._data, target + offset), kind)

    def _check_field(self, target: int, kind: Kind) -> None:
        if isinstance(kind, str) and kind != TEXT:
            self.check_table(target, kind)
            return
        length = struct.unpack_from("<I", self._data, check_inside(self._data, target, 4))[0]
        if kind in (TEXT, 1):  # a text ends with a zero, which C++ relies on; bytes are not looked at
            self._take(target + 4, length + (kind == TEXT), 0)
        else:
            size = length * (kind if isinstance(kind, int) else 4)
            self._take(target + 4, size, size)
        if isinstance(kind, list):
            for index in range(length):
                self.check_table(follow_offset(self._data, target + 4 + 4 * index), kind[0])

    def _take(self, position: int, size: int, cost: int) -> None:
        check_inside(self._data, position, size)
        self._left -= cost
        if self._left < 0:
            raise IndexError(position)
