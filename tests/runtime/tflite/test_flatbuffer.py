"""A file that is not whole is refused before an interpreter, which may die of it, sees it."""

from __future__ import annotations

import pytest

from runtime.errors import ModelError
from runtime.tflite.flatbuffer import check_flatbuffer


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
