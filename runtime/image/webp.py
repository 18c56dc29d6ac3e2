"""The structure of WebP files (RFC 9649)."""

from __future__ import annotations

import struct

from runtime.image.exif import orientation_of
from runtime.image.header import DAMAGED, Header

ALPHA, EXIF, ANIMATION = 0x10, 0x08, 0x02  # flags of the chunk VP8X
FRAME = 16  # bytes of a frame's own header, before its chunks
LOSSLESS_BYTES = 4  # a pixel, beside the decoded picture


def parse_webp(data: bytes) -> Header:
    """Parse the chunks of a WebP.

    Args:
        data: The bytes of the file.

    Returns:
        Its header. Of an animation the first frame is kept: OpenCV before 4.11 reads no animation, and later ones
        hold several canvases.

    Raises:
        ValueError: The file is shorter than it says, or has no picture.
    """
    (size,) = struct.unpack_from("<I", data, 4)
    if size + 8 > len(data):
        raise ValueError(DAMAGED)
    chunks = _chunks(data, 12, size + 8)
    names = [name for name, _, _ in chunks]
    if b"VP8X" not in names[:1]:
        return _still(data, chunks)
    _, start, _ = chunks[0]
    flags = data[start]
    canvas = _uint24(data, start + 4) + 1, _uint24(data, start + 7) + 1
    exif = next((data[start:end] for name, start, end in chunks if name == b"EXIF"), b"") if flags & EXIF else b""
    orientation = orientation_of(exif)
    if flags & ANIMATION:
        return _animation(data, chunks, canvas, orientation)
    still = _still(data, chunks)
    return Header("WebP", *canvas, still.channels, work=still.work, orientation=orientation)


def _animation(data: bytes, chunks: list[tuple[bytes, int, int]], canvas: tuple[int, int], orientation: int) -> Header:
    """The header of an animation, with its first frame as a file of its own."""
    frames = [(start, end) for name, start, end in chunks if name == b"ANMF"]
    if not frames:
        raise ValueError(DAMAGED)
    start, end = frames[0]
    inner = _chunks(data, start + FRAME, end)
    frame = _still(data, inner)
    x, y = 2 * _uint24(data, start), 2 * _uint24(data, start + 3)
    if x + frame.width > canvas[0] or y + frame.height > canvas[1]:
        raise ValueError(DAMAGED)
    body = b"".join(data[at - 8 : end + (end & 1)] for name, at, end in inner if name in (b"ALPH", b"VP8 ", b"VP8L"))
    if any(name == b"ALPH" for name, _, _ in inner):
        sides = (frame.width - 1).to_bytes(3, "little") + (frame.height - 1).to_bytes(3, "little")
        body = b"VP8X" + struct.pack("<II", 10, ALPHA) + sides + body
    still = b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
    fills = (x, y, frame.width, frame.height) == (0, 0, *canvas)
    return Header(
        "WebP",
        *canvas,
        channels=frame.channels if fills else 4,
        work=frame.work + len(still),
        pages=min(2, len(frames)),
        orientation=orientation,
        still=still,
        place=None if fills else (x, y),
    )


def _still(data: bytes, chunks: list[tuple[bytes, int, int]]) -> Header:
    """The size of the picture among these chunks."""
    names = {name for name, _, _ in chunks}
    for name, start, _ in chunks:
        if name == b"VP8L":
            bits = int.from_bytes(data[start + 1 : start + 5], "little")
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
            return Header("WebP", width, height, 4 if bits >> 28 & 1 else 3, work=width * height * LOSSLESS_BYTES)
        if name == b"VP8 ":
            width, height = struct.unpack_from("<HH", data, start + 6)
            return Header("WebP", width & 0x3FFF, height & 0x3FFF, 4 if b"ALPH" in names else 3)
    raise ValueError(DAMAGED)


def _chunks(data: bytes, at: int, end: int) -> list[tuple[bytes, int, int]]:
    """(name, start, end) of the contents of each chunk in a part of the file."""
    chunks = []
    while at + 8 <= end:
        name, size = struct.unpack_from("<4sI", data, at)
        if at + 8 + size > len(data):
            raise ValueError(DAMAGED)
        chunks.append((name, at + 8, at + 8 + size))
        at += 8 + size + (size & 1)
    return chunks


def _uint24(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 3], "little")
