"""Frames flipped, rotated and cropped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.errors import SourceError
from runtime.sources.base import Frame, SourceOptions

FLIPS = {"h": 1, "v": 0, "hv": -1}  # as cv2.flip counts
TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def turned(frames: Iterator[Frame], options: SourceOptions) -> Iterator[Frame]:
    try:
        for frame in frames:
            yield replace(frame, image=turn(frame.image, options))
    finally:
        close = getattr(frames, "close", None)
        if close:
            close()


def turn(image: NDArray[np.uint8], options: SourceOptions) -> NDArray[np.uint8]:
    """The picture flipped, rotated and cut as the options say. Raises SourceError where the cut is outside it."""
    if options.flip:
        image = np.asarray(cv2.flip(image, FLIPS[options.flip]), np.uint8)
    if options.rotate:
        image = np.asarray(cv2.rotate(image, TURNS[options.rotate]), np.uint8)
    if options.roi:
        x, y, w, h = options.roi
        height, width = image.shape[:2]
        if x + w > width or y + h > height:
            raise SourceError(f"--roi {x},{y},{w},{h} lies outside the picture, which is {width}x{height}")
        image = image[y : y + h, x : x + w]
    return image
