"""The headers of simple picture formats: BMP, GIF, PBM, PGM, PPM, PAM and Sun raster."""

from __future__ import annotations

import re
import struct

from runtime.image.header import DAMAGED, Header

DIB_HEADERS = (12, 40, 52, 56, 64, 108, 124)  # bytes; each stands for a version of BMP
NOT_BMP = "not a picture (it begins with BM, and is no BMP); expected JPEG, PNG, BMP, WebP, TIFF or GIF"
NETPBM = re.compile(rb"P([1-6])(?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})(?:(?:\s|#[^\n]*\n)+(\d{1,9}))?")
PAM = re.compile(rb"^(WIDTH|HEIGHT|DEPTH|MAXVAL)[ \t]+(\d{1,9})\s*$", re.MULTILINE)
PAM_HEADER = 4096  # bytes in which a PAM has its header


def parse_bmp(data: bytes) -> Header:
    """Parse the header of a BMP.

    Args:
        data: The bytes of the file.

    Returns:
        Its header.

    Raises:
        ValueError: It is no BMP.
    """
    (size,) = struct.unpack_from("<I", data, 14)
    if size not in DIB_HEADERS:
        raise ValueError(NOT_BMP)
    if size == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, bits = struct.unpack_from("<iiHH", data, 18)
    channels = 4 if bits == 32 else 3
    if bits <= 8:
        (start,) = struct.unpack_from("<I", data, 10)
        step = 3 if size == 12 else 4
        palette = data[14 + size : min(start, 14 + size + step * (1 << bits))]
        if palette[0::step] == palette[1::step] == palette[2::step]:
            channels = 1
    return Header("BMP", width, abs(height), channels)


def parse_gif(data: bytes) -> Header:
    """Parse the blocks of a GIF up to its second picture.

    Args:
        data: The bytes of the file.

    Returns:
        Its header.

    Raises:
        ValueError: A picture lies outside the canvas, or there is none.
        IndexError: The file is cut short before its first picture ends.
    """
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + _color_table(flags)
    pictures = 0
    while pictures < 2 and data[at : at + 1] not in (b";", b""):
        if data[at] == 0x2C:
            x, y, w, h, flags = struct.unpack_from("<HHHHB", data, at + 1)
            if not pictures and (x + w > width or y + h > height or w < 1 or h < 1):
                raise ValueError(DAMAGED)
            pictures += 1
            at += 11 + _color_table(flags)  # and a byte before the picture's data
        elif data[at] == 0x21:
            at += 2
        else:
            break
        while pictures < 2 and data[at]:
            at += data[at] + 1
        at += 1
    if not pictures:
        raise ValueError(DAMAGED)
    # OpenCV holds a canvas of four channels, and another one.
    return Header("GIF", width, height, work=2 * width * height, pages=pictures)


def _color_table(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def parse_netpbm(data: bytes) -> Header:
    """Parse the header of a PBM, PGM, PPM or PAM.

    Args:
        data: The bytes of the file.

    Returns:
        Its header.

    Raises:
        ValueError: It has none.
    """
    if data.startswith(b"P7"):
        found = {key: int(value) for key, value in PAM.findall(data[:PAM_HEADER])}
        if len(found) < 4:
            raise ValueError(DAMAGED)
        channels = {1: 1, 3: 3}.get(found[b"DEPTH"], 4)
        return Header("PAM", found[b"WIDTH"], found[b"HEIGHT"], channels, depth=1 + (found[b"MAXVAL"] > 255))
    match = NETPBM.match(data)
    if match is None:
        raise ValueError(DAMAGED)
    kind, width, height, most = (int(part or b"1") for part in match.groups())
    depth = 2 if kind not in (1, 4) and most > 255 else 1
    return Header("PNM", width, height, 3 if kind in (3, 6) else 1, depth)


def parse_sun_raster(data: bytes) -> Header:
    """Parse the header of a Sun raster file.

    Args:
        data: The bytes of the file.

    Returns:
        Its header.
    """
    width, height, bits = struct.unpack_from(">III", data, 4)
    return Header("Sun raster", width, height, 4 if bits == 32 else 3)
