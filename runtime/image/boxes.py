"""Pictures in boxes: AVIF (ISO/IEC 23008-12) and JPEG 2000 (ISO/IEC 15444-1)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from runtime.image.av1 import sequence_size
from runtime.image.header import DAMAGED, Header, brands

Box = tuple[bytes, int, int]  # its type, and where its contents start and end
AVIF_BYTES, AVIF_ALPHA_BYTES = 13, 25  # that the decoder needs for a pixel beside the decoded picture (measured)
SAMPLE_BYTES = 4  # of JPEG 2000, for a sample
TILE_BYTES = 8192  # of JPEG 2000, for a tile
# By the rotation (quarter turns against the clock) and the mirror axis, which comes after it: EXIF's orientation.
# axis 0 exchanges top and bottom, axis 1 left and right.
TURNS = {
    (0, None): 1, (1, None): 8, (2, None): 3, (3, None): 6,
    (0, 0): 4, (1, 0): 5, (2, 0): 2, (3, 0): 7,
    (0, 1): 2, (1, 1): 7, (2, 1): 4, (3, 1): 5,
}  # fmt: skip


def parse_avif(data: bytes) -> Header:
    """Parse the boxes of an AVIF.

    Args:
        data: The bytes of the file.

    Returns:
        Its header. The size is the larger one of what the file says and what the coded picture says.

    Raises:
        ValueError: It has no picture.
    """
    top = {name: (start, end) for name, start, end in boxes(data, 0, len(data))}
    if b"meta" not in top:
        raise ValueError(DAMAGED)
    meta = {name: (start, end) for name, start, end in boxes(data, top[b"meta"][0] + 4, top[b"meta"][1])}
    inner = {name: (start, end) for name, start, end in boxes(data, *meta[b"iprp"])} if b"iprp" in meta else {}
    if not {b"ipco", b"ipma"} <= inner.keys() or b"pitm" not in meta:
        raise ValueError(DAMAGED)
    properties = list(boxes(data, *inner[b"ipco"]))
    version = data[meta[b"pitm"][0]]
    (primary,) = struct.unpack_from(">I" if version else ">H", data, meta[b"pitm"][0] + 4)
    mine = _properties_of(data, inner[b"ipma"][0], primary, properties)
    sizes = [struct.unpack_from(">II", data, start + 4) for name, start, _ in mine if name == b"ispe"]
    if not sizes:
        raise ValueError(DAMAGED)
    coded = [sequence_size(data, at) for at in _item_offsets(data, meta[b"iloc"][0])] if b"iloc" in meta else []
    width, height = max([*sizes, *coded], key=lambda size: size[0] * size[1])
    has_alpha = any(name == b"auxC" and b"alpha" in data[start:end] for name, start, end in properties)
    bits = max((data[start + 5] for name, start, _ in mine if name == b"pixi"), default=8)
    gray = any(name == b"pixi" and data[start + 4] == 1 for name, start, _ in mine)
    return Header(
        "AVIF",
        width,
        height,
        4 if has_alpha else 1 if gray else 3,
        depth=2 if bits > 8 else 1,
        work=width * height * (AVIF_ALPHA_BYTES if has_alpha else AVIF_BYTES),
        pages=2 if b"avis" in brands(data) else 1,
        orientation=_orientation(data, mine),
    )


def _properties_of(data: bytes, at: int, item: int, properties: list[Box]) -> list[Box]:
    """The properties that the box ipma at `at` gives to an item."""
    version, wide = data[at], data[at + 3] & 1
    (count,) = struct.unpack_from(">I", data, at + 4)
    at += 8
    for _ in range(count):
        (number,) = struct.unpack_from(">I" if version else ">H", data, at)
        at += 4 if version else 2
        indices = [
            int.from_bytes(data[start : start + 1 + wide], "big") & (0x7FFF if wide else 0x7F)
            for start in range(at + 1, at + 1 + data[at] * (1 + wide), 1 + wide)
        ]
        at += 1 + data[at] * (1 + wide)
        if number == item:
            return [properties[index - 1] for index in indices if 0 < index <= len(properties)]
    return []


def _orientation(data: bytes, mine: list[Box]) -> int:
    """EXIF's orientation of the same turn. AVIF turns by irot and imir; its EXIF data have no say in it."""
    turn = next((data[start] & 3 for name, start, _ in mine if name == b"irot"), 0)
    mirror = next((data[start] & 1 for name, start, _ in mine if name == b"imir"), None)
    return TURNS[turn, mirror]


def _item_offsets(data: bytes, at: int) -> Iterator[int]:
    """Where each item of the box iloc begins in the file."""
    version, sizes = data[at], struct.unpack_from(">H", data, at + 4)[0]
    offset, length, base = sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15
    index = sizes & 15 if version else 0
    wide = 4 if version == 2 else 2
    count = int.from_bytes(data[at + 6 : at + 6 + wide], "big")
    at += 6 + wide
    for _ in range(count):
        at += wide + (2 if version else 0)
        in_file = version == 0 or data[at - 1] & 15 == 0
        start = int.from_bytes(data[at + 2 : at + 2 + base], "big")
        extents = int.from_bytes(data[at + 2 + base : at + 4 + base], "big")
        at += 4 + base
        if in_file and extents:
            yield start + int.from_bytes(data[at + index : at + index + offset], "big")
        at += extents * (index + offset + length)
        if at > len(data):
            return


def parse_jpeg2000(data: bytes) -> Header:
    """Parse the size marker of a JPEG 2000 file or codestream.

    Args:
        data: The bytes of the file.

    Returns:
        Its header.

    Raises:
        ValueError: It has no codestream.
    """
    start = 0
    palette = False
    if not data.startswith(b"\xff\x4f"):
        top = {name: (start, end) for name, start, end in boxes(data, 0, len(data))}
        if b"jp2c" not in top or b"jp2h" not in top:
            raise ValueError(DAMAGED)
        start = top[b"jp2c"][0]
        palette = any(name == b"pclr" for name, _, _ in boxes(data, *top[b"jp2h"]))
    if data[start : start + 4] != b"\xff\x4f\xff\x51":
        raise ValueError(DAMAGED)
    right, bottom, left, top_, tile_w, tile_h = struct.unpack_from(">6I", data, start + 8)
    (components,) = struct.unpack_from(">H", data, start + 40)
    width, height = right - left, bottom - top_
    if min(width, height, tile_w, tile_h) < 1:
        raise ValueError(DAMAGED)
    tiles = -(-right // tile_w) * -(-bottom // tile_h)
    bits = 1 + max(data[at] & 0x7F for at in range(start + 42, start + 42 + 3 * components, 3))
    return Header(
        "JPEG 2000",
        width,
        height,
        channels=3 if palette else 1 if components == 1 else 3 if components == 3 else 4,
        depth=2 if bits > 8 else 1,
        work=SAMPLE_BYTES * components * width * height + TILE_BYTES * tiles,
        reason=f" in tiles of {tile_w}x{tile_h}" if tiles > 1 else "",
    )


def boxes(data: bytes, at: int, end: int) -> Iterator[Box]:
    """Go through the boxes of a part of a file.

    Args:
        data: The bytes of the file.
        at: Where the part starts.
        end: Where it ends.

    Yields:
        The type of each box, and where its contents start and end.

    Raises:
        ValueError: A box is longer than its part.
    """
    while at + 8 <= end:
        size, name = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start)
            start += 8
        stop = at + size if size else end
        if stop < start or stop > end:
            raise ValueError(DAMAGED)
        yield name, start, stop
        at = stop
