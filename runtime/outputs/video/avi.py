"""AVI with Motion JPEG. Frames are repeated to keep time, as the format has one rate; its sizes are written last."""

from __future__ import annotations

import struct

from runtime.outputs.video.base import check_dimensions

RATE = 1000  # the time scale: fps is written as a fraction of it
CHUNK_BYTES = 8 + 1 + 16  # round a picture: its head, padding and place in the index
KEY_FRAME = 0x10
HAS_INDEX = 0x10


class Avi:
    """A VideoFormat: .avi. A size of 0 means to a reader that the file was not completed, and it reads to the end."""

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
        self._last = b""  # the newest picture, which is repeated
        self._index: list[tuple[int, int]] = []  # offset in the list of frames, and size, of each
        self._offset = 4
        self._head_size = 0

    def head(self) -> bytes:
        """Make the beginning of the file: a list of headers, and one of frames without any.

        Returns:
            The bytes that the file begins with.
        """
        head = self._made(0, 0)
        self._head_size = len(head)
        return head

    def frame(self, jpeg: bytes, tick: int) -> bytes:
        """Make the chunks of one frame, after those of the frame before for as long as that is shown.

        Args:
            jpeg: The picture.
            tick: When it is shown, in frames from 0.

        Returns:
            The bytes to append.
        """
        repeats = [self._last] * (tick - self.frames) if self._last else []
        self._last = jpeg
        return b"".join(self._chunk(picture) for picture in [*repeats, jpeg])

    def cost(self, jpeg: bytes, tick: int) -> int:
        """Compute how many bytes a frame adds at most.

        Args:
            jpeg: The picture.
            tick: When it is shown.

        Returns:
            Bytes.
        """
        return (tick - self.frames) * (len(self._last) + CHUNK_BYTES) + len(jpeg) + CHUNK_BYTES

    def tail(self, size: int) -> tuple[bytes, list[tuple[int, bytes]]]:
        """Make the index, and the headers with the sizes in them.

        Args:
            size: Bytes of the file so far.

        Returns:
            The index to append; and the headers, which replace those without sizes.
        """
        entries = b"".join(struct.pack("<4s3I", b"00dc", KEY_FRAME, *entry) for entry in self._index)
        index = _chunk(b"idx1", entries)
        return index, [(0, self._made(size + len(index) - 8, size - self._head_size + 4))]

    def _chunk(self, jpeg: bytes) -> bytes:
        chunk = _chunk(b"00dc", jpeg)
        self._index.append((self._offset, len(jpeg)))
        self._offset += len(chunk)
        self.frames += 1
        return chunk

    def _made(self, riff_size: int, frames_size: int) -> bytes:
        width, height = self._size
        largest = max((size for _, size in self._index), default=0)
        scale, rate = RATE, max(1, round(self._fps * RATE))
        main = struct.pack(
            "<14I", round(1e6 / self._fps), 0, 0, HAS_INDEX, self.frames, 0, 1, largest, width, height, 0, 0, 0, 0
        )
        stream = struct.pack(
            "<4s4sIHH6IiI4H",
            *(b"vids", b"MJPG", 0, 0, 0),
            *(0, scale, rate, 0, self.frames, largest, -1, 0),
            *(0, 0, min(width, 32767), min(height, 32767)),
        )
        bitmap = struct.pack(
            "<IiiHH4s5I", 40, width, height, 1, 24, b"MJPG", 3 * width * height & 0xFFFFFFFF, 0, 0, 0, 0
        )
        headers = _list(
            b"hdrl", _chunk(b"avih", main), _list(b"strl", _chunk(b"strh", stream), _chunk(b"strf", bitmap))
        )
        return (
            struct.pack("<4sI4s", b"RIFF", riff_size, b"AVI ")
            + headers
            + struct.pack("<4sI4s", b"LIST", frames_size, b"movi")
        )


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack("<4sI", name, len(body)) + body + b"\0" * (len(body) % 2)


def _list(name: bytes, *parts: bytes) -> bytes:
    return _chunk(b"LIST", name + b"".join(parts))
