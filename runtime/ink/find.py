"""The ink of a picture's main mark, whatever the light and the polarity.

Pure: arrays in, arrays out, the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from runtime.image.pixels import Gray, Picture, quantile, shrink, to_gray, u8
from runtime.ink.background import (
    KERNEL_3X3,
    NO_CAST,
    SMALL_SIDE,
    ColorCast,
    color_cast,
    contrast_above,
    estimate_background,
    hysteresis_thresholds,
    ink_channel,
    is_light_on_dark,
    max_stroke_width,
)
from runtime.ink.light import is_only_light
from runtime.ink.main_mark import MAX_WIDTH_RATIO, Mark, main_mark
from runtime.ink.thumbnail import (
    flat_background,
    is_hazy,
    is_light_on_haze,
    mark_in_haze,
    undo_corruption,
    without_line,
)

WORK_SIDE = 320  # pixels; marks are sought in a picture no larger than this
MARK_SIDE = 80  # pixels; a mark is cut out at no more than this, four times MNIST's box
SQUARE_SHARES = (1.0, 0.4, 0.15)  # of the widest stroke: backgrounds tried until the mark is made of strokes
TEXTURE_WIDTH_RATIO = 3.2  # see MAX_WIDTH_RATIO: greater than of anything drawn, it is a texture
MIN_INK_CONTRAST = 12.0  # gray levels, of a mark's dark parts
FAINT_SHARE = 0.9  # of a mark's pixels: where as many have less than the least contrast, it has no dark parts
MIN_ABSORPTION = 0.1  # of the paper's light; ink that takes less shines through or is the paper's own grain
GRAIN = 0.1  # of full ink: less is paper
HAZE_GRAIN = 0.15  # the same, in haze
INK_QUANTILE = 0.9  # of the strengths above STRONG_INK of the peak: full ink
STRONG_INK = 0.3  # of the peak
GRAY_LEVELS = np.arange(256, dtype=np.float32)


@dataclass(frozen=True, eq=False)  # == of arrays is no single truth value
class Ink:
    """The ink of one mark.

    Attributes:
        box: (x, y, width, height) in pixels of the picture.
        strength: uint8 (h, w), the box alone; 0 is paper and 255 the darkest (or, on a board, brightest) ink. At
            most MARK_SIDE on its longer side.
        light_on_dark: True for a light mark on a dark background.
        share: Share of all ink in the picture, 0 to 1; where it is small the picture is a text or a texture.
    """

    box: tuple[int, int, int, int]
    strength: Gray
    light_on_dark: bool
    share: float = 1.0


@dataclass(frozen=True, eq=False)  # == of arrays is no single truth value
class _Sheet:
    """A picture, and the channel that marks are sought in.

    channel: (h, w) uint8 with bright ink, `factor` of the picture's size. cast: the paper's.
    """

    image: Picture
    channel: Gray
    light_on_dark: bool
    factor: float = 1.0
    cast: ColorCast = NO_CAST


@dataclass(frozen=True, eq=False)  # == of arrays is no single truth value
class _Background:
    """A background (h, w) uint8; the side in pixels of the square it was estimated with; the share of paper."""

    levels: Gray
    size: int
    paper_share: float = 1.0


def find_ink(image: Picture) -> Ink | None:
    """Find the main mark of a picture, whatever its polarity and light.

    Args:
        image: uint8, (h, w) gray or (h, w, 3) BGR.

    Returns:
        The mark's ink; None where there is no mark.

    Example:
        >>> import numpy as np
        >>> sheet = np.full((100, 100), 220, np.uint8)
        >>> sheet[20:80, 48:54] = 40
        >>> find_ink(sheet).box
        (46, 18, 10, 64)
    """
    if max(image.shape[:2]) <= SMALL_SIDE:
        return _find_in_thumbnail(image)
    factor = min(1.0, WORK_SIDE / max(image.shape[:2]))
    small = shrink(image, factor)
    light_on_dark = is_light_on_dark(small)
    cast = color_cast(small)
    channel = ink_channel(small, light_on_dark, cast)
    best = _best_mark(channel, _backgrounds(channel), light_on_dark)
    return None if best is None else _cut_out(_Sheet(image, channel, light_on_dark, factor, cast), *best, GRAIN)


def _find_in_thumbnail(image: Picture) -> Ink | None:
    """The same for a picture of at most SMALL_SIDE, in which each pixel counts."""
    gray = to_gray(image)
    repaired = undo_corruption(gray)
    if repaired is not gray:
        image = gray = repaired
    if is_only_light(gray):
        return None
    if is_hazy(gray):
        return _find_in_haze(image, is_light_on_haze(gray))
    light_on_dark = is_light_on_dark(image)
    channel = without_line(ink_channel(image, light_on_dark))
    flat = flat_background(channel)
    backgrounds = _backgrounds(channel) if flat is None else [_Background(flat[0], max(channel.shape), flat[1])]
    best = _best_mark(channel, backgrounds, light_on_dark)
    return None if best is None else _cut_out(_Sheet(image, channel, light_on_dark), *best, 0.0)


def _find_in_haze(image: Picture, light_on_dark: bool) -> Ink | None:
    channel = ink_channel(image, light_on_dark)
    mask, haze, share = mark_in_haze(channel)
    x, y, w, h = cv2.boundingRect(mask.view(np.uint8))
    mark = Mark(mask[y : y + h, x : x + w], x, y, 1.0, share)
    return _cut_out(_Sheet(image, channel, light_on_dark), mark, haze, HAZE_GRAIN) if w else None


def _backgrounds(channel: Gray) -> Iterator[_Background]:
    """Backgrounds to try, of smaller and smaller squares."""
    for share in SQUARE_SHARES:
        size = max(3, round(share * max_stroke_width(*channel.shape)))
        yield _Background(estimate_background(channel, size), size)


def _best_mark(channel: Gray, backgrounds: Iterable[_Background], light_on_dark: bool) -> tuple[Mark, Gray] | None:
    """The first mark that is made of strokes, or else the one most like strokes; and its background, (h, w)."""
    best: tuple[Mark, Gray] | None = None
    for background in backgrounds:
        strength, counts = contrast_above(channel, background.levels, background.paper_share)
        thresholds = hysteresis_thresholds(strength, counts, background.paper_share)
        mark = main_mark(strength, thresholds, background.size)
        if mark is not None and not _is_ink(mark, strength, None if light_on_dark else background.levels):
            continue
        if mark is not None and (best is None or mark.width_ratio < best[0].width_ratio):
            best = mark, background.levels
        if best is not None and best[0].width_ratio <= MAX_WIDTH_RATIO:
            break
    return best


def _is_ink(mark: Mark, strength: Gray, background: Gray | None) -> bool:
    """Whether a mark is drawn, by its contrast and its strokes: not bleed-through, the paper's grain, a texture.

    background: of dark marks, whose contrast is a share of their paper's light; None for light ones.
    """
    if max(strength.shape) <= SMALL_SIDE:
        return True
    if TEXTURE_WIDTH_RATIO < mark.width_ratio < math.inf:
        return False
    paper = 0.0 if background is None else 255 - mark.mean(background)
    return mark.share_below(strength, max(MIN_INK_CONTRAST, MIN_ABSORPTION * paper)) < FAINT_SHARE


def _cut_out(sheet: _Sheet, mark: Mark, background: Gray, grain: float) -> Ink | None:
    """Cut a mark out of the picture itself where that is finer than the channel, at MARK_SIDE at most."""
    height, width = background.shape
    h, w = mark.mask.shape
    # One pixel around the mark lets the soft edge of the stroke through, and nothing else.
    left, top = max(0, mark.x - 1), max(0, mark.y - 1)
    right, bottom = min(width, mark.x + w + 1), min(height, mark.y + h + 1)
    edges = (mark.y - top, bottom - mark.y - h, mark.x - left, right - mark.x - w)
    padded = cv2.copyMakeBorder(mark.mask.astype(np.uint8), *edges, cv2.BORDER_CONSTANT, value=(0,))
    near = cv2.dilate(padded, KERNEL_3X3)
    x0, x1 = (min(sheet.image.shape[1], round(v / sheet.factor)) for v in (left, right))
    y0, y1 = (min(sheet.image.shape[0], round(v / sheet.factor)) for v in (top, bottom))
    if sheet.factor == 1 or max(w, h) >= MARK_SIDE:
        crop = shrink(sheet.channel[top:bottom, left:right], min(1.0, MARK_SIDE / max(w, h)))
    else:
        crop = shrink(sheet.image[y0:y1, x0:x1], min(1.0, MARK_SIDE * sheet.factor / max(w, h)))
        crop = ink_channel(crop, sheet.light_on_dark, sheet.cast)
    size = (crop.shape[1], crop.shape[0])
    keep = cv2.resize(near, size, interpolation=cv2.INTER_NEAREST)
    under = cv2.resize(background[top:bottom, left:right], size, interpolation=cv2.INTER_LINEAR_EXACT)
    strength = stretched(u8(cv2.multiply(cv2.subtract(crop, under), keep)), grain)
    box = (x0, y0, max(1, x1 - x0), max(1, y1 - y0))
    return Ink(box, strength, sheet.light_on_dark, mark.share) if strength.size else None


def stretched(strength: Gray, grain: float) -> Gray:
    """Trim ink to its box and stretch its contrast to 0..255.

    Args:
        strength: uint8 (h, w), 0 is paper.
        grain: A share of full ink, 0 to 1, that becomes 0; full ink becomes 255.

    Returns:
        uint8 (h, w) of the ink's box; (0, 0) where there is no ink.
    """
    peak = quantile(strength, INK_QUANTILE, above=int(STRONG_INK * float(strength.max())))
    floor = grain * peak
    table = np.minimum((GRAY_LEVELS - np.float32(floor)) * np.float32(255.0 / max(1.0, peak - floor)), 255)
    x, y, w, h = cv2.boundingRect((strength > int(floor)).view(np.uint8))
    return u8(cv2.LUT(strength[y : y + h, x : x + w], u8(np.maximum(table, 0).round()))) if w else strength[:0, :0]
