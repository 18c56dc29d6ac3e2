"""Small pictures without a digit, in which `runtime.preprocess` finds other marks."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from train.data.pictures import Image
from train.synthetic.fonts import fonts_for, shape_of

Field = npt.NDArray[np.float32]

SIDES = (28, 40, 64, 96)  # pixels of a texture


def texture(rng: np.random.Generator) -> Image:
    """Paper, cloth, frost, noise: a sum of noise of several grain sizes, as it is, as ridges, or thresholded.

    Args:
        rng: Draws it.

    Returns:
        uint8 (side, side), the side one of SIDES.
    """
    side = int(rng.choice(SIDES))
    field: Field = np.zeros((side, side), np.float32)
    for octave in range(int(rng.integers(1, 5))):
        nodes = max(2, int(side / 2 ** rng.uniform(0, 4)))
        ratio = int(max(2, nodes * 2 ** rng.uniform(-1.5, 0.5)))  # grain that runs in one direction
        noise = rng.standard_normal((nodes, ratio), np.float32) * 0.7**octave
        field += cv2.resize(noise, (side, side), interpolation=cv2.INTER_CUBIC)
    kind = rng.random()
    if kind < 0.25:
        field = np.abs(field)  # ridges, as frost and creases have
    elif kind < 0.4:
        field = np.where(field > np.quantile(field, rng.uniform(0.6, 0.97)), np.float32(1), np.float32(0))
    field = (field - field.mean()) / max(1e-6, float(field.std()))
    level, strength = rng.uniform(40, 215), rng.uniform(6, 70)
    return np.asarray(np.clip(level + strength * field, 0, 255), np.uint8)


def word_scene(letters: str, rng: np.random.Generator) -> Image:
    """Lines of small print on paper.

    Args:
        letters: To choose from.
        rng: Draws them.

    Returns:
        uint8 (height, width), 28 to 89 by 40 to 119 pixels.
    """
    height, width = int(rng.integers(28, 90)), int(rng.integers(40, 120))
    paper: Image = np.full((height, width), int(rng.integers(150, 250)), np.uint8)
    size = int(rng.integers(8, 26))
    fonts = fonts_for("A")
    font = fonts[int(rng.integers(len(fonts)))]
    for top in range(int(rng.integers(-8, 6)), height, size + 4):
        left = int(rng.integers(-10, 10))
        while left < width:
            shape = shape_of(letters[int(rng.integers(len(letters)))], font)
            left += int(size * 0.8)
            if rng.random() > 0.15:
                _stamp(paper, cv2.resize(shape, (size, size), interpolation=cv2.INTER_AREA), top, left)
    noise = rng.standard_normal(paper.shape) * rng.uniform(0, 5)
    return np.asarray(np.clip(paper + noise, 0, 255), np.uint8)


def _stamp(paper: Image, shape: cv2.typing.MatLike, top: int, left: int) -> None:
    """Print a shape: dark where it is bright, cut at the paper's edge."""
    y0, x0 = max(0, top), max(0, left)
    y1, x1 = min(paper.shape[0], top + shape.shape[0]), min(paper.shape[1], left + shape.shape[1])
    if y1 <= y0 or x1 <= x0:
        return
    part = shape[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.float32) / 255
    paper[y0:y1, x0:x1] = (paper[y0:y1, x0:x1] * (1 - 0.85 * part)).astype(np.uint8)
