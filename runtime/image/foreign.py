"""Names what a file is that no parser of runtime.image.header takes, and what to do with it."""

from __future__ import annotations

from runtime.image.header import brands

CONVERT = "convert it to JPEG or PNG"
EXPECTED = "expected JPEG, PNG, BMP, WebP, TIFF or GIF"
# By the first bytes: pictures of kinds that are not read here.
PICTURES: tuple[tuple[bytes, str], ...] = (
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"8BPS", "PSD"),
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"\0\0\x01\0", "ICO"),
    (b"DDS ", "DDS"),
    (b"gimp xcf", "XCF"),
    (b"FUJIFILMCCD-RAW", "a camera's raw photo"),
    (b"II*\0\x10\0\0\0CR", "a camera's raw photo"),
    (b"IIU\0", "a camera's raw photo"),
    (b"IIRO", "a camera's raw photo"),
    (b"\x76\x2f\x31\x01", "EXR, whose values are floats"),
    (b"#?RADIANCE", "HDR, whose values are floats"),
    (b"#?RGBE", "HDR, whose values are floats"),
    (b"PF", "PFM, whose values are floats"),
    (b"Pf", "PFM, whose values are floats"),
)
HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
VIDEOS = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"\0\0\0\x01",  # raw H.264 and H.265
    b"\0\0\x01\xba",  # MPEG
    b"\0\0\x01\xb3",
    b"FLV\x01",
    b"OggS",
    b"0&\xb2u\x8ef\xcf\x11",  # WMV
)
TRANSPORT = 188  # bytes of a packet of an MPEG transport stream, each of which starts with G


def is_video(data: bytes) -> bool:
    """Tell by its first bytes whether a file is a video.

    Args:
        data: The bytes of a file, or the first of them.

    Returns:
        True for MP4, Matroska, AVI, MPEG, transport streams, FLV, WMV and raw H.264.
    """
    if data[4:8] == b"ftyp":
        return not brands(data) & {*HEIC_BRANDS, b"avif", b"avis"}
    if data.startswith(b"RIFF"):
        return data[8:12] == b"AVI "
    return data.startswith(VIDEOS) or data[0 : 3 * TRANSPORT : TRANSPORT] == b"GGG"


def explain(data: bytes) -> str:
    """Say what a file is that is not read.

    Args:
        data: The bytes of the file, or the first of them.

    Returns:
        The second half of a sentence for a person, after the file's name.
    """
    if brands(data) & HEIC_BRANDS:
        return (
            "OpenCV reads no HEIC; save it as JPEG (iPhone: Settings, Camera, Formats, Most Compatible), "
            "or convert it: heif-convert IN.heic OUT.jpg"
        )
    if data.lstrip()[:4].lower() == b"<svg" or (data.lstrip().startswith(b"<?xml") and b"<svg" in data[:4096]):
        return f"SVG, which is not read here; {CONVERT}"
    for start, name in PICTURES:
        if data.startswith(start):
            return f"{name}, which is not read here; {CONVERT}"
    return f"not a picture OpenCV can read (it starts with {data[:8]!r}); {EXPECTED}"
