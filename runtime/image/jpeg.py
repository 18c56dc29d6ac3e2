"""The structure of JPEG files and streams (ITU-T T.81)."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.errors import SourceError
from runtime.image.pixels import as_picture

JPEG_START = b"\xff\xd8\xff"
CHUNK = 65536  # bytes
MAX_JPEG = 32_000_000  # bytes without a whole JPEG: this is no MJPEG
# A marker within the picture's data: FF and neither a stuffed 0, a restart (D0 to D7) nor padding.
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
START, END, SCAN = 0xD8, 0xD9, 0xDA


def decode_jpeg(data: bytes) -> NDArray[np.uint8] | None:
    """One whole JPEG of a stream as (h, w) or (h, w, 3) BGR, uint8; None where it is damaged.

    Unlike `decode_image` it is for any thread, and cannot say what is wrong.
    """
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
    except cv2.error:
        return None
    return None if image is None else as_picture(image)


def claimed_size(data: bytes) -> tuple[int, int]:
    """(width, height) that the header of a PNG or JPEG claims; (0, 0) where it claims none."""
    if data.startswith(b"\x89PNG") and len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
        return width, height
    for marker, at in _jpeg_segments(data):
        # Start of frame: C0 to CF, but for the tables C4 and CC and the reserved C8.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and at + 9 <= len(data):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
    return 0, 0


def is_cut_jpeg(data: bytes) -> bool:
    """Whether a JPEG's coded data does not come to its end mark, which cannot stand within them."""
    scans = [at for marker, at in _jpeg_segments(data) if marker == 0xDA]
    return bool(scans) and data.find(b"\xff\xd9", scans[0]) < 0


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """(marker, offset) of a JPEG's segments up to its coded data (ITU-T T.81, annex B); none of what is no JPEG."""
    at = 2
    while data.startswith(JPEG_START) and at + 4 <= len(data) and data[at] == 0xFF:
        yield data[at + 1], at
        if data[at + 1] == 0xDA:
            return
        at += 2 + int(struct.unpack_from(">H", data, at + 2)[0])


def jpeg_end(data: bytes | bytearray, position: int = 0) -> tuple[int, int]:
    """Where the JPEG that starts at byte 0 of `data` ends: (its length, 0), or (0, where to look on).

    position: what an earlier call on less data gave as the second. A JPEG that another one cuts short
    gives (-1, where that one starts). Lengths are those of ITU-T T.81, section B.
    """
    at = position or 2
    while True:
        marker = MARKER.search(data, at)
        if marker is None:
            return 0, max(2, len(data) - 1)
        at = marker.start()
        code = data[at + 1]
        if code == END:
            return at + 2, 0
        if code == START:
            return -1, at
        if len(data) < at + 4:
            return 0, at
        length = 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        # A segment may hold a thumbnail, a JPEG of its own: step over it.
        if len(data) < at + length:
            return 0, at
        at += length


def jpegs(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Every whole JPEG of a byte stream; what is between them, or cut short, is left out.

    read(n) gives up to n bytes as they come, b"" at the end. Raises SourceError where 32 MB hold none.
    """
    data = bytearray()
    position = 0
    while chunk := read(CHUNK):
        data += chunk
        while True:
            if not data.startswith(JPEG_START):
                start = data.find(JPEG_START)
                del data[: start if start >= 0 else max(0, len(data) - 2)]
                if start < 0:
                    break
            length, position = jpeg_end(data, position)
            if length > 0:
                yield bytes(data[:length])
                del data[:length]
            elif length < 0:
                del data[:position]
                position = 0
            else:
                break
        if len(data) > MAX_JPEG:
            raise SourceError(f"{len(data):,} bytes without a whole JPEG; expected an MJPEG stream")
