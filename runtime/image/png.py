"""The structure of PNG files (W3C PNG, third edition)."""

from __future__ import annotations

import struct

from runtime.image.exif import orientation_of
from runtime.image.header import DAMAGED, Header

START = 8  # bytes of the signature
CHANNELS = {0: 1, 2: 3, 3: 3, 4: 4, 6: 4}  # of the decoded picture, by color type
NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")  # what a still picture is made of


def parse_png(data: bytes) -> Header:
    """Parse the chunks of a PNG.

    Args:
        data: The bytes of the file.

    Returns:
        Its header. Of an animation the still picture is kept, which OpenCV reads in less memory.

    Raises:
        ValueError: A chunk is longer than the file, or one that is needed is missing.
    """
    chunks = _chunks(data)
    names = [name for name, _, _ in chunks]
    if names[:1] != [b"IHDR"] or names[-1] != b"IEND" or b"IDAT" not in names:
        raise ValueError(DAMAGED)
    width, height, bits, color = struct.unpack_from(">IIBB", data, START + 8)
    found = {name: data[start + 8 : end - 4] for name, start, end in chunks if name in (b"acTL", b"eXIf")}
    channels = 4 if b"tRNS" in names else CHANNELS.get(color, 4)
    frames = struct.unpack_from(">I", found[b"acTL"])[0] if b"acTL" in found else 1
    still = None
    if b"acTL" in found:
        still = data[:START] + b"".join(data[start:end] for name, start, end in chunks if name in NEEDED)
    return Header(
        "PNG",
        width,
        height,
        channels,
        depth=2 if bits == 16 else 1,
        work=len(still or b""),
        pages=min(2, max(1, frames)),
        orientation=orientation_of(found.get(b"eXIf", b"")),
        still=still,
    )


def _chunks(data: bytes) -> list[tuple[bytes, int, int]]:
    """(name, start, end) of each chunk, up to IEND."""
    chunks: list[tuple[bytes, int, int]] = []
    at = START
    while not chunks or chunks[-1][0] != b"IEND":
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise ValueError(DAMAGED)
        chunks.append((name, at, end))
        at = end
    return chunks
