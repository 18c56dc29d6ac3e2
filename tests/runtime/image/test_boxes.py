"""The boxes of AVIF and JPEG 2000."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest

from runtime.image.boxes import boxes, parse_avif, parse_jpeg2000
from tests.runtime.image import made


@pytest.mark.parametrize("orientation", range(1, 9))
def test_avif(orientation: int) -> None:
    header = parse_avif(made.pil(made.scene(), "AVIF", exif=made.exif(orientation)))
    assert (header.width, header.height, header.channels, header.depth) == (80, 60, 3, 1)
    assert header.orientation == orientation


def test_avif_with_transparency_takes_more() -> None:
    picture = np.dstack([made.scene(), made.scene()[..., 0]])
    header = parse_avif(made.pil(picture, "AVIF", "RGBA"))
    assert header.channels == 4
    assert header.work > parse_avif(made.pil(made.scene(), "AVIF")).work


def test_an_avif_that_claims_less_than_its_data_have() -> None:
    data = bytearray(made.pil(made.scene(), "AVIF"))
    at = data.index(b"ispe") + 8
    data[at : at + 8] = struct.pack(">II", 8, 6)
    header = parse_avif(bytes(data))
    assert (header.width, header.height) == (80, 60)


@pytest.mark.parametrize("shape", [(60, 80), (60, 80, 3)])
def test_jpeg_2000(shape: tuple[int, ...]) -> None:
    data = cv2.imencode(".jp2", np.resize(made.scene(), shape).astype(np.uint8))[1].tobytes()
    for part in (data, data[data.index(b"\xff\x4f\xff\x51") :]):
        header = parse_jpeg2000(part)
        assert (header.width, header.height, header.channels) == (80, 60, 1 if len(shape) == 2 else 3)


def test_many_tiles_of_jpeg_2000_count() -> None:
    data = bytearray(cv2.imencode(".jp2", made.scene())[1].tobytes())
    at = data.index(b"\xff\x4f\xff\x51") + 24
    data[at : at + 8] = struct.pack(">II", 1, 1)
    assert parse_jpeg2000(bytes(data)).work > 60 * 80 * 8000


def test_a_box_beyond_its_part() -> None:
    with pytest.raises(ValueError, match="damaged"):
        list(boxes(b"\0\0\1\0test" + bytes(9), 0, 17))
    assert list(boxes(b"\0\0\0\x08free" + b"\0\0\0\0last" + b"1234", 0, 20)) == [(b"free", 8, 8), (b"last", 16, 20)]
