"""Which glyphs of a page are digits, and which: the page's geometry meets the model's scores.

Pure, given the scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from runtime.framing.base import Scores
from runtime.image.pixels import Gray, Mask, Picture, u8
from runtime.ink.background import KERNEL_3X3
from runtime.ink.find import GRAIN, Ink, stretched
from runtime.ink.framing import frame_ink
from runtime.ink.layout import TALL, Glyph, TextLine, find_text_lines
from runtime.ink.page import Page, segment_page
from runtime.results import Region
from runtime.tflite.card import InputSpec

# Sizes of a digit.
LOWEST_DIGIT = 0.45  # of the line's height: lower, it is a minus, a dot, a comma
TALLEST_DIGIT = 2.2  # of the line's height: taller, it is something else
TALLEST_STROKE = 1.35  # of the line's height, for a glyph STROKE_ELONGATION times as high as wide: taller, a bracket
STROKE_ELONGATION = 4  # height over width
MAX_ELONGATION = 4  # width over height: wider, it is a line
MIN_SIDE = 4  # pixels: a digit's longer side is longer
WIDEST_DIGIT = 1.65  # of its own height
WIDE = 0.9  # of its own height: a wider glyph may be two that touch, whatever its score
TWO_WIDE = 0.6  # of its own height: a narrower glyph is not two that touch

# Scores.
SURE = 0.95  # a glyph that is no wider than WIDE and has this score is one digit
USUAL_WIDTH = 0.68  # of the height, for a line that does not tell its own
USUAL_WIDTH_BOUNDS = (0.6, 0.85)  # of the height, for a line that does
USUAL_TO_MEDIAN = 1.1  # the usual width over the median of the glyphs that stand alone
WIDE_PENALTY, NARROW_PENALTY = 0.5, 0.25  # log score per e-fold deviation from the usual width
SPLIT_GAIN = 0.1  # log score by which parts must exceed a whole that is above the threshold
SCORE_FLOOR = 1e-4  # before its logarithm is taken

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

# A plus.
PLUS_RATIO = (0.5, 2.0)  # width over height
CROSS_ARM = 0.12  # of its side: its shortest arm
CROSS_BAND = 0.08  # of its side, beside half the stroke: how far an arm may lean
ARM_ROWS = 0.8  # of the rows outside the band have ink
ARM_THICKNESS = 2  # times the stroke, plus a pixel: an arm is thinner
ARM_LEAN = 0.45  # of its width: the arms together span less

# Words.
WORD_GAP = 0.6  # line heights between the letters of a word, at most
WORD_LETTERS = 3


@dataclass(frozen=True)
class Hypothesis:
    """The best class of a part of the page.

    Attributes:
        x: Left of its box, pixels of the page.
        y: Top of its box.
        w: Width of its box.
        h: Height of its box.
        index: The best class.
        score: Of the best class, 0 to 1.
    """

    x: int
    y: int
    w: int
    h: int
    index: int
    score: float

    @property
    def log_score(self) -> float:
        """Logarithm of the score, of SCORE_FLOOR at least."""
        return math.log(max(self.score, SCORE_FLOOR))


@dataclass(frozen=True)
class ReadingContext:
    """What every step of reading needs.

    Attributes:
        page: The components of ink.
        spec: The model's input.
        scores: Runs the model.
        threshold: 0 to 1; what scores less is no digit.
    """

    page: Page
    spec: InputSpec
    scores: Scores
    threshold: float


def read_text_lines(
    picture: Picture, spec: InputSpec, scores: Scores, labels: Sequence[str], threshold: float
) -> list[list[Region]]:
    """Read the digits of a picture.

    Args:
        picture: uint8, (h, w) gray or (h, w, 3) BGR.
        spec: The model's input, framing "ink".
        scores: Runs the model.
        labels: Class names by index.
        threshold: 0 to 1; what scores less is no digit.

    Returns:
        Lines from the top, in each the digits from the left.
    """
    page = segment_page(picture)
    if page is None:
        return []
    context = ReadingContext(page, spec, scores, threshold)
    lines = [_read_line(context, line) for line in find_text_lines(page)]
    return [[_region(context, digit, labels, picture) for digit in line] for line in lines if line]


def _region(context: ReadingContext, digit: Hypothesis, labels: Sequence[str], picture: Picture) -> Region:
    factor = context.page.factor
    x0, y0 = int(digit.x / factor), int(digit.y / factor)
    x1 = min(picture.shape[1], math.ceil((digit.x + digit.w) / factor))
    y1 = min(picture.shape[0], math.ceil((digit.y + digit.h) / factor))
    return Region((x0, y0, x1 - x0, y1 - y0), labels[digit.index], digit.score)


def _read_line(context: ReadingContext, line: TextLine) -> list[Hypothesis]:
    """The digits of a line. A run of close glyphs is a word, and dropped, if most of them are no digits."""
    found: list[Hypothesis] = []
    run: list[list[Hypothesis]] = []
    end = -math.inf
    usual_width = _usual_width(line)
    for glyph in line.glyphs:
        if not _is_digit_sized(glyph, line.height):
            continue
        if glyph.x - end > WORD_GAP * line.height:
            found += _drop_words(run)
            run = []
        run.append(_read_glyph(context, glyph, usual_width))
        end = glyph.x + glyph.w
    return found + _drop_words(run)


def _usual_width(line: TextLine) -> float:
    """The usual width of a line's digits, pixels: of those that stand alone, or else by their height."""
    alone = [g.w for g in line.glyphs if g.h >= TALL * line.height and g.w < WIDE * g.h]
    if len(alone) < 2:
        return USUAL_WIDTH * line.height
    least, most = (bound * line.height for bound in USUAL_WIDTH_BOUNDS)
    return float(np.clip(USUAL_TO_MEDIAN * np.median(alone), least, most))


