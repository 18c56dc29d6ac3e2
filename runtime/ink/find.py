"""Where the main mark on the paper is. Pure: arrays in, arrays out, the same on every machine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from runtime.image.pixels import Gray, Picture, quantile, shrink, to_gray, u8
from runtime.ink.background import (
    NO_TINT,
    SMALL_SIDE,
    SQUARE,
    Tint,
    color_cast,
    contrast_above,
    estimate_background,
    hysteresis_thresholds,
    ink_channel,
    is_light_on_dark,
    max_stroke_width,
)
from runtime.ink.main_mark import MAX_BULGE, Mark, main_mark
from runtime.ink.thumbnail import flat_background, in_veil, is_light_in_veil, is_veiled, restored, without_line

WORK_SIDE = 320  # pixels; marks are looked for in a picture no larger than this
MARK_SIDE = 80  # pixels; a mark is cut out at no more than this, four times MNIST's box
GROUND_SHARES = (1.0, 0.4, 0.15)  # of the widest stroke: tried until what is found is made of strokes
MOST_BULGE = 3.2  # of a mark, see parts.MAX_BULGE: greater than of anything drawn, it is a texture
LEAST_CONTRAST = 12.0  # gray levels, of a mark's dark parts
LITTLE_INK = 0.9  # of a mark's pixels: where as many have less than the least contrast, it has no dark parts
LEAST_INK = 0.1  # of the paper's light; what takes less shines through or is the paper's own grain
GRAIN = 0.1  # of full ink: less is paper
VEIL_GRAIN = 0.15  # the same, in fog
GRAYS = np.arange(256, dtype=np.float32)


@dataclass(frozen=True)
class Ink:
    """One mark.

    box: (x, y, width, height) in pixels of the picture. strength: (h, w) uint8, the box alone, 0 is
    paper and 255 the darkest (or, on a board, brightest) ink, at most MARK_SIDE on its longer side.
    light: True for light marks on a dark ground. share: of all ink in the picture, 0 to 1; where it is
    small the picture is a text or a texture.
    """

    box: tuple[int, int, int, int]
    strength: Gray
    light: bool
    share: float = 1.0


@dataclass(frozen=True)
class _Sheet:
    """A picture, and where marks are looked for in it: plane, (h, w) uint8 with bright ink, `factor` of its size."""

    image: Picture
    plane: Gray
    light: bool
    factor: float = 1.0
    tint: Tint = NO_TINT


def find_ink(image: Picture) -> Ink | None:
    """The main mark of a picture, whatever its polarity and light; None where there is none.

    image: (height, width) or (height, width, 3) BGR, uint8.
    """
    if max(image.shape[:2]) <= SMALL_SIDE:
        return _find_small(image)
    factor = min(1.0, WORK_SIDE / max(image.shape[:2]))
    small = shrink(image, factor)
    light = is_light_on_dark(small)
    tint = color_cast(small)
    plane = ink_channel(small, light, tint)
    best = _best(plane, _grounds(plane), light)
    return None if best is None else _cut_out(_Sheet(image, plane, light, factor, tint), *best, GRAIN)


def _find_small(image: Picture) -> Ink | None:
    """The same for a picture in which each pixel counts: of at most SMALL_SIDE."""
    gray = to_gray(image)
    mended = restored(gray)
    if mended is not gray:
        image = gray = mended
    if is_veiled(gray):
        light = is_light_in_veil(gray)
        plane = ink_channel(image, light)
        mask, ground, share = in_veil(plane)
        x, y, w, h = cv2.boundingRect(mask.view(np.uint8))
        mark = Mark(mask[y : y + h, x : x + w], x, y, 1.0, share)
        return _cut_out(_Sheet(image, plane, light), mark, ground, VEIL_GRAIN) if w else None
    light = is_light_on_dark(image)
    plane = without_line(ink_channel(image, light))
    even = flat_background(plane)
    grounds = _grounds(plane) if even is None else [(even[0], max(plane.shape), even[1])]
    best = _best(plane, grounds, light)
    return None if best is None else _cut_out(_Sheet(image, plane, light), *best, 0.0)


def _grounds(plane: Gray) -> Iterator[tuple[Gray, int, float]]:
    """Grounds to try, each with the side in pixels of the square that it was found with; all might be paper."""
    for share in GROUND_SHARES:
        size = max(3, round(share * max_stroke_width(*plane.shape)))
        yield estimate_background(plane, size), size, 1.0


def _best(plane: Gray, grounds: Iterable[tuple[Gray, int, float]], light: bool) -> tuple[Mark, Gray] | None:
    """The first mark that is made of strokes, else that which is most like one; and its ground, (h, w)."""
    best: tuple[Mark, Gray] | None = None
    for ground, size, paper in grounds:
        strength, levels = contrast_above(plane, ground, paper)
        mark = main_mark(strength, hysteresis_thresholds(strength, levels, paper), size)
        if mark is not None and not _is_ink(mark, strength, None if light else ground):
            continue
        if mark is not None and (best is None or mark.bulge < best[0].bulge):
            best = mark, ground
        if best is not None and best[0].bulge <= MAX_BULGE:
            break
    return best


def _is_ink(mark: Mark, strength: Gray, ground: Gray | None) -> bool:
    """Whether a mark is drawn, by its contrast and its strokes: not bleed-through, the paper's grain, a texture.

    ground: of dark marks, whose contrast is a share of the light of their paper; None for light ones.
    """
    if max(strength.shape) <= SMALL_SIDE:
        return True
    if MOST_BULGE < mark.bulge < math.inf:
        return False
    paper = 0.0 if ground is None else 255 - mark.mean(ground)
    return mark.share_below(strength, max(LEAST_CONTRAST, LEAST_INK * paper)) < LITTLE_INK


def _cut_out(sheet: _Sheet, mark: Mark, ground: Gray, grain: float) -> Ink | None:
    """Cut a mark out of the picture itself where that is finer than what it was found in, and not too fine."""
    height, width = ground.shape
    h, w = mark.mask.shape
    # One pixel around the mark lets the soft edge of the stroke through, and nothing else.
    left, top = max(0, mark.x - 1), max(0, mark.y - 1)
    right, bottom = min(width, mark.x + w + 1), min(height, mark.y + h + 1)
    edges = (mark.y - top, bottom - mark.y - h, mark.x - left, right - mark.x - w)
    wide = cv2.copyMakeBorder(mark.mask.astype(np.uint8), *edges, cv2.BORDER_CONSTANT, value=(0,))
    near = cv2.dilate(wide, SQUARE)
    x0, x1 = (min(sheet.image.shape[1], round(v / sheet.factor)) for v in (left, right))
    y0, y1 = (min(sheet.image.shape[0], round(v / sheet.factor)) for v in (top, bottom))
    if sheet.factor == 1 or max(w, h) >= MARK_SIDE:
        crop = shrink(sheet.plane[top:bottom, left:right], min(1.0, MARK_SIDE / max(w, h)))
    else:
        crop = shrink(sheet.image[y0:y1, x0:x1], min(1.0, MARK_SIDE * sheet.factor / max(w, h)))
        crop = ink_channel(crop, sheet.light, sheet.tint)
    size = (crop.shape[1], crop.shape[0])
    keep = cv2.resize(near, size, interpolation=cv2.INTER_NEAREST)
    under = cv2.resize(ground[top:bottom, left:right], size, interpolation=cv2.INTER_LINEAR_EXACT)
    strength = stretched(u8(cv2.multiply(cv2.subtract(crop, under), keep)), grain)
    box = (x0, y0, max(1, x1 - x0), max(1, y1 - y0))
    return Ink(box, strength, sheet.light, mark.share) if strength.size else None


def stretched(strength: Gray, grain: float) -> Gray:
    """Trimmed to its ink and brought to 0..255: `grain`, a share of full ink, becomes 0, full ink 255.

    Where there is no ink, nothing is left: (0, 0).
    """
    peak = quantile(strength, 0.9, above=int(0.3 * float(strength.max())))
    floor = grain * peak
    table = np.minimum((GRAYS - np.float32(floor)) * np.float32(255.0 / max(1.0, peak - floor)), 255)
    x, y, w, h = cv2.boundingRect((strength > int(floor)).view(np.uint8))
    return u8(cv2.LUT(strength[y : y + h, x : x + w], u8(np.maximum(table, 0).round()))) if w else strength[:0, :0]
