"""The paper under the ink: polarity, color cast, background, contrast and thresholds. Pure.

The background is estimated first; ink is what stands out from it. A gray opening with a square wider than any
stroke follows shadows and their hard edges, and removes strokes (top-hat transform: Meyer 1979; its use against
uneven light: Gonzalez & Woods, "Digital Image Processing", 9.6). Everything later works on the difference, so that
light, shadow and polarity are gone before a threshold is chosen.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from runtime.image.pixels import Gray, Histogram, Picture, histogram, morph, shrink, to_gray, u8

ColorCast = tuple[int, ...]  # gray levels: how far blue, green and red lie above the lowest of the three
NO_CAST: ColorCast = (0, 0, 0)

SMALL_SIDE = 64  # pixels; a picture no larger has no noise to smooth, only edges to lose
STROKE_SHARE = (0.6, 0.45)  # of the shorter and the longer side: strokes are narrower, shadows wider
MIN_CONTRAST = 16.0  # gray levels; less is paper grain
NOISE_SIGMAS = 5.0  # the strongest ink stands at least this far above the grain
MAD_TO_SIGMA = 1.4826  # standard deviation of normal noise over its median absolute deviation
CLEAR_BORDER = 0.95  # of the border's pixels: as many on one side of the threshold decide the polarity
POLARITY_SIDE = 160  # pixels; polarity is told from a picture no longer than this, if not narrower than SMALL_SIDE,
LONGEST_SIDE = 1600  # pixels; and no longer than this in any case: the cost grows faster than a thin picture does
CLEAR_SKEWNESS = 0.9  # drawn rows and tables give 1.3 to 4, a shadow on paper 0.7 with the wrong sign
POLARITY_SHARE = 0.75  # of the widest stroke; with a wider one the dark background in a digit's hole passes for ink
MAX_SQUARE = 32  # pixels: for a wider square the background is estimated in a picture made smaller to fit
CAST_SIDE = 24  # pixels: enough of the picture to tell the color of most of it
MIN_CAST = 40  # gray levels; less is due to the light
HISTOGRAM_PIXELS = 9600  # enough for a histogram
LIKELY_INK = 0.5  # of the peak: what is below it is taken for paper when its grain is measured
MAX_USUAL = 0.3  # of the greatest difference: a usual difference above it is ink, not grain
LOWEST_INK = 0.1  # of the peak: Otsu's threshold is sought among what is above
HIGH_THRESHOLD = (0.3, 0.6)  # of the peak: bounds of the higher threshold
LOW_TO_HIGH = 0.4  # the lower threshold over the higher
KERNEL_3X3 = np.ones((3, 3), np.uint8)
GRAY_LEVELS = np.arange(256, dtype=np.float64)


def is_light_on_dark(image: Picture) -> bool:
    """Tell whether the marks of a picture are lighter than their background.

    In even light nearly all of the border is on the background's side of Otsu's threshold. If it is not, ink is
    what there is less of: a blur is subtracted, and the skewness of the rest is negative for dark ink. If the
    skewness is near 0, a closing (which removes dark marks) and an opening (which removes light ones) are compared:
    the one that has removed the marks is smoother.

    Args:
        image: uint8, (h, w) gray or (h, w, 3) BGR.

    Returns:
        True for light marks on a dark background.
    """
    height, width = image.shape[:2]
    longer, shorter = max(height, width), min(height, width)
    factor = min(1.0, LONGEST_SIDE / longer, max(POLARITY_SIDE / longer, SMALL_SIDE / shorter))
    gray = shrink(to_gray(image), factor)
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
    skewness = _skewness(gray)
    if abs(skewness) > CLEAR_SKEWNESS:
        return skewness > 0
    size = round(POLARITY_SHARE * max_stroke_width(*gray.shape))
    return _total_variation(morph(gray, cv2.MORPH_OPEN, size)) < _total_variation(morph(gray, cv2.MORPH_CLOSE, size))


def _skewness(gray: Gray) -> float:
    """Skewness of the picture less its blur: negative where a few dark pixels lie on much light."""
    half = shrink(gray, 0.5)
    side = max(2, min(gray.shape) // 4) | 1
    detail = cv2.subtract(half, cv2.blur(half, (side, side)), dtype=cv2.CV_32F)
    square = cv2.multiply(detail, detail)
    cubes, squares = (cv2.mean(cv2.multiply(square, detail))[0], cv2.mean(square)[0])
    return float(cubes / (squares + 1.0) ** 1.5)


def color_cast(image: Picture) -> ColorCast:
    """Measure how far the paper is from gray: each channel's median, less the lowest of the three.

    Args:
        image: uint8, (h, w) gray or (h, w, 3) BGR.

    Returns:
        Gray levels of blue, green and red; NO_CAST where the paper is about gray.
    """
    if image.ndim == 2:
        return NO_CAST
    step_y, step_x = (-(-side // CAST_SIDE) for side in image.shape[:2])
    sample = image[::step_y, ::step_x].reshape(-1, 3)
    medians = np.partition(sample, len(sample) // 2, axis=0)[len(sample) // 2].tolist()
    lowest = min(medians)
    return NO_CAST if max(medians) - lowest < MIN_CAST else (*(level - lowest for level in medians),)


def ink_channel(image: Picture, light_on_dark: bool, cast: ColorCast = NO_CAST) -> Gray:
    """Make a gray picture in which ink is bright: of each pixel the channel that differs most from the paper.

    Args:
        image: uint8, (h, w) gray or (h, w, 3) BGR.
        light_on_dark: Polarity, see `is_light_on_dark`.
        cast: The paper's. Without it the channels are compared as they are: blue is the darkest channel of yellow
            paper, and ink that changes the others would be missed.

    Returns:
        uint8 (h, w), 0 to 255, ink bright.
    """
    if image.ndim == 2:
        return image if light_on_dark else u8(cv2.bitwise_not(image))
    # One piece of memory for the three, and each step into it: fresh pages cost more than the arithmetic.
    channels = np.empty((3, *image.shape[:2]), np.uint8)
    cv2.split(image, list(channels))
    if cast != NO_CAST:
        for channel, by in zip(channels, cast, strict=True):
            channel[:] = _brightened(channel, -by if light_on_dark else max(cast) - by)
    blue, green, red = channels
    pick = cv2.max if light_on_dark else cv2.min
    pick(pick(blue, green, blue), red, blue)
    return blue if light_on_dark else u8(cv2.bitwise_not(blue, blue))


def _brightened(channel: Gray, by: int) -> Gray:
    """`by` levels brighter, or darker where it is below 0; saturated at 0 and 255."""
    if by >= 0:
        return u8(cv2.add(channel, np.full_like(channel, by)))
    return u8(cv2.subtract(channel, np.full_like(channel, -by)))


def max_stroke_width(height: int, width: int) -> int:
    """Estimate the upper bound of a stroke's width, which is the lower bound of a shadow's.

    Args:
        height: Height of the picture, pixels.
        width: Width of the picture, pixels.

    Returns:
        Pixels, at least 3.
    """
    return max(3, round(max(STROKE_SHARE[0] * min(height, width), STROKE_SHARE[1] * max(height, width))))


def estimate_background(channel: Gray, size: int) -> Gray:
    """Remove whatever a square of `size` pixels does not fit into; shadows and their edges stay.

    The picture is continued beyond its border by reflection about the border's own value: light that falls off
    goes on falling, where any other continuation would leave a ridge like ink.

    Args:
        channel: uint8 (h, w), ink bright.
        size: Side of the square, pixels.

    Returns:
        uint8 (h, w), the background.
    """
    height, width = channel.shape
    step = max(1, round(size / MAX_SQUARE))
    if step == 1:
        return _opened(u8(cv2.medianBlur(channel, 5)) if max(channel.shape) > SMALL_SIDE else channel, size)
    small = shrink(channel, 1 / step)
    background = _opened(u8(cv2.medianBlur(small, 3)), round(size / step))
    # A shadow's edge lies within a pixel of the small picture's: one more on its lit side, or it would be ink.
    background = u8(cv2.dilate(background, KERNEL_3X3))
    return u8(cv2.resize(background, (width, height), interpolation=cv2.INTER_LINEAR_EXACT))


def _opened(channel: Gray, size: int) -> Gray:
    """Gray opening with a square of `size`, over a border continued as `estimate_background` says."""
    height, width = channel.shape
    y, x = min(size // 2, height - 1), min(size // 2, width - 1)
    edge = cv2.copyMakeBorder(channel, y, y, x, x, cv2.BORDER_REPLICATE)
    mirrored = cv2.copyMakeBorder(channel, y, y, x, x, cv2.BORDER_REFLECT_101)
    wide = u8(cv2.addWeighted(edge, 2, mirrored, -1, 0))
    return morph(wide, cv2.MORPH_OPEN, size)[y : y + height, x : x + width]


def contrast_above(channel: Gray, background: Gray, paper_share: float = 1.0) -> tuple[Gray, Histogram]:
    """Measure how far each pixel stands above its background and the paper's grain.

    Args:
        channel: uint8 (h, w), ink bright.
        background: uint8 (h, w), see `estimate_background`.
        paper_share: The share of the pixels that is known to be paper, 0 to 1; 1 where it is not known.

    Returns:
        (The ink's strength in gray levels, uint8 (h, w); its histogram, float32 (256,), of a large picture from a
        part of its pixels).
    """
    if max(channel.shape) > SMALL_SIDE:
        channel = u8(cv2.GaussianBlur(channel, (3, 3), 0))
    difference = u8(cv2.subtract(channel, background))
    counts = histogram(_subsampled(difference))
    totals = counts.cumsum()
    usual = int(totals.searchsorted(totals[-1] * (paper_share / 2)))
    # Where most of the picture is ink, the usual difference is ink and not grain.
    if not 0 < usual < MAX_USUAL * int(totals.searchsorted(totals[-1])):
        return difference, counts
    above = np.zeros_like(counts)
    above[0], above[1 : 256 - usual] = totals[usual], counts[usual + 1 :]
    return u8(cv2.subtract(difference, np.full_like(difference, usual))), above


def hysteresis_thresholds(strength: Gray, counts: Histogram, paper_share: float = 1.0) -> tuple[float, float] | None:
    """Choose two thresholds: a pixel above the higher is ink, one above the lower is if it touches such (Canny 1986).

    The higher is Otsu's (1979) over what is above the grain.

    Args:
        strength: uint8 (h, w), see `contrast_above`.
        counts: The histogram of strength, float32 (256,).
        paper_share: As for `contrast_above`.

    Returns:
        (lower, higher) in gray levels; None where nothing stands out from the grain.
    """
    peak = float((cv2.blur(strength, (3, 3)) if max(strength.shape) > SMALL_SIDE else strength).max())
    totals = counts.cumsum()
    below = min(totals[max(0, math.ceil(LIKELY_INK * peak) - 1)], paper_share * totals[-1])
    grain = MAD_TO_SIGMA * float(totals.searchsorted(below / 2)) if peak > 0 else 0.0
    floor = NOISE_SIGMAS * grain
    if peak < max(MIN_CONTRAST, floor):
        return None
    least = max(floor, LOWEST_INK * peak)
    high = min(max(_otsu(counts, int(least) + 1), HIGH_THRESHOLD[0] * peak), HIGH_THRESHOLD[1] * peak)
    low = max(LOW_TO_HIGH * high, floor)
    if paper_share < 1 and 2 * (totals[-1] - totals[int(low)]) < totals[-1] - totals[int(least)]:
        low = least  # most of the ink is below it: a body with bright seams, not strokes with soft edges
    return low, high


def _subsampled(gray: Gray) -> Gray:
    """Every n-th pixel of every n-th row, so that about HISTOGRAM_PIXELS remain."""
    step = max(1, round(math.sqrt(gray.size / HISTOGRAM_PIXELS)))
    return gray if step == 1 else np.ascontiguousarray(gray[::step, ::step])


def _otsu(counts: Histogram, first: int) -> float:
    """Otsu's threshold (1979) over the levels from `first` on, which maximizes the variance between two classes."""
    kept = counts[first:].astype(np.float64)
    below, sum_below = kept.cumsum(), (kept * GRAY_LEVELS[first:]).cumsum()
    if not len(below) or not below[-1]:
        return 0.0
    apart = sum_below * below[-1] - below * sum_below[-1]
    parted = below * (below[-1] - below)
    best = int(np.argmax(apart * apart / np.maximum(parted, 0.5)))
    return float(first + best) if parted[best] else 0.0


def _total_variation(gray: Gray) -> float:
    """Sum of the absolute differences between neighbors."""
    horizontal = cv2.norm(gray[:, 1:], gray[:, :-1], cv2.NORM_L1)
    return float(horizontal + cv2.norm(gray[1:], gray[:-1], cv2.NORM_L1))