def _drop_words(run: list[list[Hypothesis]]) -> list[Hypothesis]:
    """The digits of a run of glyphs; none where the run is a word."""
    read = sum(bool(digits) for digits in run)
    if len(run) >= WORD_LETTERS and 2 * read < len(run):
        return []
    return [digit for digits in run for digit in digits]


def _is_digit_sized(glyph: Glyph, height: float) -> bool:
    tallest = TALLEST_STROKE if STROKE_ELONGATION * glyph.w < glyph.h else TALLEST_DIGIT
    is_high = LOWEST_DIGIT * height <= glyph.h <= tallest * height
    return is_high and glyph.w < MAX_ELONGATION * glyph.h and max(glyph.w, glyph.h) > MIN_SIDE


def _read_glyph(context: ReadingContext, glyph: Glyph, usual_width: float) -> list[Hypothesis]:
    """The digits of one glyph: one, several that touch, or none."""
    mask = _mask(context.page, glyph)
    if is_plus(mask):
        return []
    whole = _classify(context, mask, glyph.x, glyph.y)
    if whole is None:
        return []
    may_be_one = glyph.w <= WIDEST_DIGIT * glyph.h
    if glyph.w <= WIDE * glyph.h and whole.score >= max(SURE, context.threshold):
        return [whole]
    if glyph.w > TWO_WIDE * glyph.h:
        parts = _split(context, mask, glyph, usual_width, whole if may_be_one else None)
        if parts:
            return parts
    return [whole] if may_be_one and whole.score >= context.threshold else []


def _mask(page: Page, glyph: Glyph) -> Mask:
    """(h, w) of the glyph's box: the pixels of its components."""
    labels = page.labels[glyph.y : glyph.y + glyph.h, glyph.x : glyph.x + glyph.w]
    return np.isin(labels, [component.label for component in glyph.components])


def _classify(context: ReadingContext, mask: Mask, x: int, y: int) -> Hypothesis | None:
    """The model's answer for the pixels of a mask at (x, y) of the page; None where the mask is empty."""
    left, top, w, h = (int(v) for v in cv2.boundingRect(mask.astype(np.uint8)))
    if w == 0:
        return None
    x, y, mask = x + left, y + top, mask[top : top + h, left : left + w]
    strength = _strength(context.page.strength, mask, x, y)
    if not strength.size:
        return None
    ink = Ink((x, y, w, h), strength, context.page.light_on_dark)
    scores = context.scores(frame_ink(ink, context.spec))
    index = int(np.argmax(scores))
    return Hypothesis(x, y, w, h, index, float(scores[index]))


