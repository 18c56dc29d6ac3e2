"""JPEG after JPEG out of a byte stream, found by their own structure (ITU-T T.81, annex B). Pure.

So every server's variant of multipart works, whatever its boundaries and lengths say, and a stream without any too.
"""

from __future__ import annotations

from collections.abc import Iterator

from runtime.errors import SourceError
from runtime.image.jpeg_scans import END, JPEG_START, SCAN, START, next_segment

MAX_JPEG = 32_000_000  # bytes; a stream without a whole JPEG in so many is not MJPEG
MAX_SEGMENTS = 2000  # of one JPEG; a camera writes some ten, a large color profile 255
TRAILER = 1024  # bytes at the end of a JPEG without an end mark, in which the next part's header may stand
UNENDED = 2  # JPEGs in a row without an end mark, the first of a stream, after which it is one that has none
END_MARK = bytes([0xFF, END])


class JpegSplitter:
    r"""Splits a byte stream, handed over in pieces of any size, into JPEGs.

    Example:
        >>> splitter = JpegSplitter()
        >>> list(splitter.feed(b"--frame\r\n\r\n" + JPEG_START + b"\xe0\0\4xx"))
        []
        >>> list(splitter.feed(b"\xff\xd9 and more"))
        [b'\xff\xd8\xff\xe0\x00\x04xx\xff\xd9']
    """

    def __init__(self) -> None:
        """Start before the first byte."""
        self._data = bytearray()
        self._since_whole = 0  # bytes since the last whole JPEG
        self._has_ends: bool | None = None  # whether this stream's JPEGs have end marks; None while unknown
        self._unended = 0
        self._restart()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Take the next bytes.

        Args:
            piece: Any number of bytes.

        Yields:
            The bytes of every JPEG that they make whole. What is between JPEGs, or cut short, is left out. Where none
            of a stream's JPEGs has an end mark, each ends where the next begins, and gets one.

        Raises:
            SourceError: 32 MB contain no whole JPEG.
        """
        self._data += piece
        self._since_whole += len(piece)
        while self._find_start():
            found = self._next_jpeg()
            if found is None:
                break
            if found:
                self._since_whole = len(self._data)
                yield found
        if self._since_whole > MAX_JPEG:
            count = self._since_whole
            self._data.clear()
            self._since_whole = 0
            self._restart()
            raise SourceError(f"{count:,} bytes without a whole JPEG; expected an MJPEG stream")

    def _restart(self) -> None:
        """Begin to look at a JPEG."""
        self._at = 2
        self._segments = 0
        self._in_scan = False

    def _find_start(self) -> bool:
        """Drop what is before the next JPEG; False where there is none yet."""
        if self._data.startswith(JPEG_START):
            return True
        start = self._data.find(JPEG_START)
        del self._data[: start if start >= 0 else max(0, len(self._data) - 2)]
        return start >= 0

    def _next_jpeg(self) -> bytes | None:
        """The JPEG that the data starts with; b"" where it was no whole one; None where more data is needed."""
        while segment := next_segment(self._data, self._at):
            marker, start, end = segment
            if marker == END:
                self._has_ends = True
                return self._take(end)
            if marker == START or self._segments >= MAX_SEGMENTS:
                return self._cut(start, marker == START)
            if len(self._data) < end:
                self._at = start
                return None
            self._at = end
            self._segments += 1
            self._in_scan = self._in_scan or marker == SCAN
        self._at = max(self._at, len(self._data) - 1)
        return None

    def _take(self, length: int) -> bytes:
        jpeg = bytes(self._data[:length])
        del self._data[:length]
        self._restart()
        return jpeg

    def _cut(self, start: int, is_next: bool) -> bytes:
        """Drop a JPEG that another one cuts short; give it where this stream's JPEGs have no end marks at all."""
        is_unended = is_next and self._in_scan and not self._has_ends
        jpeg = self._take(max(start, 2))
        self._unended = self._unended + 1 if is_unended else 0
        if self._unended < UNENDED:
            return b""
        trailer = jpeg.rfind(b"\r\n--", max(0, len(jpeg) - TRAILER))
        return (jpeg if trailer < 0 else jpeg[:trailer]) + END_MARK
