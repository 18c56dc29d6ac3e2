"""A file that is not whole is refused before an interpreter, which may die of it, sees it."""

from __future__ import annotations

import struct

import pytest

from runtime.errors import ModelError
from runtime.tflite.flatbuffer import check_flatbuffer
from runtime.tflite.tables import read_vtable, root
from tests.runtime.tflite.flatbuffers import Scalar, Vector, adder, flatbuffer, graph, model, tensor


def test_a_whole_model_passes(bare_model: bytes) -> None:
    check_flatbuffer(bare_model)


def test_cut_anywhere_it_is_refused(bare_model: bytes) -> None:
    for size in range(16, len(bare_model) - 64, 211):
        with pytest.raises(ModelError, match="cut short or damaged"):
            check_flatbuffer(bare_model[:size])


@pytest.mark.parametrize("data", [b"", b"TFL3", b"hello, this is no model at all", b"PK\x03\x04" + bytes(64)])
def test_other_files_get_an_error_that_says_what_was_expected(data: bytes) -> None:
    with pytest.raises(ModelError, match=r"expected a \.tflite model"):
        check_flatbuffer(data)


def test_an_offset_that_leads_outside_is_refused(bare_model: bytes) -> None:
    with pytest.raises(ModelError, match="cut short or damaged"):
        check_flatbuffer(b"\xff\xff\xff\x7f" + bare_model[4:])


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"])
def test_a_keras_model_is_told_to_be_converted(start: bytes) -> None:
    with pytest.raises(ModelError, match=r"received a \.keras or \.h5 file\. Convert it: python -m convert FILE"):
        check_flatbuffer(start + bytes(99))


def test_parts_that_are_referred_to_many_times_are_walked_once() -> None:
    """4,000 references to a subgraph with 4,000 references to a tensor: 16 million tables to look at in 33 KB."""
    shared = tensor((1, 4))
    subgraph = graph([shared] * 4000, (0,), (0,), [])
    data = flatbuffer(model([], [subgraph] * 4000))
    assert len(data) < 40_000
    with pytest.raises(ModelError, match="over one another"):
        check_flatbuffer(data)


def test_a_field_that_lies_behind_its_table_is_refused() -> None:
    data = bytearray(flatbuffer(adder()))
    position = root(bytes(data)).tables(2)[0].tables(0)[1].position
    vtable, _, _ = read_vtable(bytes(data), position)
    struct.pack_into("<H", data, vtable + 6, 60_000)  # of the tensor's type
    with pytest.raises(ModelError, match="cut short or damaged"):
        check_flatbuffer(bytes(data))


def test_a_text_ends_with_a_zero() -> None:
    data = flatbuffer({3: b"a description at the end"})
    end = root(data).extent(3)[0] + len(b"a description at the end")
    check_flatbuffer(data[: end + 1])
    with pytest.raises(ModelError, match="cut short or damaged"):
        check_flatbuffer(data[:end])


@pytest.mark.parametrize(("field", "kind"), [(4, 17), (4, 115), (12, 3)])
def test_the_vectors_of_an_operators_options_lie_inside(field: int, kind: int) -> None:
    table = adder()
    table[2][0][3][0] |= {field - 1: Scalar("B", kind), field: {0: Vector("i", (1, 2))}}
    data = bytearray(flatbuffer(table))
    options = root(bytes(data)).tables(2)[0].tables(3)[0].table(field)
    assert options is not None
    struct.pack_into("<I", data, options.extent(0)[0] - 4, 2**30)
    with pytest.raises(ModelError, match="cut short or damaged"):
        check_flatbuffer(bytes(data))
