"""What every video format is: a head, and bytes to append for each frame. A file that is cut anywhere can be read."""

from __future__ import annotations

from typing import Protocol


class VideoFormat(Protocol):
    """Makes the bytes of one video of JPEG pictures.

    Attributes:
        frames: The number of frames that a reader finds in what was made so far.
    """

    frames: int

    def head(self) -> bytes:
        """Make the beginning of the file.

        Returns:
            The bytes that the file begins with.
        """
        ...

    def frame(self, jpeg: bytes, tick: int) -> bytes:
        """Make what is appended for one frame.

        Args:
            jpeg: The picture.
            tick: When it is shown, in frames at the video's rate, from 0; greater than that of the frame before.

        Returns:
            The bytes.
        """
        ...

    def cost(self, jpeg: bytes, tick: int) -> int:
        """Compute how many bytes a frame adds at most, its part of the tail included. Nothing is made.

        Args:
            jpeg: The picture.
            tick: When it is shown.

        Returns:
            Bytes.
        """
        ...

    def tail(self, size: int) -> tuple[bytes, list[tuple[int, bytes]]]:
        """Make what a video that is complete has besides, such as its duration. It can be read without.

        Args:
            size: Bytes of the file so far.

        Returns:
            Bytes to append; and places (offset from the file's start) with the bytes that replace those there.
        """
        ...


def check_dimensions(width: int, height: int) -> None:
    """Refuse a picture that JPEG and these formats cannot hold.

    Args:
        width: Pixels.
        height: Pixels.

    Raises:
        ValueError: It is too large.
    """
    if not (0 < width < 65536 and 0 < height < 65536):
        raise ValueError(f"expected at most 65535 pixels a side; received {width}x{height}")
