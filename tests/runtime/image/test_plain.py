"""Headers of BMP, GIF, PNM, PAM and Sun raster."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from PIL import Image

from runtime.image.plain import parse_bmp, parse_gif, parse_netpbm, parse_sun_raster
from tests.runtime.image import made


@pytest.mark.parametrize(("mode", "channels"), [("RGB", 3), ("L", 1), ("1", 1), ("P", 3), ("RGBA", 4)])
def test_bmp(mode: str, channels: int) -> None:
    header = parse_bmp(made.pil(made.scene(), "BMP", mode))
    assert (header.width, header.height, header.channels) == (80, 60, channels)


def test_text_that_begins_with_bm_is_no_bmp() -> None:
    with pytest.raises(ValueError, match=r"not a picture.*is no BMP"):
        parse_bmp(b"BMW and others make cars, and this is a text." * 3)


def test_gif_of_one_picture_and_of_several() -> None:
    one = made.pil(made.scene(), "GIF", "P")
    frames = [Image.fromarray(made.scene()[..., 0]), Image.fromarray(255 - made.scene()[..., 0])]
    two = made.pil(made.scene(), "GIF", "P", save_all=True, append_images=frames)
    assert [parse_gif(data).pages for data in (one, two)] == [1, 2]
    with pytest.raises(IndexError):
        parse_gif(one[: len(one) // 2])


def test_a_gif_picture_beyond_its_canvas() -> None:
    data = bytearray(made.pil(made.scene(), "GIF", "P"))
    data[6:10] = struct.pack("<HH", 8, 6)
    with pytest.raises(ValueError, match="damaged"):
        parse_gif(bytes(data))


@pytest.mark.parametrize(
    ("data", "size", "channels", "depth"),
    [
        (b"P5 80 60 255\n", (80, 60), 1, 1),
        (b"P6\n# a comment\n80\n60\n65535\n", (80, 60), 3, 2),
        (b"P4\n80 60\n" + bytes(9), (80, 60), 1, 1),
        (b"P7\nWIDTH 80\nHEIGHT 60\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n", (80, 60), 4, 1),
    ],
)
def test_netpbm(data: bytes, size: tuple[int, int], channels: int, depth: int) -> None:
    header = parse_netpbm(data)
    assert ((header.width, header.height), header.channels, header.depth) == (size, channels, depth)


def test_netpbm_without_a_size() -> None:
    for data in (b"P5 wide", b"P7\nWIDTH 80\nENDHDR\n"):
        with pytest.raises(ValueError, match="damaged"):
            parse_netpbm(data)


def test_sun_raster() -> None:
    header = parse_sun_raster(cv2.imencode(".ras", np.zeros((60, 80, 3), np.uint8))[1].tobytes())
    assert (header.width, header.height, header.channels) == (80, 60, 3)
