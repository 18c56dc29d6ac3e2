"""Which groups of ink are digits, and which: the page's geometry meets the model's scores. Pure, given the scores."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from runtime.framing.base import Scores
from runtime.image.pixels import Gray, Mask, Picture, u8
from runtime.ink.find import Ink, stretched
from runtime.ink.framing import frame_ink
from runtime.ink.layout import TALL, Group, TextLine, find_text_lines
from runtime.ink.page import Page, segment_page
from runtime.results import Region
from runtime.tflite.card import InputSpec

LOWEST_DIGIT = 0.45  # of the row's height: lower, it is a minus, a dot, a comma
TALLEST_DIGIT = 2.2  # of the row's height: taller, it is something else
TALLEST_STROKE = 1.35  # of the row's height, of what is four times as high as wide: taller, a line, a bracket
WIDEST_DIGIT = 1.65  # of its own height
WIDE = 0.9  # of its own height: wider, two that touch are considered whatever the score
TWO_WIDE = 0.6  # of its own height: narrower, it is not two that touch
SURE = 0.95  # a score: what is no wider than WIDE and gets it is one digit
USUAL_WIDTH = 0.68  # of the height, where a row does not tell its own
WIDEST_USUAL = 0.85  # of the height, where it does
WIDE_PRIOR, NARROW_PRIOR = 0.5, 0.25  # logarithm of the score that digits e times as wide, or narrow, must win
SPLIT_GAIN = 0.1  # logarithm of the score by which parts must beat a whole that is sure
MAX_CUTS = 7
CUT_SLOPES = (0.0, -0.25, 0.25)  # x per y: upright and slanted handwriting
CUT_STROKE = 0.55  # of the row's height: the most ink that a cut goes through
MIN_PART = 0.12  # of the row's height: narrower, it is no digit
CROSS_ARM = 0.12  # of a plus's side: its shortest arm
CROSS_BAND = 0.08  # of its side, beside half the stroke: how far an arm may lean
WORD_GAP = 0.6  # row heights between the letters of a word, at most
WORD_LETTERS = 3
SCORE_FLOOR = 1e-4


@dataclass(frozen=True)
class _Guess:
    """The best class of a part of the page, and where it lies on the page."""

    x: int
    y: int
    w: int
    h: int
    index: int
    score: float


@dataclass(frozen=True)
class _Desk:
    """What every step of reading needs: the page, the model's input and its scores."""

    page: Page
    spec: InputSpec
    scores: Scores
    threshold: float


def read_text_lines(
    picture: Picture, spec: InputSpec, scores: Scores, labels: Sequence[str], threshold: float
) -> list[list[Region]]:
    """The digits of a picture, row by row from the top, in each from the left.

    picture: (h, w) or (h, w, 3) BGR, uint8. threshold: 0 to 1; what scores less is no digit.
    """
    page = segment_page(picture)
    if page is None:
        return []
    desk = _Desk(page, spec, scores, threshold)
    rows = [_read_row(desk, row) for row in find_text_lines(page)]
    return [[_region(desk, guess, labels, picture) for guess in row] for row in rows if row]


def _region(desk: _Desk, guess: _Guess, labels: Sequence[str], picture: Picture) -> Region:
    factor = desk.page.factor
    x0, y0 = int(guess.x / factor), int(guess.y / factor)
    x1 = min(picture.shape[1], math.ceil((guess.x + guess.w) / factor))
    y1 = min(picture.shape[0], math.ceil((guess.y + guess.h) / factor))
    return Region((x0, y0, x1 - x0, y1 - y0), labels[guess.index], guess.score)


def _read_row(desk: _Desk, row: TextLine) -> list[_Guess]:
    """The digits among a row's groups. Where most of a run of close groups are none, the run is a word."""
    found: list[_Guess] = []
    run: list[list[_Guess]] = []
    end = -math.inf
    usual = _usual_width(row)
    for group in row.groups:
        if not _is_digit_sized(group, row.height):
            continue
        if group.x - end > WORD_GAP * row.height:
            found += _unless_word(run)
            run = []
        run.append(_read_group(desk, group, usual))
        end = group.x + group.w
    return found + _unless_word(run)


