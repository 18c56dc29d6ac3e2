"""A mark in its box, as MNIST was made (LeCun et al. 1998), resized as runtime.preprocess allows. Pure."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Gray, quantile, u8
from runtime.ink.background import KERNEL_3X3
from runtime.ink.find import Ink
from runtime.tflite.card import InputSpec

THIN_STROKE = 0.085  # of the mark's longer side; a thinner stroke is widened to this
SOLID = 127  # gray level: above it a pixel is stroke when its width is measured
SAME_SIZE = (0.85, 1.2)  # a mark this near the box keeps its pixels: resampling would only blur it
FULL_INK = 0.95  # quantile of the mark's strengths above 0: this strength and all above it become 255
GRAY_LEVELS = np.arange(256)


def frame_ink(ink: Ink, spec: InputSpec) -> NDArray[np.uint8]:
    """Make a model input of a mark: its longer side scaled to the box, its center of mass in the middle.

    Args:
        ink: The mark.
        spec: The model's input, framing "ink".

    Returns:
        uint8 of spec.shape, 0 to 255.
    """
    strength = _scaled(_emboldened(ink.strength), spec.ink_box)
    canvas = _centered(strength, spec.height, spec.width)
    if spec.polarity == "dark-on-light" or (spec.polarity == "any" and not ink.light_on_dark):
        canvas = np.asarray(255 - canvas, dtype=np.uint8)
    return canvas[..., np.newaxis]


def missing_width(strength: Gray) -> int:
    """Measure by how much a mark's strokes are thinner than THIN_STROKE of its longer side.

    Args:
        strength: uint8 (h, w), its ink.

    Returns:
        Pixels; below 1 where nothing is missing.
    """
    side = max(strength.shape)
    solid = (strength > SOLID).view(np.uint8)
    area = cv2.countNonZero(solid)
    # Beyond the box is background.
    inner = cv2.erode(solid, KERNEL_3X3, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    outline = area - cv2.countNonZero(inner)
    width: float = 2 * area / outline if outline else side
    missing: float = THIN_STROKE * side - width
    return round(missing)


def _emboldened(strength: Gray) -> Gray:
    """Hairlines widened to THIN_STROKE, which survives being made small. Wider strokes stay as they are."""
    grow = missing_width(strength)
    if grow < 1:
        return strength
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (grow + 1, grow + 1))
    padded = cv2.copyMakeBorder(strength, grow, grow, grow, grow, cv2.BORDER_CONSTANT, value=(0,))
    return np.asarray(cv2.dilate(padded, kernel), dtype=np.uint8)


def _scaled(strength: Gray, side: int) -> Gray:
    """The mark with its longer side `side` pixels long, its contrast stretched to the full range."""
    height, width = strength.shape
    factor = side / max(height, width)
    if not SAME_SIZE[0] <= factor <= SAME_SIZE[1]:
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        is_smaller = factor < 1
        strength = (
            u8(cv2.resize(strength, size, interpolation=cv2.INTER_AREA)) if is_smaller else _enlarged(strength, size)
        )
    peak = quantile(strength, FULL_INK, above=0)
    table = np.minimum(GRAY_LEVELS * (255.0 / max(peak, 1.0)), 255)
    return np.asarray(cv2.LUT(strength, table.astype(np.uint8)), dtype=np.uint8)


def _enlarged(strength: Gray, size: tuple[int, int]) -> Gray:
    """(h, w) at size (width, height), bicubic (Keys 1981, a = -0.75, as OpenCV's).

    OpenCV's own rounds otherwise on Arm than on x86; this one does not, and marks that are enlarged are small.
    """
    rows, columns = (_cubic_weights(of, to) for of, to in zip(strength.shape, size[::-1], strict=True))
    return u8(np.clip((rows @ strength.astype(np.float64) @ columns.T).round(6).round(), 0, 255))


@lru_cache(maxsize=256)  # a page has many marks of few sizes
def _cubic_weights(of: int, to: int) -> NDArray[np.float64]:
    """(to, of): the weight of each of `of` samples in each of `to`; beyond the ends the last sample is repeated."""
    places = (np.arange(to) + 0.5) * (of / to) - 0.5
    weights = np.zeros((to, of))
    for step in range(-1, 3):
        sample = np.floor(places) + step
        x = np.abs(places - sample)
        near, far = (1.25 * x - 2.25) * x * x + 1, ((-0.75 * x + 3.75) * x - 6) * x + 3
        np.add.at(weights, (np.arange(to), np.clip(sample, 0, of - 1).astype(int)), np.where(x <= 1, near, far))
    return weights


def _centered(mark: Gray, height: int, width: int) -> Gray:
    """`mark` on a black (height, width) canvas with its center of mass in the middle, to the pixel."""
    moments = cv2.moments(mark)
    mass = moments["m00"]
    center_x = moments["m10"] / mass if mass else (mark.shape[1] - 1) / 2
    center_y = moments["m01"] / mass if mass else (mark.shape[0] - 1) / 2
    left, top = round(width / 2 - center_x), round(height / 2 - center_y)
    # The mark stays whole: off-center is better than cut.
    left = min(max(left, 0), max(0, width - mark.shape[1]))
    top = min(max(top, 0), max(0, height - mark.shape[0]))
    canvas = np.zeros((height, width), np.uint8)
    part = mark[: height - top, : width - left]
    canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
    return canvas
