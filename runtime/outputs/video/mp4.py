"""Fragmented MP4 (ISO/IEC 14496-12) with a fragment for each frame, so that a cut file lacks the last frame at most."""

from __future__ import annotations

import struct

from runtime.outputs.video.base import check_dimensions

FRAGMENT_BYTES = 128  # at most, round a picture
TICK = 1000  # units of the time scale between two frames
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)  # nothing is turned or scaled
JPEG_OBJECT = 0x6C  # object type indication of ISO/IEC 10918-1, registered at mp4ra.org


class Mp4:
    """A VideoFormat: .mp4."""

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
        self._scale = max(1, round(fps * TICK))  # units a second
        self._end = 0  # of the newest frame, in units
        self._duration_at = 0  # where the duration stands in the file

    def head(self) -> bytes:
        """Make the beginning of the file: its type, and a track without frames.

        Returns:
            The bytes that the file begins with.
        """
        file_type = _box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso5mp41")
        movie = _box(
            b"moov",
            _movie_header(self._scale),
            _box(b"trak", self._track_header(), _box(b"mdia", self._media_header(), _handler(), self._media())),
            _box(b"mvex", _full(b"mehd", 1, bytes(8)), _full(b"trex", 0, struct.pack(">5I", 1, 1, 0, 0, 0))),
        )
        self._duration_at = len(file_type) + movie.index(b"mehd") + 8
        return file_type + movie

    def frame(self, jpeg: bytes, tick: int) -> bytes:
        """Make a fragment of one frame.

        Args:
            jpeg: The picture.
            tick: When it is shown, in frames from 0.

        Returns:
            The bytes to append.
        """
        self.frames += 1
        self._end = (tick + 1) * TICK

        def fragment(offset: int) -> bytes:
            run = _full(b"trun", 0, struct.pack(">IIII", 1, offset, TICK, len(jpeg)), flags=0x301)
            track = _box(
                b"traf",
                _full(b"tfhd", 0, struct.pack(">I", 1), flags=0x20000),  # offsets count from this fragment
                _full(b"tfdt", 1, struct.pack(">Q", tick * TICK)),
                run,
            )
            return _box(b"moof", _full(b"mfhd", 0, struct.pack(">I", self.frames)), track)

        return fragment(len(fragment(0)) + 8) + _box(b"mdat", jpeg)

    def cost(self, jpeg: bytes, tick: int) -> int:
        """Compute how many bytes a frame adds at most.

        Args:
            jpeg: The picture.
            tick: When it is shown.

        Returns:
            Bytes.
        """
        return len(jpeg) + FRAGMENT_BYTES

    def tail(self, size: int) -> tuple[bytes, list[tuple[int, bytes]]]:
        """Make the duration.

        Args:
            size: Bytes of the file so far.

        Returns:
            Nothing to append; and the duration, which replaces a 0.
        """
        return b"", [(self._duration_at, struct.pack(">Q", self._end))]

    def _track_header(self) -> bytes:
        width, height = self._size
        place = struct.pack(">2I", width << 16, height << 16)
        return _full(b"tkhd", 0, struct.pack(">5I", 0, 0, 1, 0, 0), bytes(16), MATRIX, place, flags=3)

    def _media_header(self) -> bytes:
        return _full(b"mdhd", 0, struct.pack(">4I2H", 0, 0, self._scale, 0, 0x55C4, 0))  # language: undetermined

    def _media(self) -> bytes:
        empty = [_full(name, 0, struct.pack(">I", 0)) for name in (b"stts", b"stsc", b"stco")]
        table = _box(
            b"stbl",
            _full(b"stsd", 0, struct.pack(">I", 1), self._sample_entry()),
            *empty,
            _full(b"stsz", 0, struct.pack(">2I", 0, 0)),
        )
        here = _box(b"dinf", _full(b"dref", 0, struct.pack(">I", 1), _full(b"url ", 0, flags=1)))
        return _box(b"minf", _full(b"vmhd", 0, bytes(8), flags=1), here, table)

    def _sample_entry(self) -> bytes:
        decoder = struct.pack(">BB11x", JPEG_OBJECT, 0x11)
        stream = struct.pack(">HB", 1, 0) + _descriptor(4, decoder) + _descriptor(6, b"\2")
        resolution = 72 << 16  # dots per inch
        return _box(
            b"mp4v",
            struct.pack(">6xH16x2H2I4xH32xHh", 1, *self._size, resolution, resolution, 1, 24, -1),
            _full(b"esds", 0, _descriptor(3, stream)),
        )


def _box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def _full(name: bytes, version: int, *parts: bytes, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", version << 24 | flags), *parts)


def _descriptor(tag: int, body: bytes) -> bytes:
    return bytes((tag, len(body))) + body


def _movie_header(scale: int) -> bytes:
    times = struct.pack(">4I", 0, 0, scale, 0)
    return _full(b"mvhd", 0, times, struct.pack(">IH10x", 0x10000, 0x100), MATRIX, bytes(24), struct.pack(">I", 2))


def _handler() -> bytes:
    return _full(b"hdlr", 0, bytes(4), b"vide", bytes(12), b"video\0")
