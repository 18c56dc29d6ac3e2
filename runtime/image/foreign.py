"""Names what a file is that no parser of runtime.image.header takes, and what to do with it."""

from __future__ import annotations

from runtime.image.content import is_heic

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


def explain(data: bytes) -> str:
    """Say what a file is that is not read.

    Args:
        data: The bytes of the file, or the first of them.

    Returns:
        The second half of a sentence for a person, after the file's name.
    """
    if is_heic(data):
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
