"""Synthetic digits in forms that are rare in MNIST: a 1 with a flag and a base, a 7 with a bar, and print."""

from __future__ import annotations

import cv2
import numpy as np

from runtime.tflite.card import InputSpec
from train.data.pictures import Image, Labels
from train.synthetic.fonts import fonts_for, shape_of
from train.synthetic.pen import CANVAS, bend, degraded, draw, framed, random_hand, restroke, strokes
from train.synthetic.thinning import thin

# The forms of each digit, one a line, in the notation of train.synthetic.pen.read_strokes.
FORMS: dict[int, tuple[str, ...]] = {
    0: (
        "55 2 25 15 15 55 30 93 60 97 84 60 76 14 50 3",
        "62 6 30 8 14 50 30 94 62 95 86 50 70 8 40 2 30 10",
        "40 5 18 30 20 75 48 98 78 75 82 30 60 4 36 8",
    ),
    1: (
        "- 52 2 48 98",
        "- 28 28 54 3 52 98",
        "- 18 42 56 3 54 98",
        "25 27 42 18 55 2 / - 55 2 53 98",
        "- 50 2 50 97 / - 25 97 77 97",
        "- 27 26 52 3 52 97 / - 22 97 80 97",
        "- 34 20 54 3 53 97 / - 30 97 76 96",
        "24 30 40 20 54 3 / - 54 3 52 97 / - 16 97 86 96",
        "- 10 40 62 3 46 98",
        "- 6 34 66 3 56 98",
        "12 46 34 30 62 3 / - 62 3 44 98",
        "- 10 44 58 3 50 97 / - 16 94 88 97",
        "- 4 52 64 4 58 98",
        "10 30 40 14 60 2 / - 60 2 40 98",
        "6 42 36 34 64 4 / - 64 4 40 98",
        "- 28 30 54 3 46 92 / - 12 99 92 80",
        "- 34 24 58 3 44 92 / - 14 96 88 76",
    ),
    2: (
        "17 24 32 5 62 3 78 24 60 55 15 95 / - 15 95 86 95",
        "17 24 32 5 62 3 78 24 60 55 15 95 40 92 86 95",
        "18 25 34 4 64 4 76 26 58 60 25 92 12 84 28 76 55 90 88 94",
        "20 30 30 8 58 2 76 20 66 48 40 74 16 95 / 16 95 45 90 86 97",
        "22 12 50 3 78 14 70 44 18 96 / - 18 96 84 96",
    ),
    3: (
        "20 10 50 0 76 16 66 38 40 47 / 40 47 72 55 80 78 54 98 16 90",
        "- 20 5 78 5 46 42 / 46 42 76 50 80 76 56 98 18 90",
        "18 14 46 2 74 18 62 40 38 46 / 38 46 72 52 82 76 54 99 14 88",
        "20 10 50 0 76 16 66 38 48 47 72 55 80 78 54 98 16 90",
        "18 8 55 3 74 20 55 44 40 47 60 50 82 66 70 94 40 97 14 86",
    ),
    4: (
        "- 24 4 18 58 84 58 / - 66 30 64 98",
        "- 26 3 16 60 88 57 / - 70 4 66 98",
        "- 66 98 66 3 14 66 90 66",
        "- 62 3 12 68 92 68 / - 64 40 62 98",
        "25 5 18 40 24 56 50 60 78 52 / 78 5 74 50 66 98",
        "- 46 3 15 60 82 56 / - 64 30 50 98",
        "- 40 2 12 52 70 52 / - 56 26 50 98",
        "60 2 40 32 14 62 / - 14 62 88 60 / - 66 35 60 100",
        "- 58 3 14 52 76 58 / - 58 3 76 98",
        "30 4 12 56 28 64 92 62 / - 76 14 68 100",
        "26 4 8 50 24 58 88 50 / - 84 6 66 100",
    ),
    5: (
        "- 80 4 28 6 24 42 / 24 42 50 36 80 56 76 86 46 98 14 90",
        "80 3 50 5 28 7 / 28 7 24 42 50 38 78 55 74 85 46 98 16 90",
        "- 30 6 26 44 / 26 44 52 36 80 56 74 88 44 98 14 88 / - 30 6 82 3",
        "78 6 40 6 26 24 34 42 62 50 78 70 66 92 36 98 14 88",
        "- 84 2 34 4 24 46 / 24 46 60 40 76 62 60 90 10 98",
    ),
    6: (
        "70 2 40 20 20 60 30 92 60 96 78 74 60 52 35 58 22 72",
        "- 60 2 24 62 / 24 62 30 94 62 97 80 76 62 54 34 58 23 70",
        "74 10 52 2 28 22 18 60 28 94 60 98 80 76 62 54 36 56 20 70",
        "56 2 30 30 18 66 34 97 64 92 72 70 52 58 28 70",
    ),
    7: (
        "- 14 6 84 6 44 98",
        "14 8 45 6 / 45 6 84 5 / 84 5 60 44 46 98",
        "- 14 6 84 6 44 98 / - 32 50 76 48",
        "14 7 45 6 82 5 / 82 5 62 42 44 98 / - 28 52 74 48",
        "- 14 24 16 6 84 6 46 98",
        "- 14 24 16 6 84 6 46 98 / - 36 52 78 50",
        "12 14 28 6 50 12 84 4 / 84 4 58 46 44 98",
        "- 12 10 80 4 52 98 / - 24 56 82 44",
        "22 26 26 10 70 6 / - 70 6 48 98 / - 16 62 88 58",
        "20 32 24 12 74 4 / 74 4 62 50 56 98 / - 26 66 94 62",
        "- 26 22 30 6 68 4 54 98 / - 20 58 90 56",
    ),
    8: (
        "72 16 48 2 26 20 46 45 74 70 54 98 24 80 42 52 70 28 70 14",
        "50 2 26 14 30 38 50 46 72 36 74 14 50 2 / 50 46 22 60 22 88 50 98 80 88 78 60 50 46",
        "72 10 46 4 28 20 44 42 72 64 72 90 46 98 24 84 30 62 56 42 76 18",
        "78 8 46 2 26 22 48 46 74 70 58 97 26 88 30 66 54 46 78 10",
    ),
    9: (
        "74 24 52 3 24 20 28 44 54 48 74 26 / - 74 10 72 98",
        "74 20 52 3 24 20 30 45 56 46 74 24 / 74 14 76 55 66 90 40 98 18 88",
        "74 20 52 3 24 20 30 45 56 46 74 24 74 55 64 98",
        "72 8 40 4 24 26 36 46 60 42 74 16 / 74 6 76 60 60 98 24 92",
        "78 6 50 2 26 22 36 46 66 38 78 8 / 78 8 66 50 58 98",
        "74 10 42 4 26 24 38 46 70 34 / 78 6 74 60 52 98 20 90",
        "70 16 48 3 30 18 36 40 58 42 74 22 / 76 8 82 50 66 88 44 98 22 84",
    ),
}
LABEL_WEIGHTS = (2, 4, 2, 2, 3, 2, 2, 4, 2, 3)  # more of the digits that people write in more forms than MNIST has
PRINT_SHARE = 0.35  # of all glyphs
PRINT_WILDNESS = 0.4  # only the camera bends print
THINNED_SHARE = 0.4  # of print: drawn with a pen along its middle line


