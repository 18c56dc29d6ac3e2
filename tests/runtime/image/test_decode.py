"""Pictures come out upright, whole, of 8 bits, whatever the format; what was left out is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from runtime.errors import ImageError
from runtime.image.files import decode_image
from tests.runtime.image import made

TURNED: dict[str, dict[str, Any]] = {
    "PNG": {},
    "WEBP": {"lossless": True},
    "TIFF": {},
    "JPEG": {"quality": 100},
    "AVIF": {"quality": 100},
}
READ = [kind for kind in TURNED if made.reads(".tif" if kind == "TIFF" else f".{kind.lower()}")]


@pytest.mark.parametrize("kind", READ)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_format_is_turned_upright(kind: str, orientation: int) -> None:
    upright = made.scene()
    data = made.pil(upright, kind, exif=made.exif(orientation), **TURNED[kind])
    picture = decode_image(data, "turned")
    expected = made.turned(decode_image(made.pil(upright, kind, **TURNED[kind]), "plain"), orientation)
    assert picture.shape == expected.shape
    assert np.abs(picture.astype(int) - expected).max() <= (8 if kind in ("JPEG", "AVIF") else 0)


@pytest.mark.parametrize("suffix", sorted(made.files()))
def test_no_part_of_a_file_is_taken_for_all_of_it(suffix: str) -> None:
    data = made.files()[suffix]
    whole = decode_image(data, "whole")
    assert whole.shape == (60, 80, 3)
    for length in range(1, len(data) - 1, max(1, len(data) // 80)):
        try:
            picture = decode_image(data[:length], "cut")
        except ImageError:
            continue
        assert np.array_equal(picture, whole), length  # but for a mark of its end that no pixel needs


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".pgm"])
def test_the_bits_of_a_16_bit_file_are_read_by_their_content(bits: int, suffix: str) -> None:
    gray = np.tile(np.linspace(0, 255, 80).astype(np.uint16), (60, 1))
    deep = gray << (bits - 8)
    assert np.array_equal(decode_image(made.by_opencv(suffix, deep), "deep"), gray)


def test_what_was_not_read_is_said() -> None:
    said: list[tuple[str, str]] = []
    frames = [Image.fromarray(255 - made.scene()[..., ::-1])]
    for kind in ("WEBP", "TIFF"):
        data = made.pil(made.scene(), kind, save_all=True, append_images=frames)
        decode_image(data, f"pages.{kind}", say=lambda kind, text: said.append((kind, text)))
    assert [kind for kind, _ in said] == ["pages", "pages"]
    assert said[0][1] == "pages.WEBP: WebP with several pictures; the first is read"
    said.clear()
    data = made.pil(made.scene(96, 128), "JPEG")
    decode_image(data, "big.jpg", 96 * 128 // 4, lambda kind, text: said.append((kind, text)))
    assert said == [("reduced", "big.jpg: 128x96 pixels, read as 64x48; classify --max-pixels allows more")]
    said.clear()
    decode_image(data, "big.jpg", say=lambda kind, text: said.append((kind, text)))
    assert said == []


def test_a_frame_that_does_not_fill_its_canvas_lies_at_its_place() -> None:
    import struct

    frame = made.pil(made.scene(20, 30), "WEBP", lossless=True)[12:]
    canvas = (79).to_bytes(3, "little") + (59).to_bytes(3, "little")
    part = (5).to_bytes(3, "little") + (4).to_bytes(3, "little") + (29).to_bytes(3, "little")
    part += (19).to_bytes(3, "little") + bytes(4) + frame
    body = b"VP8X" + struct.pack("<II", 10, 2) + canvas + b"ANIM" + struct.pack("<I", 6) + bytes(6)
    body += b"ANMF" + struct.pack("<I", len(part)) + part
    picture = decode_image(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body, "part.webp")
    assert picture.shape == (60, 80, 3)
    assert np.array_equal(picture[8:28, 10:40], made.scene(20, 30))
