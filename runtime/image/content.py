"""What kind of video the first bytes of a file or a stream are, if any. Pure."""

from __future__ import annotations

from runtime.image.header import brands

HEAD = 512  # bytes that are enough to tell
START_CODE = b"\0\0\1"
H264, H265 = {6, 7, 9}, {32, 33, 35, 39}  # NAL units that a stream begins with: parameters, delimiters, SEI
PACKET = 188  # bytes of MPEG-TS; M2TS has four more before each
HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
AVIF_BRANDS = {b"avif", b"avis"}
VIDEOS = (
    (b"\x1a\x45\xdf\xa3", "Matroska or WebM"),
    (b"FLV", "FLV"),
    (b"OggS", "Ogg"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "ASF or WMV"),
    (b"DKIF", "IVF"),
    (b"YUV4MPEG2", "YUV4MPEG2"),
    (b"\x06\x0e\x2b\x34", "MXF"),
    (b"\0\0\1\xba", "MPEG-PS"),
    (b"\0\0\1\xb3", "MPEG video"),
)


def video_kind(head: bytes) -> str:
    r"""Name the kind of video that bytes begin.

    Args:
        head: The first bytes, HEAD of them where there are so many.

    Returns:
        Such as "H.264"; "" where it is no video.

    Example:
        >>> video_kind(b"\0\0\0\1\x67 and so on"), video_kind(b"\x89PNG")
        ('H.264', '')
    """
    for start, kind in VIDEOS:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF" and head[8:11] == b"AVI":
        return "AVI"
    if head[4:8] == b"ftyp":
        return "" if brands(head) & (HEIC_BRANDS | AVIF_BRANDS) else "MP4"
    if head[4:8] in (b"moov", b"mdat", b"wide") and head[0] == 0:
        return "MP4"
    for offset, size in ((0, PACKET), (4, PACKET + 4)):
        if len(head) > offset + 2 * size and all(head[offset + n * size] == ord("G") for n in range(3)):
            return "MPEG-TS"
    return _raw_kind(head)


def _raw_kind(head: bytes) -> str:
    """H.264 and H.265 without a container (their annex B), as rpicam-vid writes them."""
    at = 1 if head.startswith(b"\0" + START_CODE) else 0
    if not head[at:].startswith(START_CODE) or len(head) < at + 5:
        return ""
    first, second = head[at + 3], head[at + 4]
    if first & 0x80:  # the forbidden bit of both
        return ""
    if first >> 1 in H265 and first & 1 == 0 and second & 7 == 1:
        return "H.265"
    return "H.264" if first & 0x1F in H264 else ""


def is_heic(head: bytes) -> bool:
    """Tell whether bytes begin a HEIC, which is no video and is refused with a line of its own.

    Args:
        head: The first bytes, HEAD of them where there are so many.

    Returns:
        True where one of its brands is a HEIC's.
    """
    return bool(brands(head) & HEIC_BRANDS)
