"""Repairs of a picture no larger than a thumbnail, before its mark is sought. Pure.

In such a picture a single pixel is a large part of a stroke, and the picture was often made, not taken: its sides
may be inverted, and single pixels may be wrong.
"""

from __future__ import annotations

import cv2
import numpy as np

from runtime.image.pixels import Gray, Mask, components, quantile, u8
from runtime.ink.background import KERNEL_3X3, estimate_background

# Inverted stripes. "The range" is here and below that of the picture's gray levels.
EXTREME = 0.1  # of the range: pixels this near its end are as dark or as light as the picture gets
STRIPE_BACKGROUND = 0.6  # of a stripe's pixels: at one end of the range
MIDDLE_BACKGROUND = 0.6  # of the upper and lower border between two stripes: at the other end
STRIPE_EDGE = 0.35  # of the pixels along a stripe's edge, the digit's too: in the other half than their neighbors

# Salt and pepper.
ISOLATED = 0.6  # of the range: a wrong pixel differs so much from all its neighbors but one
MAX_ALIKE = 2  # pixels of the 3x3 square that are like its middle, which is one of them
ISOLATED_SHARE = 0.035  # of all pixels: more are noise, fewer are dots
NOISE_PASSES = 2  # the second removes pairs of wrong pixels

# A line across.
SOLID = 0.6  # of the range: above it a line of one pixel is no wider
LINE_LEVEL = 0.3  # of the range: a line's soft edge
LINE_SOLID = 0.3  # of a line's pixels are solid; of a blurred stroke's end, fewer
LINE_SPAN = 0.75  # of a side: what is left of the line beside the mark spans at least so much
LINE_WIDE = 0.1  # of a line's pixels: at most so many have a full 3x3 square around them
MIN_LINE = 3  # pixels; fewer are a dot
CORE_SHARE = 0.4  # of the solid pixels: the mark's, with or without a line
CORE_PIECE = 0.03  # of the mark's largest part: a smaller one is a crossing of the line with itself
MARGIN = 0.14  # of a side: MNIST's own is no narrower

# Haze: a background that changes from place to place, as fog does.
UNEVEN = 0.1  # of the range: between the border's quartiles
HARD_STEP = 0.45  # of the range, between neighbors: a silhouette's edge, not haze nor ink under it
HARD_SHARE = 0.02  # of all pixels: with fewer hard steps it is haze
HAZE_SQUARE = 5 / 28  # of the longer side: strokes are narrower, the haze's blobs wider
HAZE_LOW, HAZE_HIGH = 0.26, 0.6  # of the strongest ink: the lower and higher threshold
HAZE_PEAK = 0.97  # of the pixels above the haze are below the strongest ink
HAZE_PIECE = 0.3  # of the strongest component: what is stronger belongs to the mark
HAZE_BLUR = 1.5  # pixels, standard deviation; the steps that an opening leaves in haze would be ink

# Paper of one level.
PAPER_SHARE = 0.15  # of a picture's pixels: its paper shows in no fewer
PAPER_SPREAD = 0.15  # of the range: even paper's pixels lie no further from its own level
BETWEEN = (0.15, 0.4)  # of the range above paper: neither paper nor ink
BETWEEN_SHARE = 0.2  # of the pixels: with more in between, the paper is not even,
FLAT_SPREAD = 0.03  # of the range: unless PAPER_SHARE of the pixels are so near one level, as no uneven paper's are


def undo_corruption(image: Gray) -> Gray:
    """Undo what was done to a digit's image: inverted stripes at both sides are re-inverted, salt and pepper removed.

    Args:
        image: uint8 (h, w), 0 to 255.

    Returns:
        uint8 (h, w); the array itself where there is nothing to undo.
    """
    low, high = int(image.min()), int(image.max())
    if high - low < 2:
        return image
    for is_transposed in (False, True):
        view = image.T if is_transposed else image
        first, last = _stripe_width(view, low, high), _stripe_width(view[:, ::-1], low, high)
        if first and first == last:
            view = view.copy()
            view[:, :first] = low + high - view[:, :first]
            view[:, -last:] = low + high - view[:, -last:]
            image = np.ascontiguousarray(view.T if is_transposed else view)
    return _denoised(image, high - low)


