"""Whole small pictures without a digit in them, for `runtime.preprocess` to find its marks in."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from train.fonts import fonts_for, shape_of
from train.raw import Image

Field = npt.NDArray[np.float32]

SIDES = (28, 40, 64, 96)  # pixels of a texture


def texture(rng: np.random.Generator) -> Image:
    """Paper, cloth, frost, noise: sums of noise of several grains, sharpened or stepped. uint8 (side, side)."""
    side = int(rng.choice(SIDES))
    field: Field = np.zeros((side, side), np.float32)
    for octave in range(int(rng.integers(1, 5))):
        nodes = max(2, int(side / 2 ** rng.uniform(0, 4)))
        ratio = int(max(2, nodes * 2 ** rng.uniform(-1.5, 0.5)))  # grain that runs one way
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


def silhouette(side: int, rng: np.random.Generator) -> Image:
    """A thing, filled, light on black, with folds, stripes and holes, as pictures of goods are. uint8 (side, side)."""
    outlines = (_polygon, _upright, _upright, _lying)
    mask = outlines[int(rng.integers(len(outlines)))](side, rng)
    if rng.random() < 0.25:  # a handle's hole, a collar
        place = tuple(int(v) for v in rng.uniform(0.3, 0.7, 2) * side)
        size = tuple(int(v) for v in rng.uniform(0.04, 0.18, 2) * side)
        cv2.ellipse(mask, place, size, float(rng.uniform(0, 180)), 0, 360, (0,), -1, cv2.LINE_AA)
    nodes = tuple(int(value) for value in rng.integers(2, 15, 2))
    folds = cv2.resize(rng.standard_normal(nodes, np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    cloth = rng.uniform(70, 230) + rng.uniform(5, 60) * folds
    return np.asarray(np.clip(mask.astype(np.float32) / 255 * cloth, 0, 255), np.uint8)


def _polygon(side: int, rng: np.random.Generator) -> Image:
    """Corners about the middle, mirror-symmetric more often than not: a leaf, a bag, a star."""
    corners = int(rng.integers(5, 14))
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners)) if rng.random() < 0.5 else np.linspace(0, 2 * np.pi, corners)
    radii = rng.uniform(0.22, 0.5, corners) * side
    points = np.stack([np.cos(angles) * radii * rng.uniform(0.6, 1.3), np.sin(angles) * radii], axis=1)
    if rng.random() < 0.6:
        half = points[points[:, 0] >= 0]
        points = np.concatenate([half, half[::-1] * (-1, 1)]) if len(half) > 2 else points
    mask: Image = np.zeros((side, side), np.uint8)
    cv2.fillPoly(mask, [np.round((points + side / 2) * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)
    return mask


def _upright(side: int, rng: np.random.Generator) -> Image:
    """Mirror-symmetric, as wide at each height as chance says; parted below, or with arms at its sides."""
    x, y = _axes(side)
    across = np.abs(x)
    mask = across < _profile(y, rng, 0.06, 0.48)
    kind = rng.random()
    if kind < 0.35:  # legs
        mask &= across > np.where(y > rng.uniform(0.15, 0.6), _profile(y, rng, 0.0, 0.12), 0)
    elif kind < 0.7:  # sleeves, a gap between them and the body or none
        inner = rng.uniform(0.15, 0.3) + y * rng.uniform(0, 0.25)
        mask |= (across > inner) & (across < inner + rng.uniform(0.06, 0.18)) & (y < rng.uniform(0.3, 1.0))
    mask &= (y > rng.uniform(0, 0.12)) & (y < rng.uniform(0.88, 1.0))
    return np.asarray(mask * np.uint8(255), np.uint8)


def _lying(side: int, rng: np.random.Generator) -> Image:
    """On a flat base, as high at each place as chance says, with cuts through it: a shoe, a boot, a hat."""
    x, y = _axes(side)
    base = rng.uniform(0.65, 0.95)
    mask = (y < base) & (y > base - _profile(x + 0.5, rng, 0.08, 0.75))
    if rng.random() < 0.4:
        mask &= y > base - _profile(x + 0.5, rng, 0.05, 0.9) + rng.uniform(0.04, 0.15)
        mask |= (y < base) & (y > base - rng.uniform(0.03, 0.12))
    return np.asarray(mask * np.uint8(255), np.uint8)


def _axes(side: int) -> tuple[Field, Field]:
    """(1, side) from -0.5 to 0.5 and (side, 1) from 0 to 1: the middles of pixels."""
    steps: Field = ((np.arange(side) + 0.5) / side).astype(np.float32)
    return steps[None] - np.float32(0.5), steps[:, None]


def _profile(at: Field, rng: np.random.Generator, low: float, high: float) -> Field:
    """A broken line through heights by chance from low to high, at these places from 0 to 1."""
    knots = int(rng.integers(2, 8))
    places = np.sort(rng.random(knots)) if rng.random() < 0.5 else np.linspace(0, 1, knots)
    return np.asarray(np.interp(at, places, rng.uniform(low, high, knots)), np.float32)


def word_scene(letters: str, rng: np.random.Generator) -> Image:
    """Lines of print on paper, small: uint8 (height, width)."""
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
    """Dark ink where `shape` is bright; what hangs over the paper's edge is cut."""
    y0, x0 = max(0, top), max(0, left)
    y1, x1 = min(paper.shape[0], top + shape.shape[0]), min(paper.shape[1], left + shape.shape[1])
    if y1 <= y0 or x1 <= x0:
        return
    part = shape[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.float32) / 255
    paper[y0:y1, x0:x1] = (paper[y0:y1, x0:x1] * (1 - 0.85 * part)).astype(np.uint8)