def _strength(strength: Gray, mask: Mask, x: int, y: int) -> Gray:
    """The strength of a mask's ink with the soft edge of its strokes, one pixel wide; trimmed, 0 to 255."""
    h, w = mask.shape
    crop = np.pad(strength, 1)[y : y + h + 2, x : x + w + 2]
    near = cv2.dilate(np.pad(mask, 1).astype(np.uint8), KERNEL_3X3)
    return stretched(u8(crop * near), GRAIN)


def is_plus(mask: Mask) -> bool:
    """Tell whether a glyph is a plus: two straight strokes that cross near the middle.

    Args:
        mask: bool (h, w), the glyph's pixels within its box.

    Returns:
        True for a plus.
    """
    height, width = mask.shape
    if not PLUS_RATIO[0] < width / height < PLUS_RATIO[1]:
        return False
    thickness = float(mask.sum() / (width + height))
    return _has_upright_arms(mask, thickness) and _has_upright_arms(mask.T, thickness)


def _has_upright_arms(mask: Mask, thickness: float) -> bool:
    """Whether everything above and below the rows with most ink, which are in the middle, is one upright stroke."""
    height = mask.shape[0]
    band = max(1, round(CROSS_BAND * height + thickness / 2))
    middle = int(np.argmax(np.convolve(mask.sum(axis=1), np.ones(2 * band + 1), "same")))
    above, below = mask[: max(0, middle - band)], mask[middle + band + 1 :]
    if min(len(above), len(below)) < CROSS_ARM * height:
        return False
    outside = np.concatenate([above, below])
    used = np.flatnonzero(outside.any(axis=0))
    spread = outside.shape[1] - np.argmax(outside[:, ::-1], axis=1) - np.argmax(outside, axis=1)
    widths = spread[outside.any(axis=1)]
    lean = float(np.ptp(used) + 1) if len(used) else 0.0
    is_one_stroke = len(widths) > ARM_ROWS * len(outside) and float(np.max(widths)) < ARM_THICKNESS * thickness + 1
    return is_one_stroke and lean < ARM_LEAN * mask.shape[1]


def _split(
    context: ReadingContext, mask: Mask, glyph: Glyph, usual_width: float, whole: Hypothesis | None
) -> list[Hypothesis]:
    """The digits that a glyph is best cut into; none where it is better left whole, or is no digits."""
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
    # best[j]: the same for what is left of cut j.
    best: list[dict[int, tuple[float, list[Hypothesis]]]] = [{0: (0.0, [])}]
    for j in range(1, len(ends)):
        here: dict[int, tuple[float, list[Hypothesis]]] = {}
        for i in range(max(0, j - MAX_SPAN), j):
            if i == 0 and j == len(ends) - 1:
                continue
            part = _classify(context, mask & ends[j] & ~ends[i], glyph.x, glyph.y) if best[i] else None
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
    found: list[tuple[float, float, Mask]] = []
    for slope in CUT_SLOPES:
        shift = np.round((np.arange(h) - h / 2) * slope).astype(int)[:, None]
        foot = np.arange(w)[None] - shift  # where a line through each pixel meets the middle row
        ink = np.bincount(np.clip(foot, 0, w - 1)[mask], minlength=w).astype(float)
        smooth = np.convolve(np.pad(ink, 1, mode="edge"), np.ones(3) / 3, "valid")
        for x in range(int(CUT_MARGIN * height), w - int(CUT_MARGIN * height)):
            near = smooth[max(0, x - CUT_WINDOW) : x + CUT_WINDOW + 1]
            if smooth[x] <= CUT_STROKE * height and smooth[x] == near.min():
                found.append((float(smooth[x]) + abs(slope), float(x), np.asarray(foot < x)))
    chosen: list[tuple[float, float, Mask]] = []
    for cut in sorted(found, key=lambda c: c[:2]):
        if all(abs(cut[1] - other[1]) > CUT_DISTANCE * height for other in chosen) and len(chosen) < MAX_CUTS:
            chosen.append(cut)
    return [left for _, _, left in sorted(chosen, key=lambda c: c[1])]