def _stripe_width(image: Gray, low: int, high: int) -> int:
    """How many columns at the left are inverted: their background is at the other end of the range; 0 where none."""
    above = image > (low + high) / 2
    is_lit = bool(np.count_nonzero(above[:, 0]) > image.shape[0] / 2)
    side = above if is_lit else ~above
    reach = image.shape[1] // 3
    steps = np.count_nonzero(side[:, :reach] != side[:, 1 : reach + 1], axis=0)
    if not steps.size or steps.max() < STRIPE_EDGE * image.shape[0]:
        return 0
    width = int(steps.argmax()) + 1
    near, far = (image.astype(np.int16) - end for end in ((high, low) if is_lit else (low, high)))
    slack = EXTREME * (high - low)
    has_background = np.mean(np.abs(near[:, :width]) <= slack) > STRIPE_BACKGROUND
    has_middle = np.mean(np.abs(far[[0, -1], width:-width]) <= slack) > MIDDLE_BACKGROUND
    return width if has_background and has_middle else 0


def _denoised(image: Gray, span: int) -> Gray:
    """Replace isolated extreme pixels, where there are many, by the median of their neighbors."""
    for number in range(NOISE_PASSES):
        isolated = _isolated(image, span)
        if number == 0 and np.count_nonzero(isolated) < ISOLATED_SHARE * image.size:
            return image
        image = np.where(isolated, u8(cv2.medianBlur(image, 3)), image)
    return image


def _isolated(image: Gray, span: int) -> Mask:
    """The darkest and lightest pixels that at most one neighbor is like."""
    padded = cv2.copyMakeBorder(image, 1, 1, 1, 1, cv2.BORDER_REFLECT_101).astype(np.int16)
    height, width = image.shape
    alike = np.zeros(image.shape, np.int8)
    for y in range(3):
        for x in range(3):
            alike += np.abs(padded[y : y + height, x : x + width] - padded[1:-1, 1:-1]) < ISOLATED * span
    low, high = int(image.min()), int(image.max())
    is_extreme = (image <= low + EXTREME * span) | (image >= high - EXTREME * span)
    return np.asarray(is_extreme & (alike <= MAX_ALIKE))


def without_line(channel: Gray) -> Gray:
    """Remove a line one pixel wide that runs across the picture, where the mark's strokes are wider.

    The mark's core is where a square of two pixels fits. The line is what lies apart from the core and extends
    towards the border; the part of it that crosses the mark stays.

    Args:
        channel: uint8 (h, w), ink bright.

    Returns:
        uint8 (h, w), the line replaced by the picture's median; the array itself where there is no line.
    """
    low, high = int(channel.min()), int(channel.max())
    solid = (channel > low + SOLID * (high - low)).astype(np.uint8)
    near = _near_core(solid)
    if near is None:
        return channel
    labels, stats = components((channel > low + LINE_LEVEL * (high - low)) & ~near)
    height, width = channel.shape
    x, y, right, bottom = stats[:, 0], stats[:, 1], stats[:, 0] + stats[:, 2], stats[:, 1] + stats[:, 3]
    slack_x, slack_y = MARGIN * width, MARGIN * height
    of_line = (x < slack_x) | (y < slack_y) | (right > width - slack_x) | (bottom > height - slack_y)
    is_sharp = np.bincount(labels[solid > 0], minlength=len(stats)) >= LINE_SOLID * stats[:, 4]
    of_line &= is_sharp & (stats[:, 4] >= MIN_LINE)
    of_line[0] = False
    line = np.asarray(of_line[labels])
    return np.where(line, np.uint8(quantile(channel, 0.5)), channel) if _is_line(line) else channel


