"""Silhouettes of things, filled and patterned, light on black, as in pictures of goods.

A pen leaves strokes of one width and one ink. These have what strokes lack: outlines that widen and narrow, parted
legs, sleeves, handles and heels; cloth with stripes, checks, spots, folds and light from one side; bright seams,
collars and soles. All parameters are random.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from train.data.pictures import Image

Field = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Outline = Callable[[int, np.random.Generator], Image]

HOLE_SHARE, PRINT_SHARE, SEAM_SHARE, SIDE_LIGHT_SHARE = 0.2, 0.4, 0.35, 0.3
DARK_SHARE = 0.35  # of things: cloth much darker than the seams


def silhouette(side: int, rng: np.random.Generator) -> Image:
    """Draw a thing, filled, light on black.

    Args:
        side: Pixels.
        rng: Draws it.

    Returns:
        uint8 (side, side).
    """
    mask = OUTLINES[int(rng.integers(len(OUTLINES)))](side, rng)
    if rng.random() < HOLE_SHARE:  # a collar, a window
        place = tuple(int(v) for v in rng.uniform(0.3, 0.7, 2) * side)
        size = tuple(int(v) for v in rng.uniform(0.04, 0.18, 2) * side)
        cv2.ellipse(mask, place, size, float(rng.uniform(0, 180)), 0, 360, (0,), -1, cv2.LINE_AA)
    cloth = _cloth(side, rng)
    if rng.random() < SEAM_SHARE:
        cloth = np.maximum(cloth, _seams(mask, rng))
    return np.asarray(np.clip(mask.astype(np.float32) / 255 * cloth, 0, 255), np.uint8)


def _cloth(side: int, rng: np.random.Generator) -> Field:
    """Brightness of cloth, (side, side), 0 to 255 and beyond: folds, sometimes a print, sometimes light from a side."""
    nodes = tuple(int(value) for value in rng.integers(2, 15, 2))
    folds = cv2.resize(rng.standard_normal(nodes, np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
    level = rng.uniform(25, 90) if rng.random() < DARK_SHARE else rng.uniform(70, 250)
    cloth = level + min(0.3 * level, rng.uniform(2, 60)) * folds
    if rng.random() < PRINT_SHARE:
        cloth = cloth * np.where(_print(side, rng), 1.0, rng.uniform(0.0, 0.8)) + rng.uniform(0, 40)
    if rng.random() < SIDE_LIGHT_SHARE:
        x, y = _axes(side)
        turn = rng.uniform(0, 2 * np.pi)
        cloth = cloth * np.clip(1 + rng.uniform(0.5, 2.5) * (np.cos(turn) * x + np.sin(turn) * (y - 0.5)), 0.1, 2)
    return np.asarray(cloth, np.float32)


def _print(side: int, rng: np.random.Generator) -> Mask:
    """(side, side): stripes, checks or spots, some as fine as a pixel of the model's input."""
    x, y = _axes(side)
    kind, period = rng.random(), rng.uniform(0.06, 0.3)
    duty = rng.uniform(0.3, 0.7)
    if kind < 0.65:
        angle = rng.choice([0.0, 0.0, np.pi / 2, np.pi / 2, rng.uniform(0, np.pi)])
        along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        stripes = np.asarray(along / period % 1 < duty)
        return stripes if kind < 0.35 else np.asarray(stripes ^ (across / period % 1 < duty))
    nodes = max(4, round(side / rng.uniform(1, 4)))
    noise = cv2.resize(rng.standard_normal((nodes, nodes), np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(noise > rng.uniform(-0.6, 0.8))


def _seams(mask: Image, rng: np.random.Generator) -> Field:
    """(side, side): bright edges, collars, sleeves, soles, a row of buttons; 0 elsewhere."""
    side = len(mask)
    x, y = _axes(side)
    bright = rng.uniform(150, 255)
    seams: Mask = np.zeros(mask.shape, np.bool_)
    kind = rng.random()
    if kind < 0.4:  # all around, or on one flank
        width = max(1, round(rng.uniform(0.02, 0.1) * side))
        rim = (mask > 127) & (cv2.erode(mask, np.ones((2 * width + 1, 2 * width + 1), np.uint8)) < 128)
        seams = rim & (x * rng.choice([-1, 1]) > rng.choice([-1.0, 0.0, 0.1]))
    elif kind < 0.7:  # outer parts: sleeves, or the head and the foot of it
        outer = np.abs(x) > rng.uniform(0.18, 0.4) if rng.random() < 0.5 else y < rng.uniform(0.1, 0.3)
        seams = np.broadcast_to(outer, mask.shape)
    else:
        row = np.abs(x - rng.uniform(-0.15, 0.15)) < rng.uniform(0.02, 0.06)
        seams = row & (y / rng.uniform(0.08, 0.25) % 1 < rng.uniform(0.3, 1.0))
    return np.asarray(np.where(seams, bright, 0), np.float32)


def _polygon(side: int, rng: np.random.Generator) -> Image:
    """Corners around the middle, mostly mirror-symmetric: a leaf, a star."""
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
    """Mirror-symmetric, of random width at each height; parted below, or with arms at its sides."""
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


def _slim(side: int, rng: np.random.Generator) -> Image:
    """A bottle, a gown, a pair of trousers: slim, with a width that changes smoothly, as no stroke's does."""
    x, y = _axes(side)
    knots = int(rng.integers(3, 6))
    widths = rng.uniform(0.09, 0.2, knots)
    widths[int(rng.integers(knots))] *= rng.uniform(1.3, 2.2)
    half = np.interp(y, np.linspace(0, 1, knots), widths).astype(np.float32)
    mask = np.abs(x) < cv2.GaussianBlur(half, (1, 2 * (side // 10) + 1), 0)
    kind = rng.random()
    if kind < 0.3:  # legs
        mask &= (np.abs(x) > rng.uniform(0.01, 0.05) + 0.04 * y) | (y < rng.uniform(0.12, 0.5))
    elif kind < 0.6:  # short sleeves, shoulder straps
        low, wide = rng.uniform(0.12, 0.35), rng.uniform(0.2, 0.34)
        mask |= (np.abs(x) < wide) & (y < low) & (np.abs(x) > rng.uniform(0, 0.15))
    elif kind < 0.75:  # long ones, some apart from the body
        inner = rng.uniform(0.12, 0.2) + y * rng.uniform(0.05, 0.25)
        mask |= (np.abs(x) > inner) & (np.abs(x) < inner + rng.uniform(0.05, 0.1)) & (y < rng.uniform(0.4, 0.8))
    mask &= (y > rng.uniform(0, 0.08)) & (y < rng.uniform(0.9, 1.0))
    return np.asarray(mask * np.uint8(255), np.uint8)


def _lying(side: int, rng: np.random.Generator) -> Image:
    """On a flat base, of random height along it, sometimes with a cut through it: a shoe, a boot, a hat."""
    x, y = _axes(side)
    base = rng.uniform(0.65, 0.95)
    mask = (y < base) & (y > base - _profile(x + 0.5, rng, 0.08, 0.75))
    if rng.random() < 0.4:
        mask &= y > base - _profile(x + 0.5, rng, 0.05, 0.9) + rng.uniform(0.04, 0.15)
        mask |= (y < base) & (y > base - rng.uniform(0.03, 0.12))
    return np.asarray(mask * np.uint8(255), np.uint8)


def _strapped(side: int, rng: np.random.Generator) -> Image:
    """A sandal: a sole that rises to a heel, and straps over it; facing either way."""
    rise = rng.uniform(0, 0.5)
    toe, heel = (0.06, 0.93), (rng.uniform(0.8, 0.92), 0.93 - rise)
    sole = [toe, (rng.uniform(0.3, 0.45), 0.93), (rng.uniform(0.5, 0.65), 0.93 - rise * rng.uniform(0.4, 0.8)), heel]
    lines = [sole, [heel, (heel[0] + rng.uniform(-0.04, 0.06), 0.95)]]
    for _ in range(int(rng.integers(1, 6))):
        start, end = sorted(rng.uniform(0.1, 0.9, 2))
        over = ((start + end) / 2 + rng.uniform(-0.1, 0.1), 0.9 - rng.uniform(0.1, 0.85))
        lines.append([(start, 0.9 - rise * start), over, (end, 0.9 - rise * end)])
    if rng.random() < 0.6:  # around the ankle
        high = rng.uniform(0.05, 0.5)
        lines.append([heel, (heel[0], high), (heel[0] - rng.uniform(0.2, 0.4), high + rng.uniform(-0.05, 0.1))])
    mask: Image = np.zeros((side, side), np.uint8)
    for line in lines:
        points = np.round(np.array(line) * side * 16).astype(np.int32)
        width = max(1, round(side * rng.uniform(0.03, 0.14)))
        cv2.polylines(mask, [points], False, (255,), width, cv2.LINE_AA, 4)
    return mask if rng.random() < 0.5 else np.ascontiguousarray(mask[:, ::-1])


def _handled(side: int, rng: np.random.Generator) -> Image:
    """A bag, a cup, a basket: four corners with a bow over or beside them."""
    top, bottom = rng.uniform(0.3, 0.6), rng.uniform(0.8, 0.98)
    upper, lower = rng.uniform(0.2, 0.48, 2)
    corners = np.array([(0.5 - upper, top), (0.5 + upper, top), (0.5 + lower, bottom), (0.5 - lower, bottom)])
    mask: Image = np.zeros((side, side), np.uint8)
    cv2.fillPoly(mask, [np.round(corners * side * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)
    middle = (round(side * (0.5 + rng.uniform(-0.1, 0.1))), round(side * top))
    axes = (round(side * upper * rng.uniform(0.4, 0.95)), round(side * rng.uniform(0.12, top)))
    width = max(1, round(side * rng.uniform(0.02, 0.09)))
    cv2.ellipse(mask, middle, axes, 0, 180, 360, (255,), width, cv2.LINE_AA)
    return mask


def _axes(side: int) -> tuple[Field, Field]:
    """Pixel centers: x, (1, side), from -0.5 to 0.5, and y, (side, 1), from 0 to 1."""
    steps: Field = ((np.arange(side) + 0.5) / side).astype(np.float32)
    return steps[None] - np.float32(0.5), steps[:, None]


def _profile(at: Field, rng: np.random.Generator, low: float, high: float) -> Field:
    """A polyline through random heights from low to high, evaluated at positions from 0 to 1."""
    knots = int(rng.integers(2, 8))
    places = np.sort(rng.random(knots)) if rng.random() < 0.5 else np.linspace(0, 1, knots)
    return np.asarray(np.interp(at, places, rng.uniform(low, high, knots)), np.float32)


OUTLINES: tuple[Outline, ...] = (_polygon, _upright, _upright, _slim, _slim, _lying, _strapped, _handled)
