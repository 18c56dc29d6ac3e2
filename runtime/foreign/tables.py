"""Tables of a FlatBuffers file, read field by field with every offset checked.

The wire format is that of FlatBuffers' "internals" document. By hand: a device has no flatbuffers package, and that
package does not check where an offset leads.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Damaged = (struct.error, IndexError, ValueError, OverflowError)  # what reading a damaged file raises


@dataclass(frozen=True)
class Table:
    """A table at a place in a file. A field that the table does not have is 0, "", or empty.

    Attributes:
        data: The whole file.
        position: Byte where the table begins.
    """

    data: bytes
    position: int

    @classmethod
    def root(cls, data: bytes) -> Table:
        """The table that a file is.

        Args:
            data: The whole file.

        Returns:
            Its root table.

        Raises:
            IndexError: It is cut short or damaged; so do struct.error and ValueError, of every method (see Damaged).
        """
        return cls(data, _follow(data, 0))

    def scalar(self, number: int, kind: str, default: float = 0) -> Any:
        """A number.

        Args:
            number: Number of the field in its table, from 0.
            kind: Type as in the module struct, such as "b" or "I".
            default: Where the table does not have it.

        Returns:
            The number, int or float.
        """
        place = self._place(number)
        return default if place is None else struct.unpack_from(f"<{kind}", self.data, _inside(self.data, place, 1))[0]

    def text(self, number: int) -> str:
        """A string; bytes that are not UTF-8 become U+FFFD.

        Args:
            number: Number of the field.

        Returns:
            The text.
        """
        return self.array(number, "u1").tobytes().decode("utf-8", errors="replace")

    def array(self, number: int, dtype: str) -> NDArray[Any]:
        """A vector of numbers.

        Args:
            number: Number of the field.
            dtype: Type of one of them, such as "u1" or "<i4".

        Returns:
            (length,), a view of the file.
        """
        place = self._place(number)
        if place is None:
            return np.zeros(0, dtype)
        start, length = self._vector(_follow(self.data, place))
        _inside(self.data, start, length * np.dtype(dtype).itemsize)
        return np.frombuffer(self.data, dtype, length, start)

    def table(self, number: int) -> Table | None:
        """A table within this one.

        Args:
            number: Number of the field.

        Returns:
            The table; None where there is none.
        """
        place = self._place(number)
        return None if place is None else Table(self.data, _follow(self.data, place))

    def tables(self, number: int) -> Iterator[Table]:
        """A vector of tables.

        Args:
            number: Number of the field.

        Returns:
            Each table, in order.
        """
        place = self._place(number)
        if place is None:
            return
        start, length = self._vector(_follow(self.data, place))
        _inside(self.data, start, 4 * length)
        for index in range(length):
            yield Table(self.data, _follow(self.data, start + 4 * index))

    def _vector(self, position: int) -> tuple[int, int]:
        return position + 4, int(struct.unpack_from("<I", self.data, _inside(self.data, position, 4))[0])

    def _place(self, number: int) -> int | None:
        """Where a field's value is; None where the table does not have it."""
        back = struct.unpack_from("<i", self.data, _inside(self.data, self.position, 4))[0]
        vtable = _inside(self.data, self.position - back, 4)
        size = struct.unpack_from("<H", self.data, vtable)[0]
        slot = 4 + 2 * number
        if slot + 2 > size:
            return None
        offset = struct.unpack_from("<H", self.data, _inside(self.data, vtable + slot, 2))[0]
        return self.position + offset if offset else None


def _follow(data: bytes, position: int) -> int:
    return position + int(struct.unpack_from("<I", data, _inside(data, position, 4))[0])


def _inside(data: bytes, position: int, size: int) -> int:
    """The position, where `size` bytes from there lie inside the file; else IndexError."""
    if position < 0 or position + size > len(data):
        raise IndexError(position)
    return position
