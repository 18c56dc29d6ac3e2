"""The orientation of a picture by its EXIF data (JEITA CP-3451)."""

from __future__ import annotations

import struct

ORIENTATION = 0x0112  # the tag


def orientation_of(data: bytes) -> int:
    r"""Read the orientation from EXIF data.

    Args:
        data: A TIFF structure, as PNG, WebP and AVIF carry it; it may begin with "Exif" and two zeros, as in a JPEG.

    Returns:
        1 to 8; 1, upright, where the data say nothing or are damaged.

    Example:
        >>> orientation_of(b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0")
        6
    """
    data = data.removeprefix(b"Exif\0\0")
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None:
        return 1
    try:
        (at,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", data, entry)
            if tag == ORIENTATION and kind == 3 and 1 <= value <= 8:
                return int(value)
    except struct.error:
        pass
    return 1
