"""The chunks of a PNG: none is longer than the file, and an animation is a still picture."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest

from runtime.image.png import parse_png
from tests.runtime.image import made


@pytest.mark.parametrize("name", [b"tEXt", b"eXIf", b"IDAT", b"iCCP"])
@pytest.mark.parametrize("claim", [101, 1 << 30, (1 << 31) - 1, (1 << 32) - 16])
def test_a_chunk_that_is_longer_than_the_file(name: bytes, claim: int) -> None:
    data = made.png(100, 100)
    at = data.index(b"IDAT") - 4
    with pytest.raises(ValueError, match="damaged or cut short"):
        parse_png(data[:at] + made.chunk(name, bytes(100), claim) + data[at:][:20])


def test_a_png_without_its_end_is_cut() -> None:
    data = made.pil(made.scene(), "PNG")
    for length in range(33, len(data), 7):
        with pytest.raises((ValueError, struct.error)):
            parse_png(data[:length])


@pytest.mark.parametrize(("color", "channels"), [(0, 1), (2, 3), (3, 3), (4, 4), (6, 4)])
def test_channels_by_color_type(color: int, channels: int) -> None:
    assert parse_png(made.png(9, 7, color=color)).channels == channels
    assert parse_png(made.png(9, 7, color=color, more=made.chunk(b"tRNS", b"\0"))).channels == 4
    assert parse_png(made.png(9, 7, 16, color)).depth == 2


def test_an_animation_is_its_still_picture() -> None:
    still = made.pil(made.scene(), "PNG")
    at = still.index(b"IDAT") - 4
    frame = struct.pack(">IIIIIHHBB", 0, 80, 60, 0, 0, 1, 10, 0, 0)
    animation = made.chunk(b"acTL", struct.pack(">II", 2, 0)) + made.chunk(b"fcTL", frame)
    extra = made.chunk(b"fdAT", struct.pack(">I", 1) + zlib.compress(b"none"))
    header = parse_png(still[:at] + animation + still[at:-12] + extra + still[-12:])
    assert (header.pages, header.still) == (2, still)
    decoded = cv2.imdecode(np.frombuffer(header.still or b"", np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    assert np.array_equal(decoded, made.scene())