def _near_core(solid: Gray) -> Mask | None:
    """The pixels of strokes two pixels wide or more and those beside them; None where there are too few."""
    square = np.ones((2, 2), np.uint8)
    core = cv2.morphologyEx(solid, cv2.MORPH_OPEN, square, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    if not CORE_SHARE * np.count_nonzero(solid) <= np.count_nonzero(core):
        return None
    labels, stats = components(core)
    if len(stats) < 2:
        return None
    is_kept = stats[:, 4] > CORE_PIECE * stats[1:, 4].max()
    is_kept[0] = False
    return np.asarray(cv2.dilate(is_kept[labels].astype(np.uint8), KERNEL_3X3) > 0)


def _is_line(mask: Mask) -> bool:
    """Whether these pixels are a line's: thin, and they span the picture."""
    height, width = mask.shape
    _, _, w, h = cv2.boundingRect(mask.astype(np.uint8))
    area = np.count_nonzero(mask)
    wide = np.count_nonzero(cv2.erode(mask.astype(np.uint8), KERNEL_3X3))
    spans = w >= LINE_SPAN * width or h >= LINE_SPAN * height
    return bool(spans and wide <= LINE_WIDE * area)


def is_hazy(image: Gray) -> bool:
    """Tell whether the background changes from place to place without a hard edge: haze, not a silhouette.

    Args:
        image: uint8 (h, w), 0 to 255.

    Returns:
        True for haze.
    """
    span = int(image.max()) - int(image.min())
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    if quantile(border, 0.75) - quantile(border, 0.25) <= UNEVEN * span:
        return False
    level = image.astype(np.int16)
    hard = HARD_STEP * span
    steps = np.count_nonzero(np.abs(level[1:] - level[:-1]) > hard)
    steps += np.count_nonzero(np.abs(level[:, 1:] - level[:, :-1]) > hard)
    return bool(steps < HARD_SHARE * image.size)


def is_light_on_haze(image: Gray) -> bool:
    """Tell whether the marks are lighter than the haze: ink stands out further than the haze's own blobs do.

    Args:
        image: uint8 (h, w), 0 to 255, `is_hazy`.

    Returns:
        True for light marks.
    """
    light, dark = (u8(cv2.subtract(channel, _haze(channel))) for channel in (image, u8(cv2.bitwise_not(image))))
    return bool((light.astype(np.int64) ** 3).sum() > (dark.astype(np.int64) ** 3).sum())


def _haze(channel: Gray) -> Gray:
    """(h, w) uint8: the haze under the ink of a channel in which ink is bright."""
    size = max(3, round(HAZE_SQUARE * max(channel.shape))) | 1
    return u8(cv2.min(channel, u8(cv2.GaussianBlur(estimate_background(channel, size), (0, 0), HAZE_BLUR))))


def mark_in_haze(channel: Gray) -> tuple[Mask, Gray, float]:
    """Find the mark in haze, by two thresholds that both are shares of the ink's own strength: haze has no even grain.

    Args:
        channel: uint8 (h, w), ink bright, `is_hazy`.

    Returns:
        (The mark's pixels, bool (h, w); the haze under it, uint8 (h, w); the mark's share of all ink, 0 to 1.)
    """
    haze = _haze(channel)
    strength = u8(cv2.subtract(channel, haze))
    peak = quantile(strength[strength > 0], HAZE_PEAK)
    labels, _ = components(strength > HAZE_LOW * peak)
    strong = np.bincount(labels[strength > HAZE_HIGH * peak], minlength=int(labels.max()) + 1)
    strong[0] = 0
    is_kept = strong > HAZE_PIECE * strong.max()
    return np.asarray(is_kept[labels]), haze, float(strong[is_kept].sum() / max(1, strong.sum()))


def flat_background(channel: Gray) -> tuple[Gray, float] | None:
    """Estimate the background of even paper, which has one level.

    Under a thick stroke or a filled shape no other background is right: a square would fit into such a shape, and
    leave slivers of it as strokes.

    Args:
        channel: uint8 (h, w), ink bright.

    Returns:
        (uint8 (h, w) of one level; the share of the pixels that is paper, 0 to 1); None where the paper is uneven.
    """
    low, high = int(channel.min()), int(channel.max())
    above = channel - np.uint8(low)
    span = high - low
    paper = above <= PAPER_SPREAD * span
    between = (above > BETWEEN[0] * span) & (above < BETWEEN[1] * span)
    is_flat = np.mean(above <= FLAT_SPREAD * span) >= PAPER_SHARE
    if np.mean(paper) < PAPER_SHARE or (np.mean(between) > BETWEEN_SHARE and not is_flat):
        return None
    return np.full_like(channel, round(quantile(channel[paper], 0.5))), float(np.mean(paper))
