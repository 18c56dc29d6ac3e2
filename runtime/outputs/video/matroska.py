"""Matroska (RFC 9559) with a cluster for each frame and a segment of unknown size, so that a cut file can be read."""

from __future__ import annotations

import struct

from runtime.outputs.video.base import check_dimensions

CLUSTER_BYTES = 48  # at most, round a picture
DURATION_BYTES = 11  # of the element, which takes the place of an empty one


class Matroska:
    """A VideoFormat: .mkv."""

    def __init__(self, width: int, height: int, fps: float) -> None:
        """Begin a video.

        Args:
            width: Pixels.
            height: Pixels.
            fps: Frames a second.

        Raises:
            ValueError: The picture is too large for the format.
        """
        check_dimensions(width, height)
        self.frames = 0
        self._size = (width, height)
        self._fps = fps
        self._end = 0.0  # of the newest frame, milliseconds
        self._duration_at = 0  # where the duration stands in the file

    def head(self) -> bytes:
        """Make the beginning of the file: its type, and a track without frames.

        Returns:
            The bytes that the file begins with.
        """
        file_type = _element(
            "1A45DFA3", _number("4286", 1), _number("42F7", 1), _number("42F2", 4), _number("42F3", 8),
            _element("4282", b"matroska"), _number("4287", 4), _number("4285", 2),
        )  # fmt: skip
        segment = bytes.fromhex("18538067 01FFFFFFFFFFFFFF")  # to the file's end, wherever that is
        empty = _element("EC", bytes(DURATION_BYTES - 2))
        name = b"edge-classifier"
        info = _element("1549A966", empty, _number("2AD7B1", 1_000_000), _element("4D80", name), _element("5741", name))
        self._duration_at = len(file_type) + len(segment) + info.index(empty)
        return file_type + segment + info + self._tracks()

    def frame(self, jpeg: bytes, tick: int) -> bytes:
        """Make a cluster of one frame.

        Args:
            jpeg: The picture.
            tick: When it is shown, in frames from 0.

        Returns:
            The bytes to append.
        """
        self.frames += 1
        self._end = (tick + 1) * 1000 / self._fps
        block = b"\x81\0\0\x80" + jpeg  # of track 1, at the cluster's own time, a key frame
        return _element("1F43B675", _number("E7", round(tick * 1000 / self._fps)), _element("A3", block))

    def cost(self, jpeg: bytes, tick: int) -> int:
        """Compute how many bytes a frame adds at most.

        Args:
            jpeg: The picture.
            tick: When it is shown.

        Returns:
            Bytes.
        """
        return len(jpeg) + CLUSTER_BYTES

    def tail(self, size: int) -> tuple[bytes, list[tuple[int, bytes]]]:
        """Make the duration.

        Args:
            size: Bytes of the file so far.

        Returns:
            Nothing to append; and the duration, which replaces an empty element.
        """
        return b"", [(self._duration_at, _element("4489", struct.pack(">d", self._end)))]

    def _tracks(self) -> bytes:
        width, height = self._size
        video = _element("E0", _number("B0", width), _number("BA", height))
        between = _number("23E383", max(1, round(1e9 / self._fps)))  # nanoseconds between two frames
        track = _element(
            "AE", _number("D7", 1), _number("73C5", 1), _number("83", 1), _number("9C", 0), between,
            _element("86", b"V_MJPEG"), video,
        )  # fmt: skip
        return _element("1654AE6B", track)


def _element(name: str, *parts: bytes) -> bytes:
    """An element, its ID in hexadecimal as the standard has it."""
    body = b"".join(parts)
    length = bytes((0x80 | len(body),)) if len(body) < 127 else struct.pack(">Q", 1 << 56 | len(body))
    return bytes.fromhex(name) + length + body


def _number(name: str, value: int) -> bytes:
    return _element(name, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))
