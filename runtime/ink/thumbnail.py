"""What is done to a picture no larger than a thumbnail before its mark is looked for. Pure.

There a single pixel is a large part of a stroke, and a picture was often made, not taken: halves with
their tones exchanged, and pixels that are wrong one by one.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Gray, components, quantile, u8
from runtime.ink.background import estimate_background

EXTREME = 0.1  # of the picture's range: this near its end a pixel is as dark or as light as the picture gets
BAND_GROUND = 0.6  # of a band's pixels: at one end of the range
REST_GROUND = 0.6  # of the upper and lower border between two bands: at the other end
BAND_EDGE = 0.35  # of the pixels along a band's edge, the digit's too: on the other half than their neighbors
APART = 0.6  # of the range: a wrong pixel differs so much from all its neighbors but one
ISOLATED_SHARE = 0.035  # of all pixels: more are noise, fewer are dots
NOISE_PASSES = 2  # a pair of wrong pixels goes in the second
SOLID = 0.6  # of the range: above it a line of one pixel is no wider
LINE_LEVEL = 0.3  # of the range: a line's soft edge
LINE_SOLID = 0.3  # of a line's pixels; of a blurred stroke's end it is less
ACROSS = 0.75  # of a side: what is left beside the mark goes at least so far
LINE_WIDE = 0.1  # of a line's pixels: those that a square of three fits around
LEAST_LINE = 3  # pixels; less is a dot
CORE = 0.4  # of the solid pixels are the mark's, be there a line or not
PIECE = 0.03  # of the mark's largest part: less is a crossing of the line with itself
MARGIN = 0.14  # of a side: MNIST's own is no narrower
UNEVEN = 0.1  # of the range: between the border's quartiles
HARD_STEP = 0.45  # of the range, between neighbors: a silhouette's edge, not a veil nor ink under it
HARD_SHARE = 0.02  # of all pixels: with fewer such steps it is a veil
PAPER_SHARE = 0.15  # of a picture's pixels: its paper shows in no fewer
PAPER_SPREAD = 0.15  # of the range: even paper's pixels lie no further from its own level
BETWEEN = (0.15, 0.4)  # of the range above paper: neither it nor ink
BETWEEN_SHARE = 0.2  # of the pixels: with more of them the paper is not even
FLAT_SPREAD = 0.03  # of the range: unless so many as PAPER_SHARE are of one level, as no uneven paper's are
VEIL_SQUARE = 5 / 28  # of the longer side: strokes are narrower, a veil's blobs wider
VEIL_LOW, VEIL_HIGH = 0.26, 0.6  # of the strongest ink
VEIL_PIECE = 0.3  # of the strongest part: what is stronger belongs to the mark
VEIL_BLUR = 1.5  # pixels; the steps an opening leaves in a veil would be ink


def restored(image: Gray) -> Gray:
    """(h, w) uint8: two alike bands of exchanged tones along opposite sides turned back, salt and pepper taken out."""
    low, high = int(image.min()), int(image.max())
    if high - low < 2:
        return image
    for turned in (False, True):
        view = image.T if turned else image
        first, last = _band(view, low, high), _band(view[:, ::-1], low, high)
        if first and first == last:
            view = view.copy()
            view[:, :first] = low + high - view[:, :first]
            view[:, -last:] = low + high - view[:, -last:]
            image = np.ascontiguousarray(view.T if turned else view)
    return _without_noise(image, high - low)


def _band(image: Gray, low: int, high: int) -> int:
    """Columns at the left whose ground is at the other end of the range than the ground beside them; 0: none."""
    above = image > (low + high) / 2
    lit = bool(np.count_nonzero(above[:, 0]) > image.shape[0] / 2)
    side = above if lit else ~above
    reach = image.shape[1] // 3
    steps = np.count_nonzero(side[:, :reach] != side[:, 1 : reach + 1], axis=0)
    if not steps.size or steps.max() < BAND_EDGE * image.shape[0]:
        return 0
    width = int(steps.argmax()) + 1
    near, far = (image.astype(np.int16) - end for end in ((high, low) if lit else (low, high)))
    slack = EXTREME * (high - low)
    plain = np.mean(np.abs(near[:, :width]) <= slack) > BAND_GROUND
    rest = np.mean(np.abs(far[[0, -1], width:-width]) <= slack) > REST_GROUND
    return width if plain and rest else 0


def _without_noise(image: Gray, span: int) -> Gray:
    """Many darkest and lightest pixels that at most one neighbor is like become their neighbors' median."""
    for number in range(NOISE_PASSES):
        alone = _alone(image, span)
        if number == 0 and np.count_nonzero(alone) < ISOLATED_SHARE * image.size:
            return image
        image = np.where(alone, u8(cv2.medianBlur(image, 3)), image)
    return image


def _alone(image: Gray, span: int) -> NDArray[np.bool_]:
    padded = cv2.copyMakeBorder(image, 1, 1, 1, 1, cv2.BORDER_REFLECT_101).astype(np.int16)
    height, width = image.shape
    alike = np.zeros(image.shape, np.int8)
    for y in range(3):
        for x in range(3):
            alike += np.abs(padded[y : y + height, x : x + width] - padded[1:-1, 1:-1]) < APART * span
    low, high = int(image.min()), int(image.max())
    end = (image <= low + EXTREME * span) | (image >= high - EXTREME * span)
    return np.asarray(end & (alike <= 2))


