"""The structure of TIFF files (TIFF 6.0, BigTIFF)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from runtime.image.header import DAMAGED, Header

SUBFILE_TYPE, WIDTH, HEIGHT, BITS, PHOTOMETRIC, SAMPLES, ROWS = 254, 256, 257, 258, 262, 277, 278  # tags
TILE_WIDTH, TILE_HEIGHT, SAMPLE_FORMAT, DNG_VERSION = 322, 323, 339, 50706
PALETTE, CFA = 3, 32803  # of the tag PHOTOMETRIC
FORMATS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 16: "Q"}  # by the type of an entry
MAX_ENTRIES = 4096  # of a directory
WORK_BYTES = 5  # a pixel of a strip or tile: OpenCV has each as RGBA, libtiff its own buffer


@dataclass(frozen=True, eq=False)
class _Layout:
    """How a file writes its directories. order: of bytes, "<" or ">". big: BigTIFF."""

    order: str
    big: bool


def parse_tiff(data: bytes) -> Header:
    """Parse the first directory of a TIFF.

    Args:
        data: The bytes of the file.

    Returns:
        Its header. Tiles and strips larger than the picture count by what the decoder makes of them.

    Raises:
        ValueError: It is damaged, or a kind that is not read: raw photos, more than 16 bits.
    """
    layout = _Layout("<" if data.startswith(b"II") else ">", data[2:4].strip(b"\0") == b"+")
    (at,) = struct.unpack_from(layout.order + ("Q" if layout.big else "I"), data, 8 if layout.big else 4)
    tags, following = _directory(data, at, layout)
    if WIDTH not in tags or HEIGHT not in tags:
        raise ValueError(DAMAGED)
    bits, samples = tags.get(BITS, 1), tags.get(SAMPLES, 1)
    is_thumbnail = tags.get(SUBFILE_TYPE, 0) & 1 or data[8:10] == b"CR"
    if is_thumbnail or DNG_VERSION in tags or tags.get(PHOTOMETRIC) == CFA:
        raise ValueError("a camera's raw photo, of which OpenCV reads a thumbnail at most; convert it to JPEG or PNG")
    if bits > 16 or tags.get(SAMPLE_FORMAT, 1) == 3:
        raise ValueError(f"a TIFF of {bits} bits a channel; OpenCV gives 8 or 16 here; convert it to PNG or JPEG")
    width, height = tags[WIDTH], tags[HEIGHT]
    part = tags.get(TILE_WIDTH, 0), tags.get(TILE_HEIGHT, 0)
    reason = f" in tiles of {part[0]}x{part[1]}"
    if not all(part):
        part, reason = (width, min(tags.get(ROWS, height), height)), ""
    color = 3 if tags.get(PHOTOMETRIC) == PALETTE else 1
    return Header(
        "TIFF",
        width,
        height,
        color if samples == 1 else 3 if samples == 3 else 4,
        depth=2 if bits > 8 else 1,
        work=part[0] * part[1] * WORK_BYTES * (2 if bits > 8 else 1),
        pages=2 if following else 1,
        reason=reason,
    )


def _directory(data: bytes, at: int, layout: _Layout) -> tuple[dict[int, int], int]:
    """The first value of each entry of a directory, and where the next directory is; 0 for none."""
    head, entry, space = ("Q", "HHQ", 8) if layout.big else ("H", "HHI", 4)
    (count,) = struct.unpack_from(layout.order + head, data, at)
    if count > MAX_ENTRIES:
        raise ValueError(DAMAGED)
    step = struct.calcsize(layout.order + entry) + space
    at += struct.calcsize(layout.order + head)
    tags: dict[int, int] = {}
    for start in range(at, at + step * count, step):
        tag, kind, number = struct.unpack_from(layout.order + entry, data, start)
        value = _first_value(data, start + step - space, kind, number, layout)
        if value is not None:
            tags.setdefault(tag, value)
    end = at + step * count
    following = data[end : end + space]
    return tags, int.from_bytes(following, "little" if layout.order == "<" else "big")


def _first_value(data: bytes, at: int, kind: int, number: int, layout: _Layout) -> int | None:
    """The first value of an entry of whole numbers; None for any other."""
    form = FORMATS.get(kind)
    if form is None or number < 1:
        return None
    if struct.calcsize("<" + form) * number > (8 if layout.big else 4):
        (at,) = struct.unpack_from(layout.order + ("Q" if layout.big else "I"), data, at)
    if at + struct.calcsize("<" + form) > len(data):
        return None
    return int(struct.unpack_from(layout.order + form, data, at)[0])