def glyphs(count: int, spec: InputSpec, rng: np.random.Generator) -> tuple[Image, Labels]:
    """Draw digits, by hand and in print.

    Args:
        count: How many.
        spec: Spec of the model inputs.
        rng: Draws them.

    Returns:
        Model inputs, uint8 (count, *spec.shape), and their labels, int64 (count,).
    """
    labels: Labels = rng.choice(10, count, p=np.array(LABEL_WEIGHTS) / sum(LABEL_WEIGHTS))
    images: Image = np.zeros((count, *spec.shape), np.uint8)
    for index, label in enumerate(labels.tolist()):
        made = None
        while made is None:
            made = framed(printed(label, rng) if rng.random() < PRINT_SHARE else written(label, rng), spec)
        images[index] = made
    return images, labels


def written(digit: int, rng: np.random.Generator) -> Image:
    """Draw a digit by hand, in one of its forms.

    Args:
        digit: 0 to 9.
        rng: Draws the form and the hand.

    Returns:
        A canvas, see train.synthetic.pen.
    """
    forms = FORMS[digit]
    return draw(strokes(forms[int(rng.integers(len(forms)))]), random_hand(rng), rng)


def printed(digit: int, rng: np.random.Generator) -> Image:
    """Draw a digit in print.

    Args:
        digit: 0 to 9.
        rng: Draws the font and the rest.

    Returns:
        A canvas, see train.synthetic.pen.
    """
    fonts = fonts_for(str(digit))
    return printed_or_drawn(shape_of(str(digit), fonts[int(rng.integers(len(fonts)))]), rng, PRINT_WILDNESS)


def printed_or_drawn(shape: Image, rng: np.random.Generator, wildness: float) -> Image:
    """A filled shape as it is printed or, for a share of THINNED_SHARE, its middle line drawn with a pen.

    Args:
        shape: uint8 (CANVAS, CANVAS).
        rng: Draws which, and how it is bent.
        wildness: See `train.synthetic.pen.random_hand`.

    Returns:
        A canvas, see train.synthetic.pen.
    """
    bent = bend(shape, rng, wildness)
    if rng.random() >= THINNED_SHARE:
        return degraded(bent, rng)
    return restroke(thin((bent[None] > 127).astype(np.uint8))[0], rng)


def restroked(images: Image, spec: InputSpec, rng: np.random.Generator) -> Image:
    """Draw the middle lines of digits again, each with one pen of even width.

    An image whose middle line is empty stays unchanged.

    Args:
        images: Model inputs, uint8 (N, *spec.shape).
        spec: Spec of the model inputs.
        rng: Draws the pens.

    Returns:
        Model inputs, uint8 (N, *spec.shape).
    """
    out: Image = images.copy()
    for start in range(0, len(images), 512):
        part = images[start : start + 512, ..., 0]
        large = np.stack([_enlarged(image) for image in part])
        for index, line in enumerate(thin((large > 110).astype(np.uint8))):
            made = framed(restroke(line, rng), spec)
            if made is not None:
                out[start + index] = made
    return out


def _enlarged(image: Image) -> Image:
    """Scaled to a canvas smoothly, so that a threshold leaves no stairs."""
    return np.asarray(cv2.resize(image, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC), np.uint8)
