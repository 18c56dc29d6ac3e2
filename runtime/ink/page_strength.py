"""How far the ink of a page stands above its paper. Pure."""

from __future__ import annotations

import cv2
import numpy as np

from runtime.image.pixels import Gray, Mask, histogram, u8
from runtime.ink.background import (
    KERNEL_3X3,
    LIKELY_INK,
    MAD_TO_SIGMA,
    MIN_CONTRAST,
    NOISE_SIGMAS,
    SMALL_SIDE,
    contrast_above,
    estimate_background,
)

# The background.
FIRST_SQUARE = 0.6  # of the shorter side: wider than any stroke, whatever the picture shows
SQUARE_STROKES = 6.0  # times the stroke width: the square that removes strokes and little else
MIN_SQUARE = 9  # pixels
STRONG_INK = 0.35  # of the strongest ink: above it strokes are measured
MIN_STROKE_AREA = 9  # pixels; a smaller component tells nothing of stroke width
STROKE_QUANTILE = 0.9  # of the strokes' length is no wider than the stroke width
WIDEST_STROKE = 0.25  # of the shorter side; wider, it is a shadow or a thing on the page
MIN_PAPER = 64  # gray levels of light that the darkest paper is taken to have

# The mask.
MASK_THRESHOLD = 0.14  # of the strongest ink on the page: what may be ink
MAX_INK_SHARE = 0.6  # of the picture; more ink is a texture, not writing


def page_strength(channel: Gray, light_on_dark: bool) -> Gray:
    """Measure how far each pixel stands above its paper.

    Args:
        channel: uint8 (h, w), ink bright.
        light_on_dark: Polarity, see `background.is_light_on_dark`.

    Returns:
        uint8 (h, w), 0 is paper; of dark ink the share of the paper's light that it takes, 255 being all of it.
    """
    side = min(channel.shape)
    size = max(3, round(FIRST_SQUARE * side))
    strong = _strong_ink(contrast_above(channel, estimate_background(channel, size))[0])
    if strong is not None:
        width = _stroke_width(strong, WIDEST_STROKE * side)
        size = int(np.clip(round(SQUARE_STROKES * width), MIN_SQUARE, size))
    background = estimate_background(channel, size)
    strength = contrast_above(channel, background)[0]
    if not light_on_dark:
        paper = np.maximum(255 - background.astype(np.float32), MIN_PAPER)
        return u8(np.clip(strength * (255 / paper), 0, 255).round())
    return strength


def ink_mask(strength: Gray) -> Mask | None:
    """Select the pixels that are well above the grain.

    Args:
        strength: uint8 (h, w), see `page_strength`.

    Returns:
        bool (h, w); None where no pixel is, or nearly all are.
    """
    smooth = smoothed(strength)
    totals = np.cumsum(histogram(smooth))
    peak = float(smooth.max())
    below = totals[max(0, int(LIKELY_INK * peak) - 1)]
    grain = MAD_TO_SIGMA * float(np.searchsorted(totals, below / 2))
    floor = max(NOISE_SIGMAS * grain, MASK_THRESHOLD * peak, MIN_CONTRAST / 2)
    if peak < max(MIN_CONTRAST, NOISE_SIGMAS * grain):
        return None
    mask = np.asarray(strength > floor)
    return mask if 0 < np.count_nonzero(mask) < MAX_INK_SHARE * mask.size else None


def smoothed(strength: Gray) -> Gray:
    """Average over 3x3 pixels, where the picture is large enough to have noise.

    Args:
        strength: uint8 (h, w).

    Returns:
        uint8 (h, w); the array itself in a picture of at most SMALL_SIDE.
    """
    return strength if max(strength.shape) <= SMALL_SIDE else u8(cv2.blur(strength, (3, 3)))


def _strong_ink(strength: Gray) -> Mask | None:
    """Pixels of strong ink, for measuring strokes; None on a plain page."""
    peak = float(strength.max())
    return np.asarray(strength > STRONG_INK * peak) if peak >= MIN_CONTRAST else None


def _stroke_width(mask: Mask, widest: float) -> float:
    """The width, pixels, that STROKE_QUANTILE of the strokes' length does not exceed; at most `widest`."""
    solid = mask.astype(np.uint8)
    outline = solid - cv2.erode(solid, KERNEL_3X3)
    count, labels = cv2.connectedComponents(solid)
    area = np.bincount(labels.ravel(), minlength=count)[1:]
    edge = np.bincount(labels.ravel(), weights=outline.ravel(), minlength=count)[1:]
    width = 2 * area / np.maximum(edge, 1)
    is_stroke = (width <= widest) & (area >= MIN_STROKE_AREA)
    if not is_stroke.any():
        return widest
    order = np.argsort(width[is_stroke], kind="stable")
    totals = np.cumsum(edge[is_stroke][order])
    return float(width[is_stroke][order][np.searchsorted(totals, STROKE_QUANTILE * totals[-1])])
