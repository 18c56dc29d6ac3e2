"""The structure of JPEG files: whole ones, and those that are cut short."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest

from runtime.image.jpeg import decode_jpeg, parse_jpeg
from runtime.image.jpeg_scans import is_cut_jpeg, read_frame
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
    header = parse_jpeg(data)
    assert (header.width, header.height) == SIZE
    assert not is_cut_jpeg(data)
    assert not is_cut_jpeg(data + b"what a phone appends")


@pytest.mark.parametrize("name", WHOLE)
def test_a_jpeg_that_is_cut_short(name: str) -> None:
    data = WHOLE[name]
    for length in (len(data) - 1, len(data) - 2, len(data) - 40):
        assert is_cut_jpeg(data[:length])


def test_what_is_not_a_jpeg_has_no_size_and_is_not_cut() -> None:
    png = cv2.imencode(".png", np.zeros((7, 9), np.uint8))[1].tobytes()
    for data in (b"", b"\xff", b"\xff\xd8\xff", b"\xff\xd8\xff\xe0", b"text" * 99, jpeg(50)[:20], png):
        assert not is_cut_jpeg(data)
        assert read_frame(data) is None


def test_a_damaged_jpeg_of_a_stream_is_left_to_the_caller() -> None:
    assert decode_jpeg(b"\xff\xd8\xff\xe0 damaged \xff\xd9") is None
    assert decode_jpeg(b"") is None
