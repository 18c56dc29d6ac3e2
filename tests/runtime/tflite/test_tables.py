"""Tables of a flatbuffer, read by the numbers of their fields."""

from __future__ import annotations

import random
import struct

import pytest

from runtime.tflite.tables import Damaged, check_inside, follow_offset, read_vtable, root
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


FILE = flatbuffer(
    {
        0: Scalar("i", -5),
        1: "Käse".encode(),
        2: Vector("f", (1.5, 2.5)),
        3: [{0: Scalar("B", 7)}, {1: b"x"}],
        5: {0: b"in"},
    }
)


def read_all(data: bytes) -> None:
    table = root(data)
    table.scalar(0, "i")
    table.words(1)
    table.numbers(2, "f")
    for one in table.tables(3):
        one.scalar(0, "B")
        one.words(1)
    inner = table.table(5)
    if inner:
        inner.words(0)


def test_words_are_text_whatever_the_bytes() -> None:
    assert root(FILE).words(1) == "Käse"
    assert root(flatbuffer({0: b"\xff\xfe"})).words(0) == "\ufffd\ufffd"


def test_a_damaged_file_is_never_read_outside() -> None:
    """Nothing has checked it before, as with a model's metadata."""
    broken = 0
    for seed in range(3000):
        chance = random.Random(seed)
        data = bytearray(FILE[: chance.randint(0, len(FILE)) if seed % 3 == 0 else len(FILE)])
        for _ in range(chance.randint(0, 3) if data else 0):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            read_all(bytes(data))
        except Damaged:
            broken += 1
    assert broken > 500


def test_a_vector_as_long_as_it_claims() -> None:
    data = bytearray(FILE)
    at = data.index(struct.pack("<2f", 1.5, 2.5)) - 4
    data[at : at + 4] = (0xFFFFFFFF).to_bytes(4, "little")
    with pytest.raises(Damaged):
        root(bytes(data)).numbers(2, "f")
