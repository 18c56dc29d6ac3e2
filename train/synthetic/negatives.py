"""Non-digits as model inputs: letters, signs, words, scribbles, silhouettes, textures, pieces of digits.

They are for outlier exposure (Hendrycks, Mazeika, Dietterich: Deep Anomaly Detection with Outlier Exposure, ICLR
2019): a model that learns to be unsure of these is unsure of other non-digits too. Characters that resemble a digit
are left out: O, Q and D (0), I, l and a bar (1), Z (2), S (5), b and G (6), B (8), g and q (9) ...
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from runtime.preprocess import to_input
from runtime.tflite.card import InputSpec
from train.data.pictures import Image
from train.synthetic.fonts import fill_text, fonts_for, shape_of
from train.synthetic.glyphs import printed_or_drawn, written
from train.synthetic.pen import CANVAS, MARK, draw, framed, random_hand, read_strokes, strokes
from train.synthetic.scenes import texture, word_scene
from train.synthetic.silhouettes import silhouette

LETTERS = "ACEFHJKLMNPRTUVWXYacdefhkmnprtuvwxy&@#%+=*×÷±∞√∑≈≠αβγπκλμνρτχψωηΓΔΛΞΠΣΨΩЖИЦШЩЮЯДЛФЫюжцшыяф"
LATIN = LETTERS.index("×")  # how many letters every font has
SLIM = 0.35  # width over length: a mark below this may be a 1,
SOFT = 0.6  # unless this share of its pixels is gray, which no stroke has,
STROKE = 0.2  # or it is thicker than this share of its length and its width
STROKE_RANGE = 1.6  # varies by more than this factor: a stroke that thick has no flag and no foot
# Drawn by hand, in the notation of train.synthetic.pen.read_strokes. Greek letters, many of which resemble a digit:
GREEK = (
    "88 12 66 44 40 80 18 76 12 50 24 26 46 34 66 70 90 90",  # alpha
    "92 20 62 66 34 84 12 64 18 34 40 28 58 56 78 84 94 78",
    "96 16 70 56 44 82 16 78 10 50 30 30 54 44 72 78 92 76",
    "20 130 24 60 40 8 70 4 76 26 50 44 / 50 44 84 52 80 84 52 94 30 80",  # beta
    "10 120 30 40 48 4 76 10 68 38 36 48 / 36 48 76 56 72 84 44 96 26 84",
    "- 14 110 36 6 / 36 6 74 4 70 36 40 46 / 40 46 84 52 78 88 40 90",
    "10 20 26 8 44 36 48 70 / 84 8 60 50 46 86 44 110",  # gamma
    "8 10 26 14 48 60 / 90 6 62 40 46 76 38 104 48 110 54 96 48 66",
    "- 16 6 48 60 / - 86 4 48 60 36 112",
    "10 18 30 8 60 10 92 6 / - 34 10 28 94 / 66 10 64 70 72 92 84 88",  # pi
    "- 8 10 94 8 / - 34 9 30 94 / - 68 9 70 94",
    "90 8 66 50 36 78 14 56 34 26 60 52 92 86",  # alpha again, its ends crossing wide
    "94 6 70 46 34 72 8 48 30 22 56 44 98 80",
    "26 120 28 30 44 4 74 10 66 36 34 46 / 34 46 78 58 66 92 28 84",
    "8 24 24 6 40 30 46 64 40 96 34 80 50 52 88 6",
)
SIGNS = (
    *GREEK * 2,
    "10 60 30 84 50 60 30 40 12 60 / 50 60 70 84 90 60 70 40 50 60",  # infinity
    "10 90 22 40 34 94 46 44 58 92 70 50 84 90",  # a wave
    "10 50 30 20 50 50 70 80 92 48",
    "- 50 8 50 92 / - 8 50 92 50",  # plus, minus, times, equals
    "- 4 50 96 50",
    "- 4 54 96 44",
    "- 10 10 90 90 / - 90 10 10 90",
    "- 8 34 92 34 / - 8 66 92 66",
    "- 10 60 90 60 / - 50 10 50 100 / - 10 100 90 100",
    "- 8 50 92 50 / - 50 14 50 18 / - 50 82 50 86",  # divided by
    "80 2 44 22 30 50 44 78 80 98",  # brackets, strongly bent or cornered
    "20 2 56 22 70 50 56 78 20 98",
    "- 70 2 30 2 30 98 70 98",
    "- 84 4 16 50 84 96",
    "- 16 4 84 50 16 96",
    "- 8 96 50 6 92 96",  # corners, hooks and ticks
    "- 8 6 50 96 92 6",
    "- 8 4 8 96 92 96",
    "- 92 4 92 96 8 96",
    "- 6 60 34 94 96 8",
    "- 10 90 90 90 50 10 10 90",
    "- 10 10 90 10 90 90 10 90 10 10",
    "- 20 4 20 96 / - 80 4 80 96",
    "- 10 10 30 90 50 20 70 90 90 10",
    "- 20 4 20 96 / - 80 4 80 96 / - 20 50 80 50",
    "- 20 98 20 4 80 98 80 4",
    "- 50 50 50 98 / - 12 4 50 50 88 4",
    "- 6 20 94 80 / - 6 80 94 20 / - 50 4 50 96",
    "20 4 20 70 50 98 80 70 80 4",  # an open bowl, both ways
    "20 96 20 30 50 2 80 30 80 96",
    "85 15 50 2 15 30 12 70 45 98 88 84",  # wide and open: no 0, no 6
)
LETTER_WILDNESS = 0.6  # see train.synthetic.pen.random_hand
HALVED = (0, 3, 5)  # a half of any other digit may be a digit
TURNED = (3, 7)  # these are no digits on their side

Maker = Callable[[Image, InputSpec, np.random.Generator], "Image | None"]  # (digits to cut up, spec, chance)


def negatives(count: int, digits: Image, spec: InputSpec, rng: np.random.Generator) -> Image:
    """Draw non-digits.

    Args:
        count: How many.
        digits: Model inputs of the dataset, uint8 (N, *spec.shape), to place side by side.
        spec: Spec of the model inputs.
        rng: Draws them.

    Returns:
        Model inputs, uint8 (count, *spec.shape).
    """
    makers, shares = zip(*KINDS, strict=True)
    chosen = rng.choice(len(makers), count, p=np.array(shares) / sum(shares))
    images: Image = np.zeros((count, *spec.shape), np.uint8)
    for index, kind in enumerate(chosen.tolist()):
        made = None
        while made is None or _resembles_one(made):  # some textures have no mark at all
            made = makers[kind](digits, spec, rng)
        images[index] = made
    return images


def _resembles_one(image: Image) -> bool:
    """Whether an image could be a 1: slim, more upright than lying, as bright and as even in width as a stroke."""
    points = cv2.findNonZero((image[..., 0] > 60).astype(np.uint8))
    if points is None:
        return False
    corners = cv2.boxPoints(cv2.minAreaRect(points))
    sides = sorted((corners[1] - corners[0], corners[2] - corners[1]), key=lambda side: float(np.hypot(*side)))
    slim = np.hypot(*sides[0]) + 1 < SLIM * (np.hypot(*sides[1]) + 1)
    lit = image[image > 40]
    return bool(
        slim
        and abs(sides[1][1]) > 0.8 * abs(sides[1][0])
        and (lit < 200).sum() < SOFT * len(lit)
        and not _is_thick_and_uneven(image[..., 0] > 60)
    )


def _is_thick_and_uneven(mask: npt.NDArray[np.bool_]) -> bool:
    """Whether a mark (h, w) is thicker than a stroke and of varying width: a gown, a bottle."""
    rows = np.count_nonzero(mask, axis=1)
    rows = np.sort(rows[rows > 0])
    inner = rows[len(rows) // 8 : -(len(rows) // 8) or None]  # ends are round
    return bool(np.median(inner) > STROKE * len(rows) and inner[-1] > STROKE_RANGE * inner[0])


def _letter(digits: Image, spec: InputSpec, rng: np.random.Generator) -> Image | None:
    character = LETTERS[int(rng.integers(len(LETTERS)))]
    fonts = fonts_for(character)
    shape = shape_of(character, fonts[int(rng.integers(len(fonts)))])
    return framed(printed_or_drawn(shape, rng, LETTER_WILDNESS), spec)


def _sign(digits: Image, spec: InputSpec, rng: np.random.Generator) -> Image | None:
    return framed(draw(strokes(SIGNS[int(rng.integers(len(SIGNS)))]), random_hand(rng), rng), spec)


def _scribble(digits: Image, spec: InputSpec, rng: np.random.Generator) -> Image | None:
    """Three or more strokes through random points, or a single one that turns too often for a digit."""
    count = int(rng.integers(3, 6))
    lines = [rng.random((int(rng.integers(2, 5)), 2)) for _ in range(count)]
    if rng.random() < 0.4:
        lines = [rng.random((int(rng.integers(9, 16)), 2))]
    text = "/".join(" ".join(f"{100 * value:.0f}" for value in line.ravel()) for line in lines)
    return framed(draw(read_strokes(text), random_hand(rng), rng), spec)


def _word(digits: Image, spec: InputSpec, rng: np.random.Generator) -> Image | None:
    """A few letters as one mark."""
    count = int(rng.integers(2, 5))
    text = "".join(LETTERS[int(rng.integers(LATIN))] for _ in range(count))
    fonts = fonts_for("A")
    return framed(printed_or_drawn(fill_text(text, fonts[int(rng.integers(len(fonts)))]), rng, LETTER_WILDNESS), spec)


def _pair(digits: Image, spec: InputSpec, rng: np.random.Generator) -> Image | None:
    """Two or three digits side by side, touching or nearly: the framing takes them for one mark."""
    parts = []
    for _ in range(2 + int(rng.random() < 0.3)):
        image = digits[int(rng.integers(len(digits))), ..., 0]
        x, _, w, _ = cv2.boundingRect((image > 40).astype(np.uint8))
        parts += [image[:, x : x + w], np.zeros((image.shape[0], int(rng.integers(0, 3))), np.uint8)]
    row = np.concatenate(parts[:-1], axis=1)
    if row.shape[1] < 0.9 * row.shape[0]:  # two thin strokes can pass for one digit
        return None
    large = cv2.resize(row, None, fx=2.5, fy=2.5, interpolation=cv2.INTER_CUBIC)
    return framed(np.asarray(large, np.uint8), spec)


def _part(digits: Image, spec: InputSpec, rng: np.random.Generator) -> Image | None:
    """The upper or lower half of a digit, or a digit on its side."""
    if rng.random() < 0.5:
        canvas = written(TURNED[int(rng.integers(len(TURNED)))], rng)
        return framed(np.ascontiguousarray(np.rot90(canvas, 1 + 2 * int(rng.integers(2)))), spec)
    canvas = written(HALVED[int(rng.integers(len(HALVED)))], rng).copy()
    cut = CANVAS // 2 + int(rng.integers(-6, 7))
    canvas[slice(cut, None) if rng.random() < 0.5 else slice(0, cut)] = 0
    return framed(canvas, spec)


def _blob(digits: Image, spec: InputSpec, rng: np.random.Generator) -> Image | None:
    """A filled shape: a polygon or hull of random points, or an ellipse."""
    canvas: Image = np.zeros((CANVAS, CANVAS), np.uint8)
    middle = CANVAS // 2
    if rng.random() < 0.5:
        points = middle + rng.uniform(-0.5, 0.5, (int(rng.integers(5, 9)), 2)) * MARK
        corners = points if rng.random() < 0.5 else cv2.convexHull(points.astype(np.float32))[:, 0]
        cv2.fillPoly(canvas, [corners.astype(np.int32)], (255,), cv2.LINE_AA)
    else:
        axes = tuple(int(value) for value in rng.uniform(0.22, 0.5, 2) * MARK)
        cv2.ellipse(canvas, (middle, middle), axes, float(rng.uniform(0, 180)), 0, 360, (255,), -1, cv2.LINE_AA)
    return framed(canvas, spec)


def _silhouette(digits: Image, spec: InputSpec, rng: np.random.Generator) -> Image | None:
    return to_input(silhouette(28 * int(rng.choice([1, 1, 1, 2])), rng), spec)


def _texture(digits: Image, spec: InputSpec, rng: np.random.Generator) -> Image | None:
    return to_input(texture(rng), spec)


def _printed_page(digits: Image, spec: InputSpec, rng: np.random.Generator) -> Image | None:
    return to_input(word_scene(LETTERS[:LATIN], rng), spec)


KINDS: tuple[tuple[Maker, float], ...] = (
    (_letter, 0.3),
    (_sign, 0.2),
    (_scribble, 0.06),
    (_word, 0.06),
    (_pair, 0.06),
    (_part, 0.05),
    (_blob, 0.04),
    (_silhouette, 0.28),
    (_texture, 0.08),
    (_printed_page, 0.03),
)
