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
PNG_START = b"\x89PNG\r\n\x1a\n"
CHUNK = 65536  # bytes that are read at once
MAX_JPEG = 32_000_000  # bytes; a stream without a whole JPEG in so many is not MJPEG
# A marker: FF and neither a stuffed 0, a restart (D0 to D7) nor padding.
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
START, END, SCAN = 0xD8, 0xD9, 0xDA  # start of image, end of image, start of scan


def decode_jpeg(data: bytes) -> NDArray[np.uint8] | None:
    """Decode one JPEG of a stream.

    Unlike `decode_image` it can run in any thread, and it cannot say what is wrong.

    Args:
        data: The bytes of a whole JPEG.

    Returns:
        uint8, (h, w) gray or (h, w, 3) BGR; None where the JPEG is damaged.
    """
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
    except cv2.error:
        return None
    return None if image is None else as_picture(image)


def claimed_size(data: bytes) -> tuple[int, int]:
    """Read the size of a picture from the header of its file.

    Args:
        data: The bytes of a PNG or JPEG file, or the first of them.

    Returns:
        (width, height) in pixels; (0, 0) where the header has no size.
    """
    if data.startswith(PNG_START) and len(data) >= 24:
        width, height = struct.unpack_from(">II", data, 16)
        return width, height
    for marker, at in _header_segments(data):
        # Start of frame: C0 to CF, except the tables C4 and CC and the reserved C8.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and at + 9 <= len(data):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
    return 0, 0


def is_cut_jpeg(data: bytes) -> bool:
    """Tell whether a JPEG file is cut short: its coded data has no end mark, whose bytes cannot occur within them.

    Args:
        data: The bytes of a file.

    Returns:
        True for a JPEG that is cut short within its coded data; False for every other file.
    """
    scans = [at for marker, at in _header_segments(data) if marker == SCAN]
    return bool(scans) and data.find(bytes([0xFF, END]), scans[0]) < 0


def _header_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """(marker, offset) of a JPEG's segments, up to its first scan. A file that is not a JPEG has none."""
    at = 2 if data.startswith(JPEG_START) else len(data)
    while segment := _next_segment(data, at):
        marker, start, at = segment
        yield marker, start
        if marker == SCAN:
            return


def _next_segment(data: bytes | bytearray, at: int) -> tuple[int, int, int] | None:
    """(marker, start, end) of the first segment from `at` on; its end is beyond the data where it is not whole."""
    found = MARKER.search(data, at)
    if found is None:
        return None
    start = found.start()
    marker = data[start + 1]
    if marker in (START, END):  # they have no length
        return marker, start, start + 2
    if len(data) < start + 4:
        return marker, start, start + 4
    # By its length, because a segment may contain a thumbnail, which is a JPEG of its own.
    return marker, start, start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")


def jpeg_end(data: bytes | bytearray, position: int = 0) -> tuple[int, int]:
    """Find the end of the JPEG that starts at byte 0 of a stream's data (ITU-T T.81, annex B).

    Args:
        data: What has come of the stream.
        position: The second value that an earlier call on less data returned; 0 at first.

    Returns:
        (length, 0): the JPEG's length in bytes. (0, position): more data is needed; the next call continues from
        `position`. (-1, position): another JPEG starts at `position` and cuts this one short.
    """
    at = position or 2
    while segment := _next_segment(data, at):
        marker, start, at = segment
        if marker == END:
            return at, 0
        if marker == START:
            return -1, start
        if at > len(data):
            return 0, start
    return 0, max(2, len(data) - 1)


def jpegs(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Split a byte stream into JPEGs.

    Args:
        read: read(n) returns up to n bytes as they come, and b"" at the end.

    Yields:
        The bytes of every whole JPEG. What is between them, or cut short, is left out.

    Raises:
        SourceError: 32 MB contain no whole JPEG.
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
