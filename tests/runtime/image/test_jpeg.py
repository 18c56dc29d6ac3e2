"""The structure of JPEG files, and JPEGs within a stream, whatever the pieces it comes in."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from runtime.errors import SourceError
from runtime.image import jpeg as structure
from runtime.image.jpeg import claimed_size, decode_jpeg, jpeg_end, jpegs
from runtime.image.jpeg_scans import is_cut_jpeg
from tests.runtime.helpers import jpeg

SIZE = (64, 48)  # of a JPEG that tests.runtime.helpers makes, width and height


def with_thumbnail() -> bytes:
    """A JPEG with a JPEG of its own in its header, as cameras write them."""
    inner = jpeg(10)
    thumbnail = b"\xff\xe1" + struct.pack(">H", len(inner) + 2) + inner
    return jpeg(50)[:2] + thumbnail + jpeg(50)[2:]


def with_padding() -> bytes:
    """A JPEG with fill bytes before its second marker (ITU-T T.81, B.1.1.2)."""
    return jpeg(50)[:2] + b"\xff\xff\xff" + jpeg(50)[2:]


def progressive() -> bytes:
    """A JPEG of several scans, which have tables between them."""
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
    image = np.random.default_rng(3).integers(0, 256, (48, 64, 3), np.uint8)
    return cv2.imencode(".jpg", image, options)[1].tobytes()


WHOLE = {"plain": jpeg(50), "thumbnail": with_thumbnail(), "padded": with_padding(), "progressive": progressive()}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_jpeg(name: str) -> None:
    data = WHOLE[name]
    image = decode_jpeg(data)
    assert image is not None
    assert image.dtype == np.uint8
    assert image.shape == ((48, 64, 3) if name == "progressive" else (48, 64))
    assert claimed_size(data) == SIZE
    assert not is_cut_jpeg(data)
    assert not is_cut_jpeg(data + b"what a phone appends")
    assert jpeg_end(data) == jpeg_end(data + jpeg(90)) == (len(data), 0)


@pytest.mark.parametrize("name", WHOLE)
def test_a_jpeg_that_is_cut_short(name: str) -> None:
    data = WHOLE[name]
    for length in (len(data) - 1, len(data) - 2, len(data) - 40):
        assert is_cut_jpeg(data[:length])
    for length in range(len(data)):
        assert jpeg_end(data[:length])[0] == 0
    length, start = jpeg_end(data[:-40] + jpeg(90))
    assert (length, start) == (-1, len(data) - 40)


@pytest.mark.parametrize("name", WHOLE)
def test_the_end_is_found_from_where_the_last_look_stopped(name: str) -> None:
    data, position = WHOLE[name], 0
    for length in range(len(data)):
        found, position = jpeg_end(data[:length], position)
        assert (found, position) <= (0, max(2, length))
    assert jpeg_end(data, position) == (len(data), 0)


def test_what_is_not_a_jpeg_has_no_size_and_is_not_cut() -> None:
    png = cv2.imencode(".png", np.zeros((7, 9), np.uint8))[1].tobytes()
    for data in (b"", b"\xff", b"\xff\xd8\xff", b"\xff\xd8\xff\xe0", b"text" * 99, jpeg(50)[:20], png):
        assert not is_cut_jpeg(data)
        assert claimed_size(data) == (0, 0)


def test_a_damaged_jpeg_of_a_stream_is_left_to_the_caller() -> None:
    assert decode_jpeg(b"\xff\xd8\xff\xe0 damaged \xff\xd9") is None
    assert decode_jpeg(b"") is None


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_jpegs_are_found_whatever_the_pieces(size: int) -> None:
    outer = with_thumbnail()
    stream = b"--junk\r\n\r\n" + jpeg(90) + outer + jpeg(70)[:-40] + b"\r\n--junk\r\n" + jpeg(110) + jpeg(30)[:60]
    pieces = chunks(stream, size)
    assert list(jpegs(lambda _: next(pieces, b""))) == [jpeg(90), outer, jpeg(110)]


def test_a_stream_of_something_else_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(structure, "MAX_JPEG", 1000)
    rubbish = [b"x" * 999] * 9
    assert list(jpegs(lambda _: rubbish.pop() if rubbish else b"")) == []
    with pytest.raises(SourceError, match="without a whole JPEG"):
        list(jpegs(lambda _: b"\xff\xd8\xff" + b"x" * 999))
