"""What the header of a picture file says, before anything is decoded; and the limit on what is decoded."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

DAMAGED = "the picture is damaged or cut short; copy or take it again"
# By the first bytes of a file: the module and the function that parse its header. Only the one in need is imported.
PARSERS: tuple[tuple[bytes, str, str], ...] = (
    (b"\xff\xd8\xff", "runtime.image.jpeg", "parse_jpeg"),
    (b"\x89PNG\r\n\x1a\n", "runtime.image.png", "parse_png"),
    (b"RIFF", "runtime.image.webp", "parse_webp"),
    (b"GIF8", "runtime.image.plain", "parse_gif"),
    (b"BM", "runtime.image.plain", "parse_bmp"),
    (b"\x59\xa6\x6a\x95", "runtime.image.plain", "parse_sun_raster"),
    *((b"P%d" % kind, "runtime.image.plain", "parse_netpbm") for kind in range(1, 8)),
    *((mark, "runtime.image.tiff", "parse_tiff") for mark in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    (b"\xff\x4f\xff\x51", "runtime.image.boxes", "parse_jpeg2000"),
    (b"\0\0\0\x0cjP  ", "runtime.image.boxes", "parse_jpeg2000"),
)
BYTES_A_COLOR_PIXEL = 3  # of a decoded picture of 8 bits
# The decoder's memory at its peak, the file in it, for each pixel of the limit: 300 MB where that is 25 million.
BYTES_AT_PEAK = 12
MOST_REDUCED = 10  # times the limit in pixels: what is decoded to be reduced takes its time all the same


@dataclass(frozen=True, eq=False, repr=False)
class Header:
    """What is known of a picture before it is decoded.

    Attributes:
        kind: The format's name, for messages.
        width: Of the decoded picture, before it is turned upright, pixels.
        height: As `width`.
        channels: 1 (gray), 3 (color) or 4 (with transparency), of the decoded picture.
        depth: Bytes of one sample of the decoded picture: 1 or 2.
        work: Bytes that the decoder needs beside the decoded picture, which OpenCV holds twice.
        pages: How many pictures are in the file; 2 stands for two or more.
        orientation: By EXIF, 1 to 8, where OpenCV leaves the turning to us; else 1.
        still: The bytes to decode in place of the file's, such as the first picture of an animation; None for all.
        place: (x, y) of the decoded picture on a transparent canvas of width times height; None where it fills it.
        reductions: The whole numbers by which the decoder can reduce both sides.
        reason: Why `work` is what it is, for a message; "" where the size in pixels says all.
    """

    kind: str
    width: int
    height: int
    channels: int = 3
    depth: int = 1
    work: int = 0
    pages: int = 1
    orientation: int = 1
    still: bytes | None = None
    place: tuple[int, int] | None = None
    reductions: tuple[int, ...] = (1,)
    reason: str = ""


def read_header(data: bytes) -> Header | None:
    """Parse the header of a picture file.

    Args:
        data: The bytes of the file, all of them: what is missing at the end of a PNG, WebP or GIF is noticed.

    Returns:
        The header; None where the file is of no format that is read here.

    Raises:
        ValueError: The header is damaged, or it is of a kind that OpenCV does not read. The message is for a person.
    """
    parse = _parser_of(data)
    if parse is None:
        return None
    try:
        header = parse(data)
    except (struct.error, IndexError):
        raise ValueError(DAMAGED) from None
    if header.width < 1 or header.height < 1:
        raise ValueError(DAMAGED)
    return header


def is_picture(data: bytes) -> bool:
    """Tell by its first bytes whether a file is a picture of a format that is read here.

    Args:
        data: The bytes of a file, or the first of them.

    Returns:
        True for each format that has a parser.
    """
    return _parser_of(data) is not None


def _parser_of(data: bytes) -> Callable[[bytes], Header] | None:
    for start, module, function in PARSERS:
        if data.startswith(start) and (start != b"RIFF" or data[8:12] == b"WEBP"):
            return getattr(import_module(module), function)  # type: ignore[no-any-return]
    if data[4:8] == b"ftyp" and {b"avif", b"avis"} & brands(data):
        return getattr(import_module("runtime.image.boxes"), "parse_avif")  # type: ignore[no-any-return]  # noqa: B009
    return None


def brands(data: bytes) -> set[bytes]:
    """The brands of an ISO base media file: what it says it is, such as avif, heic or isom.

    Args:
        data: The file, or its first bytes.

    Returns:
        The major brand and the compatible ones; nothing for any other file.
    """
    if data[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(data[:4], "big"), 256)
    return {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}


def reduction_within(header: Header, size: int, max_pixels: int) -> int:
    """Choose by how much a picture is reduced while it is decoded, so that it stays within the limit.

    Args:
        header: Header of the picture.
        size: Length of its file, bytes.
        max_pixels: How many pixels of color, 8 bits a channel, are decoded at most; three times as many of gray.

    Returns:
        The least of the header's reductions that suffices.

    Raises:
        ValueError: None does; the message is for a person.
    """
    is_decodable = header.width * header.height <= MOST_REDUCED * max_pixels
    for reduction in header.reductions if is_decodable else ():
        pixels = -(-header.width // reduction) * -(-header.height // reduction)
        decoded = pixels * header.channels * header.depth
        fits = decoded <= BYTES_A_COLOR_PIXEL * max_pixels
        if fits and size + 2 * decoded + header.work <= BYTES_AT_PEAK * max_pixels:
            return reduction
    what = f" {header.kind}{header.reason}" if header.reason or header.work else ""
    raise ValueError(
        f"too large: {header.width}x{header.height} pixels{what}, of at most {max_pixels:,} in color; "
        "make it smaller, or allow more by classify --max-pixels"
    )
