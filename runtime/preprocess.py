"""The one path from pixels to model input. Training, conversion and the device all call `to_input`.

Pure: no files, no state, no randomness. The same picture gives the same bytes everywhere: of OpenCV's ways to
resize only INTER_AREA, INTER_NEAREST and INTER_LINEAR_EXACT round alike on Arm and x86, and no other is used.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.card import InputSpec
from runtime.ink import Ink, find_ink
from runtime.paper import SQUARE
from runtime.pixels import Gray, Picture, quantile, u8

THIN_STROKE = 0.085  # of the mark's longer side; a thinner stroke is brought to this
GRAYS = np.arange(256)
SAME_SIZE = (0.85, 1.2)  # a mark this near the box keeps its pixels: resampling would only blur it


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
    Returns uint8 of shape spec.shape (colour "rgb": R first), or None where framing is "ink" and
    there is no mark. Raises ValueError for an array that is not a picture.
    """
    prepared = prepare(image, spec)
    return None if prepared is None else prepared.pixels


def prepare(image: NDArray[np.generic], spec: InputSpec) -> Prepared | None:
    """`to_input`, and the box in the picture that it was made from."""
    picture = as_picture(image)
    if spec.framing == "frame":
        return Prepared(_frame(picture, spec), (0, 0, picture.shape[1], picture.shape[0]))
    ink = find_ink(picture)
    if ink is None:
        return None
    return Prepared(frame_ink(ink, spec), ink.box, ink.share)


def frame_ink(ink: Ink, spec: InputSpec) -> NDArray[np.uint8]:
    """A mark in its box, centred by mass, as MNIST was made (LeCun et al. 1998); uint8 of spec.shape."""
    strength = _box(_bolden(ink.strength), spec.ink_box)
    canvas = _centre(strength, spec.height, spec.width)
    if spec.polarity == "dark-on-light" or (spec.polarity == "any" and not ink.light):
        canvas = np.asarray(255 - canvas, dtype=np.uint8)
    return canvas[..., np.newaxis]


def as_picture(image: NDArray[np.generic]) -> Picture:
    """Any picture OpenCV can give as (h, w) gray or (h, w, 3) BGR, uint8.

    image: uint8 or uint16; (h, w), or (h, w, c) with c = 1 (gray), 3 (BGR) or 4 (BGRA). What shows
    through is laid on white, or on black where what is there is mostly light.
    Raises ValueError for anything else.
    """
    array = np.asarray(image)
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype not in (np.uint8, np.uint16) or array.ndim not in (2, 3) or channels not in (1, 3, 4):
        raise ValueError(
            "expected a picture (h, w), (h, w, 3) or (h, w, 4) of 8 or 16 bits a channel; "
            f"received {array.dtype} {array.shape}"
        )
    if array.size == 0:
        raise ValueError(f"expected a picture with pixels; received {array.shape}")
    if array.dtype == np.uint16:
        array = np.right_shift(array, 8).astype(np.uint8)
    if channels == 4:
        return _flattened(array.astype(np.uint8))
    return np.asarray(array[..., 0] if array.ndim == 3 and channels == 1 else array, dtype=np.uint8)


def _flattened(image: NDArray[np.uint8]) -> Picture:
    """BGRA (h, w, 4) laid on white or black, whichever the visible part stands out from; BGR."""
    alpha = image[..., 3:].astype(np.float32) / 255.0
    visible = alpha.sum()
    if visible == 0:
        return np.full((*image.shape[:2], 3), 255, np.uint8)
    mean = float((image[..., :3].mean(axis=2, keepdims=True) * alpha).sum() / visible)
    ground = 255.0 if mean < 128 else 0.0
    return np.asarray(image[..., :3] * alpha + ground * (1 - alpha) + 0.5, dtype=np.uint8)


def _bolden(strength: Gray) -> Gray:
    """Hairlines at the width that survives being made small. Strokes that are wide enough stay as they are."""
    side = max(strength.shape)
    solid = (strength > 127).view(np.uint8)
    area = cv2.countNonZero(solid)
    # What is beyond the box is ground.
    inner = cv2.erode(solid, SQUARE, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    outline = area - cv2.countNonZero(inner)
    width = 2 * area / outline if outline else side
    grow = round(THIN_STROKE * side - width)
    if grow < 1:
        return strength
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (grow + 1, grow + 1))
    room = cv2.copyMakeBorder(strength, grow, grow, grow, grow, cv2.BORDER_CONSTANT, value=(0,))
    return np.asarray(cv2.dilate(room, kernel), dtype=np.uint8)


def _box(strength: Gray, side: int) -> Gray:
    """The mark with its longer side `side` pixels long, contrast brought to the full range."""
    height, width = strength.shape
    factor = side / max(height, width)
    if not SAME_SIZE[0] <= factor <= SAME_SIZE[1]:
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        smaller = factor < 1
        strength = (
            u8(cv2.resize(strength, size, interpolation=cv2.INTER_AREA)) if smaller else _enlarged(strength, size)
        )
    peak = quantile(strength, 0.95, above=0)
    table = np.minimum(GRAYS * (255.0 / max(peak, 1.0)), 255)
    return np.asarray(cv2.LUT(strength, table.astype(np.uint8)), dtype=np.uint8)


def _enlarged(strength: Gray, size: tuple[int, int]) -> Gray:
    """(h, w) at size (width, height), bicubic (Keys 1981, a = -0.75, as OpenCV's).

    OpenCV's own rounds otherwise on Arm than on x86; this one does not, and what it enlarges is small.
    """
    rows, columns = (_cubic_weights(of, to) for of, to in zip(strength.shape, size[::-1], strict=True))
    return u8(np.clip((rows @ strength.astype(np.float64) @ columns.T).round(6).round(), 0, 255))


def _cubic_weights(of: int, to: int) -> NDArray[np.float64]:
    """(to, of): what each of `of` samples gives to each of `to`; beyond the ends the last sample goes on."""
    places = (np.arange(to) + 0.5) * (of / to) - 0.5
    weights = np.zeros((to, of))
    for step in range(-1, 3):
        sample = np.floor(places) + step
        x = np.abs(places - sample)
        near, far = (1.25 * x - 2.25) * x * x + 1, ((-0.75 * x + 3.75) * x - 6) * x + 3
        np.add.at(weights, (np.arange(to), np.clip(sample, 0, of - 1).astype(int)), np.where(x <= 1, near, far))
    return weights


def _centre(mark: Gray, height: int, width: int) -> Gray:
    """`mark` on a black (height, width) ground with its centre of mass in the middle, to the pixel."""
    moments = cv2.moments(mark)
    mass = moments["m00"]
    centre_x = moments["m10"] / mass if mass else (mark.shape[1] - 1) / 2
    centre_y = moments["m01"] / mass if mass else (mark.shape[0] - 1) / 2
    left, top = round(width / 2 - centre_x), round(height / 2 - centre_y)
    # The mark stays whole: off-centre is better than cut.
    left = min(max(left, 0), max(0, width - mark.shape[1]))
    top = min(max(top, 0), max(0, height - mark.shape[0]))
    canvas = np.zeros((height, width), np.uint8)
    part = mark[: height - top, : width - left]
    canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
    return canvas


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
    """The largest centred part whose width is `ratio` times its height."""
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
