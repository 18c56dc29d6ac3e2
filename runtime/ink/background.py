"""Paper and ink: what a picture is before anything is looked for in it. Pure.

The paper is found first, ink is what stands out from it. A gray opening with a square wider than any
stroke follows shadows and their hard edges, and forgets strokes (top-hat transform: Meyer 1979; its
use against uneven light: Gonzalez & Woods, "Digital Image Processing", 9.6). Everything later works
on that difference, so that light, shadow and polarity are gone before a threshold is chosen.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from runtime.image.pixels import Gray, Levels, Picture, histogram, morph, shrink, to_gray, u8

Tint = tuple[int, ...]  # gray levels: of blue, green and red, 0 for the lowest
NO_TINT: Tint = (0, 0, 0)

SMALL_SIDE = 64  # pixels; below it a picture has no noise to smooth, only edges to lose
STROKE_SHARE = (0.6, 0.45)  # of the shorter and the longer side: no stroke is wider, no shadow narrower
MIN_CONTRAST = 16.0  # gray levels; less is paper grain
NOISE_SIGMAS = 5.0  # a peak must stand this far above the grain
CLEAR_BORDER = 0.95  # of the border's pixels on one side of the threshold decide the polarity
POLARITY_SIDE = 160  # pixels; polarity is told from a picture no longer than this, if not narrower than SMALL_SIDE
CLEAR_LEANING = 0.9  # of the skewness; drawn rows and tables give 1.3 to 4, a shadow on paper 0.7 the wrong way
COARSE = 32  # pixels: of a wider square a ground is found in a smaller picture, in which it is about so wide
TINT_SIDE = 24  # pixels: enough of the picture to tell what color most of it has
LEAST_TINT = 40  # gray levels; less is what the light does
SQUARE = np.ones((3, 3), np.uint8)
SAMPLE = 9600  # pixels: enough for a histogram
LEVELS = np.arange(256, dtype=np.float64)
POLARITY_SHARE = 0.75  # of the widest stroke; wider, a dark ground within a digit's bow passes for ink


def is_light_on_dark(image: Picture) -> bool:
    """Whether the marks are lighter than their ground.

    In even light nearly all of the border is on the ground's side of Otsu's threshold. Else ink is what
    there is less of: what is left of the picture without its large shapes leans towards it. Where that
    says little, of the two grounds that a closing and an opening leave, the right one has lost the marks
    and is smooth; the wrong one has kept them.
    """
    height, width = image.shape[:2]
    gray = shrink(to_gray(image), min(1.0, max(POLARITY_SIDE / max(height, width), SMALL_SIDE / min(height, width))))
    if max(gray.shape) > SMALL_SIDE:
        gray = u8(cv2.medianBlur(gray, 3))
    level = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0]
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    bright = float(np.count_nonzero(border > int(level)) / border.size)
    if not 1 - CLEAR_BORDER < bright < CLEAR_BORDER:
        return bright < 0.5
    if max(gray.shape) <= SMALL_SIDE:
        corners = int(np.count_nonzero(gray[:: gray.shape[0] - 1 or 1, :: gray.shape[1] - 1 or 1] > level))
        if corners != 2:
            return corners < 2
    leaning = _leaning(gray)
    if abs(leaning) > CLEAR_LEANING:
        return leaning > 0
    size = round(POLARITY_SHARE * max_stroke_width(*gray.shape))
    return _variation(morph(gray, cv2.MORPH_OPEN, size)) < _variation(morph(gray, cv2.MORPH_CLOSE, size))


def _leaning(gray: Gray) -> float:
    """Skewness of what a blur takes away: below 0 where a few dark pixels lie on much light."""
    half = shrink(gray, 0.5)
    side = max(2, min(gray.shape) // 4) | 1
    detail = cv2.subtract(half, cv2.blur(half, (side, side)), dtype=cv2.CV_32F)
    square = cv2.multiply(detail, detail)
    cubes, squares = (cv2.mean(cv2.multiply(square, detail))[0], cv2.mean(square)[0])
    return float(cubes / (squares + 1.0) ** 1.5)


def color_cast(image: Picture) -> Tint:
    """How far the paper is from gray, a number for each of blue, green and red; zeros where it is about gray.

    Of each channel the level that half of the picture does not exceed, less the lowest of the three.
    """
    if image.ndim == 2:
        return NO_TINT
    step_y, step_x = (-(-side // TINT_SIDE) for side in image.shape[:2])
    few = image[::step_y, ::step_x].reshape(-1, 3)
    middle = np.partition(few, len(few) // 2, axis=0)[len(few) // 2].tolist()
    lowest = min(middle)
    return NO_TINT if max(middle) - lowest < LEAST_TINT else (*(level - lowest for level in middle),)


def ink_channel(image: Picture, light: bool, tint: Tint = NO_TINT) -> Gray:
    """(h, w) uint8 in which ink is bright. Of a colored ink the channel that differs most from the paper is taken.

    tint: the paper's. Without it the channels are compared as they are: on yellow paper blue is the darkest, and
    all that a pen changes would be looked for there.
    """
    if image.ndim == 2:
        return image if light else u8(cv2.bitwise_not(image))
    # One piece of memory for the three, and each step into it: fresh pages cost more than the arithmetic.
    channels = np.empty((3, *image.shape[:2]), np.uint8)
    cv2.split(image, list(channels))
    if tint != NO_TINT:
        for channel, by in zip(channels, tint, strict=True):
            channel[:] = _shifted(channel, -by if light else max(tint) - by)
    blue, green, red = channels
    pick = cv2.max if light else cv2.min
    pick(pick(blue, green, blue), red, blue)
    return blue if light else u8(cv2.bitwise_not(blue, blue))


def _shifted(channel: Gray, by: int) -> Gray:
    """`by` levels lighter, or darker where it is below 0; no further than the ends."""
    if by >= 0:
        return u8(cv2.add(channel, np.full_like(channel, by)))
    return u8(cv2.subtract(channel, np.full_like(channel, -by)))


def max_stroke_width(height: int, width: int) -> int:
    """Side, in pixels, of a square that no stroke of a mark in such a picture can hold."""
    return max(3, round(max(STROKE_SHARE[0] * min(height, width), STROKE_SHARE[1] * max(height, width))))


def estimate_background(plane: Gray, size: int) -> Gray:
    """(h, w) uint8: `plane` without what no square of `size` pixels fits in; shadows and their edges stay.

    The picture is continued beyond its border as it runs up to it, by reflection about the border's own
    value: light that falls off goes on falling, where any other border would leave a ridge like ink.
    """
    height, width = plane.shape
    step = max(1, round(size / COARSE))
    if step == 1:
        return _opened(u8(cv2.medianBlur(plane, 5)) if max(plane.shape) > SMALL_SIDE else plane, size)
    small = shrink(plane, 1 / step)
    ground = _opened(u8(cv2.medianBlur(small, 3)), round(size / step))
    # A shadow's edge lies somewhere within a pixel of the small one: one more on its lit side, or it would be ink.
    ground = u8(cv2.dilate(ground, SQUARE))
    return u8(cv2.resize(ground, (width, height), interpolation=cv2.INTER_LINEAR_EXACT))


def _opened(calm: Gray, size: int) -> Gray:
    height, width = calm.shape
    y, x = min(size // 2, height - 1), min(size // 2, width - 1)
    edge = cv2.copyMakeBorder(calm, y, y, x, x, cv2.BORDER_REPLICATE)
    mirrored = cv2.copyMakeBorder(calm, y, y, x, x, cv2.BORDER_REFLECT_101)
    wide = u8(cv2.addWeighted(edge, 2, mirrored, -1, 0))
    return morph(wide, cv2.MORPH_OPEN, size)[y : y + height, x : x + width]


def contrast_above(plane: Gray, ground: Gray, paper: float = 1.0) -> tuple[Gray, Levels]:
    """(h, w) uint8: how far each pixel of `plane` stands above its ground and the grain, in gray levels.

    And the histogram of that, of a large picture from a part of its pixels.
    paper: the share of the pixels that is known to be paper, where that is known.
    """
    if max(plane.shape) > SMALL_SIDE:
        plane = u8(cv2.GaussianBlur(plane, (3, 3), 0))
    difference = u8(cv2.subtract(plane, ground))
    levels = histogram(_sparse(difference))
    totals = levels.cumsum()
    usual = int(totals.searchsorted(totals[-1] * (paper / 2)))
    # Where most of the picture is ink, the usual difference is ink and not grain.
    if not 0 < usual < 0.3 * int(totals.searchsorted(totals[-1])):
        return difference, levels
    above = np.zeros_like(levels)
    above[0], above[1 : 256 - usual] = totals[usual], levels[usual + 1 :]
    return u8(cv2.subtract(difference, np.full_like(difference, usual))), above


def hysteresis_thresholds(strength: Gray, levels: Levels, paper: float = 1.0) -> tuple[float, float] | None:
    """Above the lower a pixel may be ink, above the higher it is; None where nothing stands out from the grain.

    levels: the histogram of strength. paper: as for `contrast_above`. The higher is Otsu's (1979) over what is
    above the grain.
    """
    peak = float((cv2.blur(strength, (3, 3)) if max(strength.shape) > SMALL_SIDE else strength).max())
    totals = levels.cumsum()
    below = min(totals[max(0, math.ceil(0.5 * peak) - 1)], paper * totals[-1])
    grain = 1.4826 * float(totals.searchsorted(below / 2)) if peak > 0 else 0.0
    floor = NOISE_SIGMAS * grain
    if peak < max(MIN_CONTRAST, floor):
        return None
    least = max(floor, 0.1 * peak)
    high = min(max(_otsu(levels, int(least) + 1), 0.3 * peak), 0.6 * peak)
    low = max(0.4 * high, floor)
    if paper < 1 and 2 * (totals[-1] - totals[int(low)]) < totals[-1] - totals[int(least)]:
        low = least  # most of what is no paper: a body with bright seams, not strokes with soft edges
    return low, high


def _sparse(gray: Gray) -> Gray:
    """Every n-th pixel of every n-th row, so that no more than some SAMPLE remain."""
    step = max(1, round(math.sqrt(gray.size / SAMPLE)))
    return gray if step == 1 else np.ascontiguousarray(gray[::step, ::step])


def _otsu(levels: Levels, first: int) -> float:
    """Otsu's threshold (1979) of the values from `first` on: the level that parts two classes furthest apart."""
    counts = levels[first:].astype(np.float64)
    below, sum_below = counts.cumsum(), (counts * LEVELS[first:]).cumsum()
    if not len(below) or not below[-1]:
        return 0.0
    apart = sum_below * below[-1] - below * sum_below[-1]
    parted = below * (below[-1] - below)
    best = int(np.argmax(apart * apart / np.maximum(parted, 0.5)))
    return float(first + best) if parted[best] else 0.0


def _variation(gray: Gray) -> float:
    """Sum of the absolute differences between neighbors."""
    across = cv2.norm(gray[:, 1:], gray[:, :-1], cv2.NORM_L1)
    return float(across + cv2.norm(gray[1:], gray[:-1], cv2.NORM_L1))
