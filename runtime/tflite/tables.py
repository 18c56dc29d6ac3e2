"""Tables of a flatbuffer, read by hand: a table's vtable says where its fields lie, by the numbers of the schema.

The wire format is FlatBuffers' "internals" document; the fields' numbers are those of the public schema of the file: of
a model TFLite's, version 3 (tensorflow/compiler/mlir/lite/schema/schema.fbs). By hand: a device has no flatbuffers
package, and that package does not check where an offset leads.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

Damaged = (struct.error, IndexError, ValueError, OverflowError)  # what reading a damaged file raises


@dataclass(frozen=True, eq=False, repr=False)
class Table:
    """A table of a flatbuffer; its fields are read by their numbers in the schema.

    No field is ever read from outside the file: a damaged one raises one of `Damaged`.

    Attributes:
        data: The flatbuffer.
        position: Where the table starts, bytes.

    Example:
        >>> from pathlib import Path
        >>> from runtime.tflite.card_file import split_card
        >>> model, _ = split_card(Path("runtime/models/digits.tflite").read_bytes())
        >>> root(model).scalar(0, "I")  # of a Model, the schema's version
        3
    """

    data: bytes
    position: int

    def scalar(self, number: int, code: str, default: float = 0) -> Any:
        """A number of the table.

        Args:
            number: Number of the field.
            code: Its type, as struct has it: "b", "B", "i", "I", "Q", "f".
            default: The schema's, for a field that is not there.

        Returns:
            The value: an int; a float of code "f".
        """
        place = self._place(number)
        return struct.unpack_from(f"<{code}", self.data, place)[0] if place else default

    def numbers(self, number: int, code: str) -> tuple[float, ...]:
        """A vector of numbers.

        Args:
            number: Number of the field.
            code: Their type, as struct has it.

        Returns:
            The values; none where the field is not there.
        """
        start, length = self.extent(number)
        return struct.unpack_from(f"<{length}{code}", self.data, start)

    def tables(self, number: int) -> list[Table]:
        """A vector of tables.

        Args:
            number: Number of the field.

        Returns:
            The tables; none where the field is not there.
        """
        start, length = self.extent(number)
        check_inside(self.data, start, 4 * length)
        return [Table(self.data, follow_offset(self.data, start + 4 * index)) for index in range(length)]

    def table(self, number: int) -> Table | None:
        """A table.

        Args:
            number: Number of the field.

        Returns:
            The table; None where the field is not there.
        """
        place = self._place(number)
        return Table(self.data, follow_offset(self.data, place)) if place else None

    def text(self, number: int) -> bytes:
        """A string, as it lies in the file: whether it is UTF-8 is not said.

        Args:
            number: Number of the field.

        Returns:
            Its bytes; none where the field is not there.
        """
        start, length = self.extent(number)
        return self.data[check_inside(self.data, start, length) : start + length]

    def words(self, number: int) -> str:
        """A string, for a person.

        Args:
            number: Number of the field.

        Returns:
            Its text; bytes that are not UTF-8 become U+FFFD.
        """
        return self.text(number).decode("utf-8", "replace")

    def extent(self, number: int) -> tuple[int, int]:
        """Where a vector or a string lies.

        Args:
            number: Number of the field.

        Returns:
            (position of its first element, number of elements), which may end outside; (0, 0) where the field is not
            there.
        """
        place = self._place(number)
        if not place:
            return 0, 0
        target = follow_offset(self.data, place)
        return target + 4, int(struct.unpack_from("<I", self.data, target)[0])

    def _place(self, number: int) -> int:
        vtable, size, _ = read_vtable(self.data, self.position)
        slot = 4 + 2 * number
        offset = struct.unpack_from("<H", self.data, vtable + slot)[0] if slot + 2 <= size else 0
        return self.position + int(offset) if offset else 0


def root(data: bytes) -> Table:
    """The table that a flatbuffer is.

    Args:
        data: The flatbuffer.

    Returns:
        The table.
    """
    return Table(data, follow_offset(data, 0))


def read_vtable(data: bytes, table: int) -> tuple[int, int, int]:
    """Find the vtable of a table.

    Args:
        data: A flatbuffer, that may be damaged.
        table: Where the table starts, bytes.

    Returns:
        (where its vtable starts, the size of the vtable, the size of the table), bytes.

    Raises:
        IndexError: One of them lies outside.
    """
    vtable = table - struct.unpack_from("<i", data, check_inside(data, table, 4))[0]
    return vtable, *struct.unpack_from("<HH", data, check_inside(data, vtable, 4))


def follow_offset(data: bytes, position: int) -> int:
    """Follow a reference.

    Args:
        data: A flatbuffer, that may be damaged.
        position: Where the reference is, bytes.

    Returns:
        Where it leads, which may be outside.

    Raises:
        IndexError: The reference itself lies outside.
    """
    return position + int(struct.unpack_from("<I", data, check_inside(data, position, 4))[0])


def check_inside(data: bytes, position: int, size: int) -> int:
    """Check that bytes lie inside.

    Args:
        data: A flatbuffer, that may be damaged.
        position: Where they start.
        size: How many.

    Returns:
        The position.

    Raises:
        IndexError: They do not.
    """
    if position < 0 or position + size > len(data):
        raise IndexError(position)
    return position
