"""Tables of FlatBuffers: what is there, what is left out, and what leads outside the file."""

from __future__ import annotations

import random

import numpy as np
import pytest

from runtime.foreign.tables import Damaged, Table
from tests.runtime.foreign.build import flatbuffer

FILE = flatbuffer(
    {0: ("i", -5), 1: "Käse", 2: np.array([1.5, 2.5], np.float32), 3: [{0: ("B", 7)}, {1: "x"}], 5: {0: "in"}}, b"TEST"
)


def test_fields_of_every_kind() -> None:
    root = Table.root(FILE)
    assert root.scalar(0, "i") == -5
    assert root.text(1) == "Käse"
    assert root.array(2, "<f4").tolist() == [1.5, 2.5]
    assert [table.scalar(0, "B", 9) for table in root.tables(3)] == [7, 9]
    inner = root.table(5)
    assert inner is not None
    assert inner.text(0) == "in"


def test_what_a_table_does_not_have() -> None:
    root = Table.root(FILE)
    assert root.scalar(4, "i", 3) == 3
    assert root.text(99) == ""
    assert root.array(4, "<f4").size == 0
    assert list(root.tables(4)) == []
    assert root.table(4) is None


def read_all(data: bytes) -> None:
    root = Table.root(data)
    root.scalar(0, "i")
    root.text(1)
    root.array(2, "<f4")
    for table in root.tables(3):
        table.scalar(0, "B")
        table.text(1)
    inner = root.table(5)
    if inner:
        inner.text(0)


def test_a_damaged_file_is_never_read_outside() -> None:
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
    at = data.index(np.array([1.5, 2.5], np.float32).tobytes()) - 4
    data[at : at + 4] = (0xFFFFFFFF).to_bytes(4, "little")
    with pytest.raises(IndexError):
        Table.root(bytes(data)).array(2, "<f4")
