"""Which glyphs of a page are digits, and which: the page's geometry meets the model's scores.

Pure, given the scores.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from runtime.framing.base import Scores, TooManyMarks
from runtime.image.pixels import Mask, Picture
from runtime.ink.hypothesis import Hypothesis, ReadingContext
from runtime.ink.layout import TALL, Glyph, TextLine, find_text_lines
from runtime.ink.page import Page, segment_page
from runtime.ink.signs import is_plus
from runtime.ink.touching import WIDEST_DIGIT, split_glyph
from runtime.results import Region
from runtime.tflite.card import InputSpec

MAX_MARKS = 5000  # components of ink on a page; a sheet of paper full of digits has 2,000

# Sizes of a digit.
LOWEST_DIGIT = 0.45  # of the line's height: lower, it is a minus, a dot, a comma
TALLEST_DIGIT = 2.2  # of the line's height: taller, it is something else
TALLEST_STROKE = 1.35  # of the line's height, for a glyph STROKE_ELONGATION times as high as wide: taller, a bracket
STROKE_ELONGATION = 4  # height over width
MAX_ELONGATION = 4  # width over height: wider, it is a line
MIN_SIDE = 4  # pixels: a digit's longer side is longer
WIDE = 0.9  # of its own height: a wider glyph may be two that touch, whatever its score
TWO_WIDE = 0.6  # of its own height: a narrower glyph is not two that touch

# Scores.
SURE = 0.95  # a glyph that is no wider than WIDE and has this score is one digit
USUAL_WIDTH = 0.68  # of the height, for a line that does not tell its own
USUAL_WIDTH_BOUNDS = (0.6, 0.85)  # of the height, for a line that does
USUAL_TO_MEDIAN = 1.1  # the usual width over the median of the glyphs that stand alone

# Words.
WORD_GAP = 0.6  # line heights between the letters of a word, at most
WORD_LETTERS = 3


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

    Raises:
        TooManyMarks: The page has more marks than are read.
    """
    page = segment_page(picture)
    if page is None:
        return []
    if len(page.components) > MAX_MARKS:
        raise TooManyMarks
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
    context.effort.add(glyph.w * glyph.h)
    mask = _mask(context.page, glyph)
    if is_plus(mask):
        return []
    whole = context.classify(mask, glyph.x, glyph.y)
    if whole is None:
        return []
    may_be_one = glyph.w <= WIDEST_DIGIT * glyph.h
    if glyph.w <= WIDE * glyph.h and whole.score >= max(SURE, context.threshold):
        return [whole]
    if glyph.w > TWO_WIDE * glyph.h:
        parts = split_glyph(context, mask, glyph, usual_width, whole if may_be_one else None)
        if parts:
            return parts
    return [whole] if may_be_one and whole.score >= context.threshold else []


def _mask(page: Page, glyph: Glyph) -> Mask:
    """(h, w) of the glyph's box: the pixels of its components."""
    labels = page.labels[glyph.y : glyph.y + glyph.h, glyph.x : glyph.x + glyph.w]
    return np.isin(labels, [component.label for component in glyph.components])
