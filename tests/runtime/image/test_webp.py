"""The chunks of a WebP: its size, its alpha, and the first frame of an animation."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from runtime.image.webp import parse_webp
from tests.runtime.image import made


def animation(*sizes: tuple[int, int]) -> bytes:
    frames = [Image.fromarray(made.scene(height, width)[..., ::-1]) for width, height in sizes]
    import io

    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:], lossless=True, duration=50)
    return buffer.getvalue()


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_size_and_transparency(mode: str, lossless: bool) -> None:
    picture = np.dstack([made.scene(), made.scene()[..., 0]])
    header = parse_webp(made.pil(picture, "WEBP", mode, lossless=lossless))
    assert (header.width, header.height, header.channels) == (80, 60, len(mode))
    assert (header.work > 0) == lossless


def test_the_first_frame_of_an_animation() -> None:
    other = Image.fromarray(255 - made.scene()[..., ::-1])
    data = made.pil(made.scene(), "WEBP", save_all=True, append_images=[other], lossless=True, duration=50)
    header = parse_webp(data)
    assert (header.width, header.height, header.pages, header.place) == (80, 60, 2, None)
    decoded = cv2.imdecode(np.frombuffer(header.still or b"", np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert np.array_equal(decoded, made.scene())


def test_a_canvas_counts_with_its_own_size() -> None:
    frame = made.pil(made.scene(2, 2), "WEBP", lossless=True)[12:]
    canvas = (10949).to_bytes(3, "little") * 2
    part = bytes(6) + (1).to_bytes(3, "little") * 2 + bytes(4) + frame
    body = b"VP8X" + struct.pack("<II", 10, 2) + canvas + b"ANIM" + struct.pack("<I", 6) + bytes(6)
    body += (b"ANMF" + struct.pack("<I", len(part)) + part) * 2
    header = parse_webp(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
    assert (header.width, header.height, header.channels, header.place) == (10950, 10950, 4, (0, 0))


def test_a_file_that_is_shorter_than_it_says() -> None:
    data = made.pil(made.scene(), "WEBP", lossless=True)
    for length in range(20, len(data)):
        with pytest.raises((ValueError, struct.error)):
            parse_webp(data[:length])