def _usual_width(row: TextLine) -> float:
    """The usual width of a row's digits, pixels: of those that stand alone, or else by their height."""
    alone = [g.w for g in row.groups if g.h >= TALL * row.height and g.w < WIDE * g.h]
    if len(alone) < 2:
        return USUAL_WIDTH * row.height
    return float(np.clip(1.1 * np.median(alone), 0.6 * row.height, WIDEST_USUAL * row.height))


def _unless_word(run: list[list[_Guess]]) -> list[_Guess]:
    read = sum(bool(guesses) for guesses in run)
    if len(run) >= WORD_LETTERS and 2 * read < len(run):
        return []
    return [guess for guesses in run for guess in guesses]


def _is_digit_sized(group: Group, height: float) -> bool:
    limit = TALLEST_STROKE if 4 * group.w < group.h else TALLEST_DIGIT
    return LOWEST_DIGIT * height <= group.h <= limit * height and group.w < 4 * group.h and max(group.w, group.h) > 4


def _read_group(desk: _Desk, group: Group, usual: float) -> list[_Guess]:
    """The digits of one group: one, several that touch, or none."""
    mask = _mask(desk.page, group)
    if is_plus(mask):
        return []
    whole = _guess(desk, mask, group.x, group.y)
    if whole is None:
        return []
    one = group.w <= WIDEST_DIGIT * group.h
    if group.w <= WIDE * group.h and whole.score >= max(SURE, desk.threshold):
        return [whole]
    if group.w > TWO_WIDE * group.h:
        parts = _split(desk, mask, group, usual, whole if one else None)
        if parts:
            return parts
    return [whole] if one and whole.score >= desk.threshold else []


def _mask(page: Page, group: Group) -> Mask:
    """(h, w) of the group's box: the pixels of its pieces."""
    labels = page.labels[group.y : group.y + group.h, group.x : group.x + group.w]
    return np.isin(labels, [piece.label for piece in group.pieces])


def _guess(desk: _Desk, mask: Mask, x: int, y: int) -> _Guess | None:
    """What the model takes the pixels of a mask at (x, y) of the page for; None where there are none."""
    left, top, w, h = (int(v) for v in cv2.boundingRect(mask.astype(np.uint8)))
    if w == 0:
        return None
    x, y, mask = x + left, y + top, mask[top : top + h, left : left + w]
    strength = _ink(desk.page.strength, mask, x, y)
    if not strength.size:
        return None
    scores = desk.scores(frame_ink(Ink((x, y, w, h), strength, desk.page.light), desk.spec))
    index = int(np.argmax(scores))
    return _Guess(x, y, w, h, index, float(scores[index]))


def _ink(strength: Gray, mask: Mask, x: int, y: int) -> Gray:
    """The strength of a mask's ink with the soft edge of its strokes, one pixel wide; trimmed, 0 to 255."""
    h, w = mask.shape
    wide = np.pad(strength, 1)[y : y + h + 2, x : x + w + 2]
    near = cv2.dilate(np.pad(mask, 1).astype(np.uint8), np.ones((3, 3), np.uint8))
    return stretched(u8(wide * near), 0.1)


def is_plus(mask: Mask) -> bool:
    """Whether a mark is two straight strokes that cross near the middle."""
    height, width = mask.shape
    if not 0.5 < width / height < 2:
        return False
    thick = mask.sum() / (width + height)
    return _is_bar(mask, float(thick)) and _is_bar(mask.T, float(thick))


def _is_bar(mask: Mask, thick: float) -> bool:
    """Whether all that is above and below the thickest rows, which are in the middle, is one upright stroke."""
    height = mask.shape[0]
    band = max(1, round(CROSS_BAND * height + thick / 2))
    middle = int(np.argmax(np.convolve(mask.sum(axis=1), np.ones(2 * band + 1), "same")))
    above, below = mask[: max(0, middle - band)], mask[middle + band + 1 :]
    if min(len(above), len(below)) < CROSS_ARM * height:
        return False
    outside = np.concatenate([above, below])
    used = np.flatnonzero(outside.any(axis=0))
    spread = outside.shape[1] - np.argmax(outside[:, ::-1], axis=1) - np.argmax(outside, axis=1)
    one = spread[outside.any(axis=1)]
    leaning = float(np.ptp(used) + 1) if len(used) else 0.0
    return len(one) > 0.8 * len(outside) and float(np.max(one)) < 2 * thick + 1 and leaning < 0.45 * mask.shape[1]


