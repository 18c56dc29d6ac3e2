"""Tables of a flatbuffer, read by the numbers of their fields."""

from __future__ import annotations

import pytest

from runtime.tflite.tables import check_inside, follow_offset, read_vtable, root
from tests.runtime.tflite.flatbuffers import Scalar, Vector, flatbuffer


def test_fields_come_back_and_absent_ones_have_defaults() -> None:
    child = {0: Scalar("i", -7)}
    data = flatbuffer({0: Scalar("I", 3), 1: [child, child], 2: Vector("f", (0.5, -1.0)), 3: b"name", 5: child})
    table = root(data)
    assert table.scalar(0, "I") == 3
    assert [one.scalar(0, "i") for one in table.tables(1)] == [-7, -7]
    assert table.numbers(2, "f") == (0.5, -1.0)
    assert table.text(3) == b"name"
    found = table.table(5)
    assert found is not None
    assert found.scalar(0, "i") == -7
    assert (table.scalar(4, "I", 9), table.numbers(4, "f"), table.tables(9), table.text(99)) == (9, (), [], b"")
    assert table.table(4) is None
    assert table.extent(4) == (0, 0)


def test_places_outside_are_index_errors() -> None:
    data = flatbuffer({0: Scalar("I", 3)})
    assert check_inside(data, 0, len(data)) == 0
    for position, size in ((-1, 1), (len(data), 1), (0, len(data) + 1)):
        with pytest.raises(IndexError):
            check_inside(data, position, size)
    with pytest.raises(IndexError):
        follow_offset(data, len(data) - 3)
    with pytest.raises(IndexError):
        read_vtable(data, len(data))
