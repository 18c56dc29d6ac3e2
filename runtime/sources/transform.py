"""Frames flipped, rotated and cropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.errors import SourceError
from runtime.sources.base import Frame, SourceOptions

FLIPS = {"h": 1, "v": 0, "hv": -1}  # the codes of cv2.flip
ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def transform_frames(frames: Iterator[Frame], options: SourceOptions) -> Iterator[Frame]:
    """Transform every frame of a source.

    Args:
        frames: The source; it is closed when the result is closed.
        options: See `transform_image`.

    Returns:
        The frames, with their images transformed. The iterator raises what `frames` raises, and SourceError where the
        crop lies outside the picture.
    """
    return TransformedFrames(frames, options)


class TransformedFrames:
    """An iterator of transformed frames that goes on after an error where the source does."""

    def __init__(self, frames: Iterator[Frame], options: SourceOptions) -> None:
        """Start before the first frame; see `transform_frames`."""
        self._frames = frames
        self._options = options

    def __iter__(self) -> Iterator[Frame]:
        """The iterator itself."""
        return self

    def __next__(self) -> Frame:
        """Transform the next frame."""
        frame = next(self._frames)
        return replace(frame, image=transform_image(frame.image, self._options))

    def close(self) -> None:
        """Close the source, after which there are no more frames."""
        frames, self._frames = self._frames, iter(())
        close = getattr(frames, "close", None)
        if close:
            close()


def transform_image(image: NDArray[np.uint8], options: SourceOptions) -> NDArray[np.uint8]:
    """Flip, then rotate, then crop a picture.

    Args:
        image: uint8, (h, w) or (h, w, 3).
        options: `flip`, `rotate` and `roi` are used.

    Returns:
        uint8, (h, w) or (h, w, 3), of the size that the options make it.

    Raises:
        SourceError: The crop lies outside the picture.
    """
    if options.flip:
        image = np.asarray(cv2.flip(image, FLIPS[options.flip]), np.uint8)
    if options.rotate:
        image = np.asarray(cv2.rotate(image, ROTATIONS[options.rotate]), np.uint8)
    if options.roi:
        x, y, w, h = options.roi
        height, width = image.shape[:2]
        if x + w > width or y + h > height:
            raise SourceError(f"--roi {x},{y},{w},{h} lies outside the picture, which is {width}x{height}")
        image = image[y : y + h, x : x + w]
    return image