def _split(desk: _Desk, mask: Mask, group: Group, usual: float, whole: _Guess | None) -> list[_Guess]:
    """The digits that a group is best cut into; none where it had better stay as it is.

    Cuts are where little ink is in the way; of all ways to take some of them, that is chosen whose
    parts have the best scores and usual widths (the lattice of Matan et al. 1992, "Multi-digit
    recognition using a space displacement neural network", by dynamic programming).
    """
    height = float(group.h)
    sides = _cuts(mask, height)
    ends = [np.zeros_like(mask), *sides, np.ones_like(mask)]
    # best[j][k]: sum of logarithms and the digits of the first j cuts' left side in k parts.
    best: list[dict[int, tuple[float, list[_Guess]]]] = [{0: (0.0, [])}]
    for j in range(1, len(ends)):
        here: dict[int, tuple[float, list[_Guess]]] = {}
        for i in range(max(0, j - 4), j):
            if i == 0 and j == len(ends) - 1:
                continue
            part = _guess(desk, mask & ends[j] & ~ends[i], group.x, group.y) if best[i] else None
            if part is None or not _may_be_digit(part, height):
                continue
            for k, (total, digits) in best[i].items():
                value = total + math.log(max(part.score, SCORE_FLOOR))
                if k + 1 not in here or value > here[k + 1][0]:
                    here[k + 1] = (value, [*digits, part])
        best.append(here)
    choices = [(v / k - _oddness(group.w / k, usual), d) for k, (v, d) in best[-1].items() if k > 1]
    if not choices:
        return []
    value, digits = max(choices, key=lambda choice: choice[0])
    if whole is not None:
        gain = SPLIT_GAIN if whole.score >= desk.threshold else 0.0
        if math.log(max(whole.score, SCORE_FLOOR)) - _oddness(group.w, usual) + gain >= value:
            return []
    return digits if min(digit.score for digit in digits) >= desk.threshold else []


def _oddness(width: float, usual: float) -> float:
    """What speaks against digits of that width, as a logarithm of a score."""
    ratio = math.log(width / usual)
    return max(WIDE_PRIOR * ratio, -NARROW_PRIOR * ratio)  # a 1 among them is narrow


def _may_be_digit(part: _Guess, height: float) -> bool:
    return part.h >= TALL * 0.9 * height and MIN_PART * height <= part.w <= WIDEST_DIGIT * part.h


def _cuts(mask: Mask, height: float) -> list[Mask]:
    """What is left of each cut, (h, w): straight lines of a few slopes, through little ink, from left to right."""
    h, w = mask.shape
    found: list[tuple[float, float, Mask]] = []
    for slope in CUT_SLOPES:
        shift = np.round((np.arange(h) - h / 2) * slope).astype(int)[:, None]
        foot = np.arange(w)[None] - shift  # where a line through each pixel meets the middle row
        ink = np.bincount(np.clip(foot, 0, w - 1)[mask], minlength=w).astype(float)
        smooth = np.convolve(np.pad(ink, 1, mode="edge"), np.ones(3) / 3, "valid")
        for x in range(int(0.15 * height), w - int(0.15 * height)):
            near = smooth[max(0, x - 3) : x + 4]
            if smooth[x] <= CUT_STROKE * height and smooth[x] == near.min():
                found.append((float(smooth[x]) + abs(slope), float(x), np.asarray(foot < x)))
    chosen: list[tuple[float, float, Mask]] = []
    for cut in sorted(found, key=lambda c: c[:2]):
        if all(abs(cut[1] - other[1]) > 0.12 * height for other in chosen) and len(chosen) < MAX_CUTS:
            chosen.append(cut)
    return [left for _, _, left in sorted(chosen, key=lambda c: c[1])]
