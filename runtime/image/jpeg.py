"""JPEGs of files and streams, decoded within limits (ITU-T T.81)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.errors import SourceError
from runtime.image.header import DAMAGED, Header, reduction_within
from runtime.image.jpeg_scans import CUT, END, JPEG_START, START, check_scans, is_cut_jpeg, next_segment, read_frame
from runtime.image.pixels import as_picture
from runtime.native import MAX_PIXELS

CHUNK = 65536  # bytes that are read at once
MAX_JPEG = 32_000_000  # bytes; a stream without a whole JPEG in so many is not MJPEG
REDUCTIONS = (1, 2, 4, 8)  # by which libjpeg reduces both sides while it decodes
CONVERT = "convert it to one of 8 bits, or to PNG"


def decode_jpeg(data: bytes, max_pixels: int = MAX_PIXELS) -> NDArray[np.uint8] | None:
    """Decode one JPEG of a stream.

    Unlike `decode_image` it can run in any thread, and it cannot say what is wrong.

    Args:
        data: The bytes of a whole JPEG.
        max_pixels: How many pixels are decoded at most; a larger picture is reduced while it is decoded.

    Returns:
        uint8, (h, w) gray or (h, w, 3) BGR; None where the JPEG is damaged or cut short.
    """
    try:
        return decode_within(data, max_pixels)[0]
    except (ValueError, struct.error, IndexError, MemoryError, cv2.error):
        return None


def decode_within(data: bytes, max_pixels: int) -> tuple[NDArray[np.uint8], Header, int]:
    """Decode a JPEG that is whole, upright by its EXIF tag, in bounded memory.

    Args:
        data: The bytes of a file.
        max_pixels: How many pixels are decoded at most.

    Returns:
        The picture, uint8 (h, w) gray or (h, w, 3) BGR; its header; and by how much its sides were reduced.

    Raises:
        ValueError: It is damaged, cut short or too large; the message is for a person.
        IndexError, struct.error: Its header is cut short.
    """
    header = parse_jpeg(data)
    reduction = reduction_within(header, len(data), max_pixels)
    flags = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH
    if reduction > 1:
        flags |= cv2.IMREAD_REDUCED_GRAYSCALE_2 * reduction // 2

    def decode(data: bytes) -> NDArray[np.uint8] | None:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
        return None if image is None else as_picture(image)

    image = decode(data)
    if image is None:
        raise ValueError(CUT if is_cut_jpeg(data) else DAMAGED)
    check_scans(data, image, decode)
    return image, header, reduction


def parse_jpeg(data: bytes) -> Header:
    """Parse the header of a JPEG.

    Args:
        data: The bytes of the file, or the first of them.

    Returns:
        Its header. OpenCV turns a JPEG upright itself.

    Raises:
        ValueError: It has no size, or it is of a kind that OpenCV does not read.
    """
    frame = read_frame(data)
    if frame is None:
        raise ValueError(DAMAGED)
    if frame.bits != 8:
        raise ValueError(f"a JPEG of {frame.bits} bits a channel; OpenCV reads those of 8; {CONVERT}")
    # A JPEG of several scans is decoded from all its coefficients, two bytes each; one of a single scan, row by row.
    work = 2 * 64 * frame.blocks if frame.is_progressive or frame.first_scan < len(frame.components) else 0
    channels = 1 if len(frame.components) == 1 else 3
    kind = "progressive JPEG" if frame.is_progressive else "JPEG"
    return Header(kind, frame.width, frame.height, channels, work=work, reductions=REDUCTIONS)


def claimed_size(data: bytes) -> tuple[int, int]:
    """Read the size of a JPEG from its header.

    Args:
        data: The bytes of a file, or the first of them.

    Returns:
        (width, height) in pixels; (0, 0) where the header has no size.
    """
    frame = read_frame(data)
    return (0, 0) if frame is None else (frame.width, frame.height)


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
    while segment := next_segment(data, at):
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
