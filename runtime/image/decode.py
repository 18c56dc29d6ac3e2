"""The bytes of a picture file decoded: upright, whole, of 8 bits, within limits of time and memory."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.image.header import DAMAGED, Header, read_header, reduction_within
from runtime.image.jpeg_scans import JPEG_START
from runtime.image.pixels import Picture, as_picture, turned

# (kind, text): what a person should know of how a picture was read. The kind tells texts apart that say the same.
Say = Callable[[str, str], None]
# Complaints of libjpeg after which what follows in the picture is made up.
JPEG_DAMAGE = ("premature end", "Premature end", "bad Huffman code", "found marker", "arithmetic")
SUFFIXES = {"GIF": ".gif", "AVIF": ".avif", "WebP": ".webp", "JPEG 2000": ".jp2", "TIFF": ".tif"}


def decode(data: bytes, max_pixels: int, complaints: Callable[[], str], say: Say) -> Picture:
    """Decode a picture file.

    Args:
        data: The bytes of the file.
        max_pixels: How many pixels of color are decoded at most.
        complaints: Returns what the decoder wrote on standard error.
        say: Gets a line where not all of the picture was read.

    Returns:
        uint8, (h, w) gray or (h, w, 3) BGR.

    Raises:
        ValueError: The bytes are no picture, or not one that is read; the message is for a person.
        cv2.error, MemoryError: The decoder gives up.
    """
    if data.startswith(JPEG_START):
        return _decode_jpeg(data, max_pixels, complaints, say)
    header = read_header(data)
    if header is None:
        from runtime.image.foreign import explain  # here: a picture that is read needs none of it

        raise ValueError(explain(data))
    reduction_within(header, len(data), max_pixels)
    image = _by_opencv(header.still or data, header.kind)
    if image is None:
        raise ValueError(_why_undecodable(header))
    if header.pages > 1:
        say("pages", f"{header.kind} with several pictures; the first is read")
    picture = as_picture(_on_canvas(image, header))
    return turned(picture, header.orientation)


def _by_opencv(data: bytes, kind: str) -> NDArray[np.generic] | None:
    if kind == "JPEG 2000":  # imported for it alone
        from runtime.image.apart import decode_apart, is_unsafe

        if is_unsafe(kind):
            return decode_apart(data)
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


def _decode_jpeg(data: bytes, max_pixels: int, complaints: Callable[[], str], say: Say) -> Picture:
    from runtime.image.jpeg import decode_within  # here: other formats need none of it

    try:
        picture, header, reduction = decode_within(data, max_pixels)
    except (IndexError, OverflowError):
        raise ValueError(DAMAGED) from None
    if any(damage in complaints() for damage in JPEG_DAMAGE):
        raise ValueError(DAMAGED)
    if reduction > 1:
        size = "x".join(map(str, picture.shape[1::-1]))
        say("reduced", f"{header.width}x{header.height} pixels, read as {size}; classify --max-pixels allows more")
    return picture


def _on_canvas(image: NDArray[np.generic], header: Header) -> NDArray[np.generic]:
    """The picture at its place on the canvas of an animation, transparent around it."""
    if header.place is None:
        return image
    x, y = header.place
    canvas = np.zeros((header.height, header.width, 4), np.uint8)
    part = canvas[y : y + image.shape[0], x : x + image.shape[1]]
    part[..., :3] = image[..., :3]
    part[..., 3] = image[..., 3] if image.shape[2] == 4 else 255
    return canvas


def _why_undecodable(header: Header) -> str:
    suffix = SUFFIXES.get(header.kind)
    # A writer comes with each reader; OpenCV tells of readers only for a file on disk.
    if suffix and not cv2.haveImageWriter(suffix):
        return f"OpenCV {cv2.__version__} reads no {header.kind}; save it as PNG"
    return DAMAGED
