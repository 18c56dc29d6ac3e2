"""The first directory of a TIFF: tiles, strips, bits and pages."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image

from runtime.image.header import reduction_within
from runtime.image.tiff import parse_tiff
from tests.runtime.image import made

LONG, SHORT = 4, 3


def tiff(entries: dict[int, int], order: str = "<", big: bool = False) -> bytes:
    """A TIFF of one directory and no picture."""
    mark = b"II" if order == "<" else b"MM"
    if big:
        head = mark + struct.pack(order + "HHHQ", 43, 8, 0, 16)
        body = b"".join(struct.pack(order + "HHQQ", tag, 16, 1, value) for tag, value in sorted(entries.items()))
        return head + struct.pack(order + "Q", len(entries)) + body + bytes(8)
    body = b"".join(struct.pack(order + "HHII", tag, LONG, 1, value) for tag, value in sorted(entries.items()))
    return mark + struct.pack(order + "HIH", 42, 8, len(entries)) + body + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_both_byte_orders_and_big_files(order: str, big: bool) -> None:
    header = parse_tiff(tiff({256: 80, 257: 60, 258: 16, 277: 3}, order, big))
    assert (header.width, header.height, header.channels, header.depth, header.pages) == (80, 60, 3, 2, 1)


@pytest.mark.parametrize(("mode", "channels"), [("RGB", 3), ("L", 1), ("RGBA", 4), ("P", 3), ("1", 1)])
def test_real_files(mode: str, channels: int) -> None:
    header = parse_tiff(made.pil(made.scene(), "TIFF", mode))
    assert (header.width, header.height, header.channels) == (80, 60, channels)


def test_pages_are_counted() -> None:
    other = Image.fromarray(np.zeros((60, 80), np.uint8))
    assert parse_tiff(made.pil(made.scene(), "TIFF", save_all=True, append_images=[other])).pages == 2


@pytest.mark.parametrize("tile", [(16384, 8192), (65536, 65536), (100_000, 1000)])
def test_tiles_beyond_the_picture_are_refused_by_their_size(tile: tuple[int, int]) -> None:
    header = parse_tiff(tiff({256: 16, 257: 16, 258: 8, 277: 1, 322: tile[0], 323: tile[1]}))
    with pytest.raises(ValueError, match=rf"in tiles of {tile[0]}x{tile[1]}"):
        reduction_within(header, 1000, 25_000_000)
    usual = parse_tiff(tiff({256: 16, 257: 16, 258: 8, 277: 1, 322: 256, 323: 256}))
    assert reduction_within(usual, 1000, 25_000_000) == 1


@pytest.mark.parametrize("entries", [{258: 32}, {258: 64, 339: 3}, {258: 16, 339: 3}])
def test_more_than_16_bits_and_floats_are_refused_by_the_header(entries: dict[int, int]) -> None:
    with pytest.raises(ValueError, match=r"bits a channel.*convert it"):
        parse_tiff(tiff({256: 80, 257: 60, 277: 1, **entries}))


@pytest.mark.parametrize("entries", [{254: 1}, {50706: 1}, {262: 32803}])
def test_raw_photos_are_no_thumbnails(entries: dict[int, int]) -> None:
    with pytest.raises(ValueError, match="raw photo"):
        parse_tiff(tiff({256: 80, 257: 60, **entries}))


def test_a_directory_outside_the_file() -> None:
    with pytest.raises(struct.error):
        parse_tiff(b"II*\0\xff\xff\xff\x7f" + bytes(20))
    with pytest.raises(ValueError, match="damaged"):
        parse_tiff(b"II*\0\x08\0\0\0\xff\xff" + bytes(20))