def without_line(plane: Gray) -> Gray:
    """(h, w) uint8, ink bright: without a line one pixel wide that runs across the picture, where strokes are wider.

    What no square of two pixels fits in and what is not beside the rest is line where it runs out to the border;
    of what it crosses nothing goes.
    """
    low, high = int(plane.min()), int(plane.max())
    solid = (plane > low + SOLID * (high - low)).astype(np.uint8)
    square = np.ones((2, 2), np.uint8)
    core = cv2.morphologyEx(solid, cv2.MORPH_OPEN, square, borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    if not CORE * np.count_nonzero(solid) <= np.count_nonzero(core):
        return plane
    labels, stats = components(core)
    if len(stats) < 2:
        return plane
    keep = stats[:, 4] > PIECE * stats[1:, 4].max()
    keep[0] = False
    near = cv2.dilate(keep[labels].astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    labels, stats = components((plane > low + LINE_LEVEL * (high - low)) & ~near)
    height, width = plane.shape
    x, y, right, bottom = stats[:, 0], stats[:, 1], stats[:, 0] + stats[:, 2], stats[:, 1] + stats[:, 3]
    slack_x, slack_y = MARGIN * width, MARGIN * height
    line = (x < slack_x) | (y < slack_y) | (right > width - slack_x) | (bottom > height - slack_y)
    sharp = np.bincount(labels[solid > 0], minlength=len(stats)) >= LINE_SOLID * stats[:, 4]
    line &= sharp & (stats[:, 4] >= LEAST_LINE)
    line[0] = False
    gone = np.asarray(line[labels])
    return np.where(gone, np.uint8(quantile(plane, 0.5)), plane) if _is_line(gone) else plane


def _is_line(gone: NDArray[np.bool_]) -> bool:
    """Whether these pixels are a line's: they go from side to side, thin."""
    height, width = gone.shape
    _, _, w, h = cv2.boundingRect(gone.astype(np.uint8))
    area = np.count_nonzero(gone)
    wide = np.count_nonzero(cv2.erode(gone.astype(np.uint8), np.ones((3, 3), np.uint8)))
    across = w >= ACROSS * width or h >= ACROSS * height
    return bool(across and wide <= LINE_WIDE * area)


def is_veiled(image: Gray) -> bool:
    """Whether the ground changes from place to place without a hard edge: fog, not a silhouette."""
    span = int(image.max()) - int(image.min())
    border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    if quantile(border, 0.75) - quantile(border, 0.25) <= UNEVEN * span:
        return False
    level = image.astype(np.int16)
    hard = HARD_STEP * span
    steps = np.count_nonzero(np.abs(level[1:] - level[:-1]) > hard)
    steps += np.count_nonzero(np.abs(level[:, 1:] - level[:, :-1]) > hard)
    return bool(steps < HARD_SHARE * image.size)


def is_light_in_veil(image: Gray) -> bool:
    """Whether the marks are lighter than the fog: ink stands out further than the fog's own blobs do."""
    light, dark = (u8(cv2.subtract(plane, _veil(plane))) for plane in (image, u8(cv2.bitwise_not(image))))
    return bool((light.astype(np.int64) ** 3).sum() > (dark.astype(np.int64) ** 3).sum())


def _veil(plane: Gray) -> Gray:
    """(h, w) uint8: the fog under the ink of a plane in which ink is bright."""
    size = max(3, round(VEIL_SQUARE * max(plane.shape))) | 1
    return u8(cv2.min(plane, u8(cv2.GaussianBlur(estimate_background(plane, size), (0, 0), VEIL_BLUR))))


def in_veil(plane: Gray) -> tuple[NDArray[np.bool_], Gray, float]:
    """The pixels of the mark in fog (h, w), the fog under it (h, w) uint8, and the mark's share of all ink.

    plane: (h, w) uint8, ink bright. Of two thresholds as in `ink_mask`, both of the ink's own strength: fog has
    no even grain.
    """
    ground = _veil(plane)
    strength = u8(cv2.subtract(plane, ground))
    peak = quantile(strength[strength > 0], 0.97)
    labels, _ = components(strength > VEIL_LOW * peak)
    strong = np.bincount(labels[strength > VEIL_HIGH * peak], minlength=int(labels.max()) + 1)
    strong[0] = 0
    keep = strong > VEIL_PIECE * strong.max()
    return np.asarray(keep[labels]), ground, float(strong[keep].sum() / max(1, strong.sum()))


def flat_background(plane: Gray) -> tuple[Gray, float] | None:
    """(h, w) uint8 of one level, where paper has one, and the share of the pixels that is paper.

    Under a thick stroke or a filled shape there is no other ground.

    plane: (h, w) uint8, ink bright. A square would fit into such a shape, and leave slivers of it as strokes.
    None where the paper is uneven.
    """
    low, high = int(plane.min()), int(plane.max())
    above = plane - np.uint8(low)
    span = high - low
    paper = above <= PAPER_SPREAD * span
    between = (above > BETWEEN[0] * span) & (above < BETWEEN[1] * span)
    flat = np.mean(above <= FLAT_SPREAD * span) >= PAPER_SHARE
    if np.mean(paper) < PAPER_SHARE or (np.mean(between) > BETWEEN_SHARE and not flat):
        return None
    return np.full_like(plane, round(quantile(plane[paper], 0.5))), float(np.mean(paper))
