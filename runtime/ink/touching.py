"""Digits that touch: a glyph is cut where its parts score best. Pure, given the scores."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Mask
from runtime.ink.hypothesis import Hypothesis, ReadingContext
from runtime.ink.layout import TALL, Glyph

WIDEST_DIGIT = 1.65  # of its own height
WIDE_PENALTY, NARROW_PENALTY = 0.5, 0.25  # log score per e-fold deviation from the usual width
SPLIT_GAIN = 0.1  # log score by which parts must exceed a whole that is above the threshold

# Cuts. Sizes are shares of the line's height.
MAX_CUTS = 7
MAX_SPAN = 4  # a part lies between two cuts that are at most so many apart in their order
CUT_SLOPES = (0.0, -0.25, 0.25)  # x per y: upright and slanted handwriting
CUT_STROKE = 0.55  # the most ink that a cut goes through
CUT_MARGIN = 0.15  # no cut lies nearer to the glyph's left or right,
CUT_DISTANCE = 0.12  # nor to another cut
CUT_WINDOW = 3  # pixels to each side: a cut has the least ink among these columns
MIN_PART = 0.12  # a narrower part is no digit
PART_HEIGHT = 0.9  # of TALL: a lower part is no digit


def split_glyph(
    context: ReadingContext, mask: Mask, glyph: Glyph, usual_width: float, whole: Hypothesis | None
) -> list[Hypothesis]:
    """Find the digits that a glyph is best cut into.

    Args:
        context: The page and the model.
        mask: bool (h, w) of the glyph's box, its pixels.
        glyph: The glyph.
        usual_width: Usual width of the line's digits, pixels.
        whole: What the model takes the whole glyph for; None where it is too wide for one digit.

    Returns:
        Two digits or more, from left to right; none where the glyph is better left whole, or is no digits.
    """
    choices = [
        (total / count - _width_penalty(glyph.w / count, usual_width), digits)
        for count, (total, digits) in _best_cuts(context, mask, glyph).items()
        if count > 1
    ]
    if not choices:
        return []
    value, digits = max(choices, key=lambda choice: choice[0])
    if whole is not None:
        gain = SPLIT_GAIN if whole.score >= context.threshold else 0.0
        if whole.log_score - _width_penalty(glyph.w, usual_width) + gain >= value:
            return []
    return digits if min(digit.score for digit in digits) >= context.threshold else []


def _best_cuts(context: ReadingContext, mask: Mask, glyph: Glyph) -> dict[int, tuple[float, list[Hypothesis]]]:
    """By number of parts: the sum of their log scores, and the parts, of the best way to cut a glyph into so many.

    Cuts go through little ink. Of all ways to choose among them the one whose parts score best is found by dynamic
    programming (the lattice of Matan et al. 1992, "Multi-digit recognition using a space displacement neural
    network").
    """
    ends = [np.zeros_like(mask), *_cuts(mask, float(glyph.h)), np.ones_like(mask)]
    # best[j]: the same for the part of the glyph that lies to the left of cut j.
    best: list[dict[int, tuple[float, list[Hypothesis]]]] = [{0: (0.0, [])}]
    for j in range(1, len(ends)):
        here: dict[int, tuple[float, list[Hypothesis]]] = {}
        for i in range(max(0, j - MAX_SPAN), j):
            if i == 0 and j == len(ends) - 1:
                continue
            part = context.classify(mask & ends[j] & ~ends[i], glyph.x, glyph.y) if best[i] else None
            if part is None or not _may_be_digit(part, float(glyph.h)):
                continue
            for count, (total, digits) in best[i].items():
                value = total + part.log_score
                if count + 1 not in here or value > here[count + 1][0]:
                    here[count + 1] = (value, [*digits, part])
        best.append(here)
    return best[-1]


def _width_penalty(width: float, usual_width: float) -> float:
    """The log score to subtract for digits of that width; a 1 among them is narrow."""
    ratio = math.log(width / usual_width)
    return max(WIDE_PENALTY * ratio, -NARROW_PENALTY * ratio)


def _may_be_digit(part: Hypothesis, height: float) -> bool:
    return part.h >= TALL * PART_HEIGHT * height and MIN_PART * height <= part.w <= WIDEST_DIGIT * part.h


def _cuts(mask: Mask, height: float) -> list[Mask]:
    """Masks (h, w) of the pixels left of each cut, from left to right: straight lines that go through little ink."""
    h, w = mask.shape
    found: list[tuple[float, float, float]] = []  # ink and slope together, x, slope
    for slope in CUT_SLOPES:
        ink = np.bincount(np.clip(_feet(h, w, slope), 0, w - 1)[mask], minlength=w).astype(float)
        smooth = np.convolve(np.pad(ink, 1, mode="edge"), np.ones(3) / 3, "valid")
        for x in range(int(CUT_MARGIN * height), w - int(CUT_MARGIN * height)):
            near = smooth[max(0, x - CUT_WINDOW) : x + CUT_WINDOW + 1]
            if smooth[x] <= CUT_STROKE * height and smooth[x] == near.min():
                found.append((float(smooth[x]) + abs(slope), float(x), slope))
    chosen: list[tuple[float, float, float]] = []
    for cut in sorted(found, key=lambda c: c[:2]):
        if all(abs(cut[1] - other[1]) > CUT_DISTANCE * height for other in chosen) and len(chosen) < MAX_CUTS:
            chosen.append(cut)
    return [np.asarray(_feet(h, w, slope) < x) for _, x, slope in sorted(chosen, key=lambda c: c[1])]


def _feet(h: int, w: int, slope: float) -> NDArray[np.int64]:
    """(h, w): where a line of this slope through each pixel meets the middle row."""
    shift = np.round((np.arange(h) - h / 2) * slope).astype(int)[:, None]
    return np.asarray(np.arange(w)[None] - shift)
