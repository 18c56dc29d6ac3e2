"""What every source gives, what it is asked for, and how it is opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from runtime.errors import SourceError

STALE_S = 2.0  # a live source without a new frame for so long is stale
FRAME_TIMEOUT_S = 8.0  # beside the time until it is stale: then a stream without a whole frame is an error


@dataclass(frozen=True)
class Frame:
    """One picture of a source.

    Attributes:
        image: uint8, (h, w) gray or (h, w, 3) BGR.
        source: The source as it was asked for, or the file, without any password.
        index: The frame's number within the source, from 0.
        captured_at: When the frame was taken from a camera or read from a file, in seconds since the epoch.
        age_s: Seconds from then until the frame was given, as far as they are known.

    Example:
        >>> from runtime.sources.registry import open_source
        >>> frame = next(open_source("samples/photo_7.jpg"))
        >>> frame.source, frame.index
        ('samples/photo_7.jpg', 0)
    """

    image: NDArray[np.uint8]
    source: str
    index: int
    captured_at: float
    age_s: float = 0.0


@dataclass(frozen=True)
class SourceOptions:
    """What a camera is asked for, and how frames are transformed. None leaves the choice to the camera.

    Attributes:
        width: Pixels.
        height: Pixels.
        fps: Frames a second.
        flip: "h", "v" or "hv"; None for no flip.
        rotate: Degrees clockwise, after the flip: 0, 90, 180 or 270.
        roi: (x, y, width, height) in pixels of the rotated picture, to which it is cropped.
        stale_s: Seconds without a new frame after which the source is stale; a slow camera needs more.
        http_ca: A file (PEM) with the certificate that an https camera's own must be, or be signed by; None for those
            that the system trusts.
        insecure: True to take any certificate of an https camera.
    """

    width: int | None = None
    height: int | None = None
    fps: float | None = None
    flip: str | None = None
    rotate: int = 0
    roi: tuple[int, int, int, int] | None = None
    stale_s: float = STALE_S
    http_ca: str | None = None
    insecure: bool = False


class EndedError(SourceError):
    """A source that has nothing more, such as a pipe at its end: it cannot be opened again."""


class TryLaterError(SourceError):
    """A server that says when it will be ready.

    Attributes:
        seconds: From now on.
    """

    def __init__(self, message: str, seconds: float) -> None:
        """Make the error.

        Args:
            message: For a person.
            seconds: From now on.
        """
        super().__init__(message)
        self.seconds = seconds


def frame_timeout(options: SourceOptions) -> float:
    """Give the time that a stream has for one whole frame; it is stale long before.

    Args:
        options: `stale_s` is used.

    Returns:
        Seconds.

    Example:
        >>> frame_timeout(SourceOptions())
        10.0
    """
    return FRAME_TIMEOUT_S + options.stale_s


class SourceOpener(Protocol):
    """A function that opens one kind of source."""

    def __call__(self, text: str, options: SourceOptions) -> Iterator[Frame]:
        """Open a source.

        Args:
            text: The source as it was asked for, such as "csi://0".
            options: What the source is asked for. Flip, rotation and crop are applied by `open_source`.

        Returns:
            An iterator of frames over a source that is already open. Closing the iterator releases the source. A live
            source raises SourceError where it fails; a finite source ends.

        Raises:
            SourceError: The source cannot be opened; the message says what to do.
        """
