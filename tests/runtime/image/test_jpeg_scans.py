"""A JPEG whose data end early is refused, whatever end mark follows; one that is whole is read, whatever it shows."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from runtime.image.jpeg import decode_jpeg, decode_within
from runtime.image.jpeg_scans import MAX_SCANS, read_frame
from tests.runtime.image import made

KINDS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "444": {"subsampling": 0},
    "progressive": {"progressive": True},
    "progressive 444": {"progressive": True, "subsampling": 0},
    "optimized": {"optimize": True},
    "restarts": {"restart_marker_blocks": 3},
    "gray": {"mode": "L"},
    "gray progressive": {"mode": "L", "progressive": True},
    "gray restarts": {"mode": "L", "restart_marker_rows": 1},
    "cmyk": {"mode": "CMYK"},
}


def jpeg(kind: str, picture: made.Pixels) -> bytes:
    options = dict(KINDS[kind])
    return made.pil(picture, "JPEG", options.pop("mode", "RGB"), quality=90, **options)


@pytest.mark.parametrize("kind", KINDS)
def test_every_cut_with_an_end_mark_is_seen(kind: str) -> None:
    data = jpeg(kind, made.scene(96, 128))
    start = data.index(b"\xff\xda") + 14
    # What the last few bytes bring is less than a block.
    for length in range(start + 2, start + int(0.9 * (len(data) - start)), max(1, len(data) // 60)):
        part = data[:length].removesuffix(b"\xff")
        assert decode_jpeg(part + b"\xff\xd9") is None, length
        assert decode_jpeg(part) is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", [0, 127, 128, 129, 255])
def test_a_whole_picture_with_an_even_gray_bottom_is_read(kind: str, level: int) -> None:
    picture = made.scene(96, 128)
    picture[40:] = level
    data = jpeg(kind, picture)
    for sound in (data, data + b"what a phone appends", data[:2] + b"\xff\xfe\0\x06note" + data[2:]):
        image = decode_jpeg(sound)
        assert image is not None
        assert image.shape[:2] == (96, 128)


def test_even_pictures_of_every_level_are_read() -> None:
    for level in range(256):
        assert decode_jpeg(made.by_opencv(".jpg", np.full((33, 47), level, np.uint8))) is not None


@pytest.mark.parametrize("kind", ["baseline", "progressive"])
def test_a_picture_that_is_reduced_is_checked_too(kind: str) -> None:
    data = jpeg(kind, made.scene(96, 128))
    image, header, reduction = decode_within(data, 96 * 128 // 2)
    assert (image.shape, reduction, header.width) == ((48, 64, 3), 2, 128)
    with pytest.raises(ValueError, match="cut short"):
        decode_within(data[: len(data) * 3 // 5].removesuffix(b"\xff") + b"\xff\xd9", 96 * 128 // 2)


def test_scans_are_bounded() -> None:
    data = jpeg("gray progressive", made.scene(16, 16))
    last = data.rindex(b"\xff\xda")
    assert decode_jpeg(data) is not None
    with pytest.raises(ValueError, match=f"more than {MAX_SCANS} scans"):
        decode_within(data[:-2] + data[last:-2] * MAX_SCANS + data[-2:], 1_000_000)


def test_the_frame_of_a_jpeg() -> None:
    frame = read_frame(jpeg("baseline", made.scene(50, 70)))
    assert frame is not None
    assert (frame.width, frame.height, frame.bits, frame.is_progressive) == (70, 50, 8, False)
    assert (frame.units, frame.blocks) == (5 * 4, 5 * 4 * 6)
    assert read_frame(b"\xff\xd8\xff\xc0\0\x0b\x08") is None
    assert read_frame(b"text") is None


def test_a_jpeg_of_12_bits_says_so() -> None:
    data = bytearray(jpeg("baseline", made.scene()))
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(ValueError, match="12 bits a channel; OpenCV reads those of 8; convert it"):
        decode_within(bytes(data), 1_000_000)


def test_stray_bytes_between_data_and_end_do_no_harm() -> None:
    data = cv2.imencode(".jpg", made.scene())[1].tobytes()
    assert decode_jpeg(data[:-2] + b"\0\0\0" + data[-2:]) is not None
