"""JPEGs of files and streams, decoded within limits (ITU-T T.81)."""

from __future__ import annotations

import struct

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.image.header import DAMAGED, Header, reduction_within
from runtime.image.jpeg_scans import CUT, check_scans, is_cut_jpeg, read_frame
from runtime.image.pixels import as_picture
from runtime.native import MAX_PIXELS

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
