"""The one path from pixels to model input. Training, conversion and the device all call `to_input`.

Pure: no files, no state, no randomness. The same picture gives the same bytes everywhere: of OpenCV's ways to
resize only INTER_AREA, INTER_NEAREST and INTER_LINEAR_EXACT round alike on Arm and x86, and no other is used.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Picture, as_picture
from runtime.ink.find import find_ink
from runtime.ink.framing import frame_ink
from runtime.tflite.card import InputSpec


@dataclass(frozen=True)
class Prepared:
    """A model input and where it came from.

    pixels: uint8 of the spec's (height, width, channels), 0 to 255. box: (x, y, width, height) of what
    was taken, in pixels of the picture. share: of all ink in the picture that is in it, 0 to 1.
    """

    pixels: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    share: float = 1.0


def to_input(image: NDArray[np.generic], spec: InputSpec) -> NDArray[np.uint8] | None:
    """A picture as the model wants it.

    image: whatever `as_picture` takes: gray, BGR or BGRA of 8 or 16 bits.
    Returns uint8 of shape spec.shape (color "rgb": R first), or None where framing is "ink" and
    there is no mark. Raises ValueError for an array that is not a picture.
    """
    prepared = prepare(image, spec)
    return None if prepared is None else prepared.pixels


def prepare(image: NDArray[np.generic], spec: InputSpec) -> Prepared | None:
    """`to_input`, and the box in the picture that it was made from."""
    picture = as_picture(image)
    if spec.framing == "whole":
        return Prepared(_frame(picture, spec), (0, 0, picture.shape[1], picture.shape[0]))
    ink = find_ink(picture)
    if ink is None:
        return None
    return Prepared(frame_ink(ink, spec), ink.box, ink.share)


def _frame(picture: Picture, spec: InputSpec) -> NDArray[np.uint8]:
    """The whole picture at the model's size, by the spec's `resize`."""
    if spec.channels == 1 and picture.ndim == 3:
        picture = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    elif spec.channels == 3:
        code = cv2.COLOR_GRAY2RGB if picture.ndim == 2 else cv2.COLOR_BGR2RGB
        picture = np.asarray(cv2.cvtColor(picture, code), dtype=np.uint8)
    if spec.resize == "crop":
        picture = _cropped(picture, spec.width / spec.height)
    elif spec.resize == "pad":
        picture = _padded(picture, spec.width / spec.height)
    if picture.shape[:2] != (spec.height, spec.width):
        grows = picture.shape[0] < spec.height or picture.shape[1] < spec.width
        method = cv2.INTER_LINEAR_EXACT if grows else cv2.INTER_AREA
        picture = np.asarray(cv2.resize(picture, (spec.width, spec.height), interpolation=method), dtype=np.uint8)
    return np.ascontiguousarray(picture).reshape(spec.shape)


def _cropped(picture: Picture, ratio: float) -> Picture:
    """The largest centered part whose width is `ratio` times its height."""
    height, width = picture.shape[:2]
    w, h = min(width, max(1, round(height * ratio))), min(height, max(1, round(width / ratio)))
    x, y = (width - w) // 2, (height - h) // 2
    return picture[y : y + h, x : x + w]


def _padded(picture: Picture, ratio: float) -> Picture:
    """The picture on a black ground whose width is `ratio` times its height."""
    height, width = picture.shape[:2]
    w, h = max(width, round(height * ratio)), max(height, round(width / ratio))
    x, y = (w - width) // 2, (h - height) // 2
    edges = (y, h - height - y, x, w - width - x)
    return np.asarray(cv2.copyMakeBorder(picture, *edges, cv2.BORDER_CONSTANT, value=(0, 0, 0)), dtype=np.uint8)
