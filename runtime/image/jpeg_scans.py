"""The segments of a JPEG file (ITU-T T.81), and whether the data of its scans are all there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CUT = "the picture is cut short; copy or take it again"
JPEG_START = b"\xff\xd8\xff"
# A marker: FF and neither a stuffed 0, a restart (D0 to D7) nor padding.
MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
RESTART = rb"\xff[\xd0-\xd7]"  # not compiled: few files have any
START, END, SCAN, INTERVAL = 0xD8, 0xD9, 0xDA, 0xDD  # start and end of image, start of scan, restart interval
PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)  # starts of frame
MAX_SCANS = 100  # a progressive JPEG has about ten; each takes time, however small it is
GRAY = 128  # the level of what a decoder has no data for
# Bits for a decoder that still waits for some: every byte but 0xFF, in no order.
FILLER = bytes(number * 37 % 255 for number in range(1, 255))


@dataclass(frozen=True, eq=False, repr=False)
class Frame:
    """What the header of a JPEG says.

    Attributes:
        width: Pixels.
        height: Pixels.
        bits: Of a sample.
        is_progressive: Its coefficients come in several scans.
        components: The number of each, and how often it is sampled in x and y.
        first_scan: How many components its first scan has.
        interval: Restart interval: how many units of its coded data stand between two restart markers; 0 for none.
    """

    width: int
    height: int
    bits: int
    is_progressive: bool
    components: tuple[tuple[int, int, int], ...]
    first_scan: int
    interval: int

    @property
    def units(self) -> int:
        """How many units (MCU) a scan of all components has."""
        if len(self.components) == 1:
            return -(-self.width // 8) * -(-self.height // 8)
        across, down = self._most
        return -(-self.width // (8 * across)) * -(-self.height // (8 * down))

    @property
    def blocks(self) -> int:
        """How many blocks of 8 by 8 coefficients it has, about."""
        across, down = self._most
        units = -(-self.width // (8 * across)) * -(-self.height // (8 * down))
        return units * sum(x * y for _, x, y in self.components)

    @property
    def _most(self) -> tuple[int, int]:
        return max(x for _, x, _ in self.components), max(y for _, _, y in self.components)


def read_frame(data: bytes) -> Frame | None:
    """Read the header of a JPEG, up to its first scan.

    Args:
        data: The bytes of a file, or the first of them.

    Returns:
        What it says; None where it has no size or is no JPEG.
    """
    frame, interval, scan = b"", 0, 0
    for marker, at in header_segments(data):
        # Start of frame: C0 to CF, except the tables C4 and CC and the reserved C8.
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            frame = data[at + 1 : at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")]
        elif marker == INTERVAL:
            interval = int.from_bytes(data[at + 4 : at + 6], "big")
        elif marker == SCAN:
            scan = data[at + 4] if at + 4 < len(data) else 0
    if len(frame) < 9 or len(frame) < 9 + 3 * frame[8]:
        return None
    parts = tuple((frame[at], frame[at + 1] >> 4, frame[at + 1] & 15) for at in range(9, 9 + 3 * frame[8], 3))
    height, width = int.from_bytes(frame[4:6], "big"), int.from_bytes(frame[6:8], "big")
    if not (parts and all(x and y for _, x, y in parts) and width and height):
        return None
    return Frame(width, height, frame[3], frame[0] in PROGRESSIVE, parts, scan, interval)


def is_cut_jpeg(data: bytes) -> bool:
    """Tell whether a JPEG file is cut short: its coded data has no end mark, whose bytes cannot occur within them.

    Args:
        data: The bytes of a file.

    Returns:
        True for a JPEG that is cut short within its coded data; False for every other file.
    """
    scans = [at for marker, at in header_segments(data) if marker == SCAN]
    return bool(scans) and data.find(bytes([0xFF, END]), scans[0]) < 0


def check_scans(data: bytes, image: NDArray[np.uint8], decode: Callable[[bytes], NDArray[np.uint8] | None]) -> None:
    """Refuse a JPEG whose data end early, whatever end mark was put after them.

    A decoder fills what it has no data for with gray. Where a corner is such a gray, or where data come in several
    scans, the picture is decoded once more with a few bytes added at the end of its data: a whole picture takes no
    notice of them, and one that is cut short takes them for more of its picture.

    Args:
        data: The bytes of a file.
        image: The decoded picture, uint8 (h, w) or (h, w, 3).
        decode: Decodes a file as `image` was decoded.

    Raises:
        ValueError: The picture is cut short, or it has too many scans.
    """
    frame = read_frame(data)
    if frame is None:
        return
    scans, end = _scans(data)
    if end < 0:
        raise ValueError(CUT)
    several = frame.is_progressive or len(scans) > 1
    if several and not _all_scans(data, frame, scans):
        raise ValueError(CUT)
    if frame.interval and not several and frame.first_scan == len(frame.components):
        restarts = sum(1 for _ in re.compile(RESTART).finditer(data, scans[0], end))
        if restarts < -(-frame.units // frame.interval) - 1:
            raise ValueError(CUT)
    corners = image[:: max(1, image.shape[0] - 1), :: max(1, image.shape[1] - 1)]
    is_gray = corners.reshape(-1, 1 if image.ndim == 2 else 3) == GRAY
    if several or len(frame.components) == 4 or is_gray.all(axis=1).any():
        longer = decode(data[:end] + FILLER + data[end:])
        if longer is None or longer.shape != image.shape or not np.array_equal(longer, image):
            raise ValueError(CUT)


def _scans(data: bytes) -> tuple[list[int], int]:
    """Where each scan starts, and where the end mark is; -1 for none."""
    scans: list[int] = []
    at = 2
    while segment := next_segment(data, at):
        marker, start, at = segment
        if marker == END:
            return scans, start
        if marker == SCAN:
            scans.append(start)
            if len(scans) > MAX_SCANS:
                raise ValueError(f"a JPEG of more than {MAX_SCANS} scans; save it anew, or take it again")
    return scans, -1


def _all_scans(data: bytes, frame: Frame, scans: list[int]) -> bool:
    """True where the scans bring every component, and of a progressive JPEG every coefficient to its last bit."""
    missing = {(part, place) for part, _, _ in frame.components for place in range(64 if frame.is_progressive else 1)}
    for at in scans:
        count = data[at + 4] if at + 4 < len(data) else 0
        body = data[at + 5 : at + 5 + 2 * count + 3]
        if len(body) < 2 * count + 3:
            return False
        first, last, low = body[-3], body[-2], body[-1] & 15
        if not frame.is_progressive:
            first, last, low = 0, 0, 0
        if low == 0:
            missing -= {(part, place) for part in body[0 : 2 * count : 2] for place in range(first, min(last, 63) + 1)}
    return not missing


def header_segments(data: bytes) -> Iterator[tuple[int, int]]:
    """Go through the segments of a JPEG's header.

    Args:
        data: The bytes of a file, or the first of them.

    Yields:
        (marker, offset) of each segment, up to the first scan. A file that is not a JPEG has none.
    """
    at = 2 if data.startswith(JPEG_START) else len(data)
    while segment := next_segment(data, at):
        marker, start, at = segment
        yield marker, start
        if marker == SCAN:
            return


def next_segment(data: bytes | bytearray, at: int) -> tuple[int, int, int] | None:
    """Find the next segment.

    Args:
        data: The bytes of a JPEG.
        at: Where to look from.

    Returns:
        (marker, start, end); its end is beyond the data where it is not whole. None where there is no other marker.
    """
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
