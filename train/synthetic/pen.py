"""Marks as a pen leaves them: strokes through points, the thin line of a shape, and the device's own framing.

Coordinates of strokes are of a box of 1 x 1, x to the right and y down. Canvases are uint8 (CANVAS, CANVAS),
0 the paper and 255 the ink, a mark filling most of them: what `runtime.ink.find` would have cut out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from runtime.ink.find import Ink
from runtime.ink.framing import frame_ink
from runtime.tflite.card import InputSpec
from train.data.pictures import Image

Points = npt.NDArray[np.float32]  # (n, 2)

CANVAS = 112  # pixels; a mark is drawn some 70 high, which the device cuts out at no more than 80
MARK = 70.0
CURVE_STEPS = 10  # points a spline gets between two of its own
PEN_PX = (2.0, 13.0)  # hairline to marker; the device brings what is under 6 to 6
SLANT = 0.25  # pixels right for each pixel up, standard deviation
TURN_DEG = 7.0
STRETCH = 0.25  # of the logarithm of width over height
NODES = 16  # along a side: where a bend is worked out, to be filled in between
WAVES = 3  # bends of the paper that a hand's deviation is made of
WAVE = 0.03  # of the box, each
SHAKE = 0.012  # of the box, every point by itself
SOFT_SHARE, CHALK_SHARE = 0.5, 0.12  # of marks
THIN_ROUNDS = 24  # more than half of the widest stroke, in pixels


@dataclass(frozen=True)
class Hand:
    """How one mark is written. matrix: (2, 2) from the box to the canvas. waves: (WAVES, 5), each two numbers
    of direction, a phase and two of displacement. width: pixels. shake: of the box."""

    matrix: Points
    waves: Points
    width: float
    shake: float


def random_hand(rng: np.random.Generator, wildness: float = 1.0) -> Hand:
    """A hand by chance. wildness: 0 (print) and up; 1 is what people do."""
    usual = np.clip(rng.standard_normal(3), -2, 2)  # farther off a mark leaves the canvas
    slant, turn, stretch = usual * (SLANT, math.radians(TURN_DEG), STRETCH) * wildness
    cos, sin = math.cos(turn), math.sin(turn)
    shear = np.array([[0.8 * math.exp(stretch), -slant], [0, 1]])
    waves = rng.standard_normal((WAVES, 5)) * (4.0, 4.0, 3.0, WAVE * wildness, WAVE * wildness)
    width = math.exp(rng.uniform(*np.log(PEN_PX)))
    matrix = np.array([[cos, -sin], [sin, cos]]) @ shear * MARK
    return Hand(matrix.astype(np.float32), waves.astype(np.float32), width, SHAKE * wildness)


@cache
def strokes(text: str) -> tuple[Points, ...]:
    """`read_strokes`, once for each text."""
    return read_strokes(text)


def read_strokes(text: str) -> tuple[Points, ...]:
    """Strokes from text: percent of the box as "x y x y ...", "/" between strokes; "-" starts a straight one,
    without it a Catmull-Rom spline (1974) goes through the points."""
    made = []
    for part in text.split("/"):
        words = part.split()
        straight = words[0] == "-"
        points = np.array([float(word) / 100 for word in words[straight:]], np.float32).reshape(-1, 2)
        made.append(_dense(points) if straight else _spline(points))
    return tuple(made)


def draw(lines: Sequence[Points], hand: Hand, rng: np.random.Generator) -> Image:
    """The strokes on a canvas, as that hand writes them."""
    canvas: Image = np.zeros((CANVAS, CANVAS), np.uint8)
    for line in lines:
        bent = line - 0.5 + rng.standard_normal(2) * hand.shake
        phase = bent @ hand.waves[:, :2].T + hand.waves[:, 2]
        bent = (bent + np.sin(phase) @ hand.waves[:, 3:]) @ hand.matrix.T + CANVAS / 2
        width = max(1, round(hand.width * rng.uniform(0.9, 1.1)))
        cv2.polylines(canvas, [np.round(bent * 16).astype(np.int32)], False, (255,), width, cv2.LINE_AA, 4)
    return degraded(canvas, rng)


def degraded(canvas: Image, rng: np.random.Generator) -> Image:
    """Edges soft as a lens makes them on some, gaps as chalk leaves them on a few."""
    soft, chalk = (float(draw) for draw in rng.random(2))
    if soft < SOFT_SHARE:
        canvas = _u8(cv2.GaussianBlur(canvas, (0, 0), 0.4 + 4.0 * soft))
    if chalk < CHALK_SHARE:
        noise = cv2.GaussianBlur(rng.standard_normal(canvas.shape, np.float32), (0, 0), 1.6)
        grain = noise / float(noise.std())
        canvas = _u8(canvas * np.clip(1.5 - 0.5 * np.maximum(grain + 0.3, 0) * rng.uniform(0.5, 1.6), 0, 1))
    return canvas


def bend(shape: Image, rng: np.random.Generator, wildness: float = 1.0) -> Image:
    """A filled shape, uint8 (CANVAS, CANVAS), slanted, stretched and bent as a hand's strokes are."""
    hand = random_hand(rng, wildness)
    inverse = np.linalg.inv(hand.matrix / np.float32(MARK)) * 0.95
    y, x = np.mgrid[:NODES, :NODES]
    grid = (np.stack([x, y], axis=-1) + 0.5) / NODES - 0.5
    phase = grid @ hand.waves[:, :2].T + hand.waves[:, 2]
    nodes = ((grid @ inverse.T + np.sin(phase) @ hand.waves[:, 3:]) + 0.5) * CANVAS
    source = cv2.resize(nodes.astype(np.float32), shape.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return _u8(cv2.remap(shape, source, None, cv2.INTER_LINEAR))  # type: ignore[call-overload]


def repen(line: Image, rng: np.random.Generator) -> Image:
    """A line one pixel wide, uint8 0 or 1, drawn with a pen of some width: 0 to 255, same shape."""
    width = max(2, round(math.exp(rng.uniform(*np.log(PEN_PX)))))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return degraded(_u8(cv2.dilate(line, kernel) * 255), rng)


def framed(canvas: Image, spec: InputSpec) -> Image | None:
    """The mark on a canvas as the device frames it, uint8 spec.shape; None where nothing is on it."""
    x, y, w, h = cv2.boundingRect((canvas > 12).astype(np.uint8))
    if w < 2 and h < 2:
        return None
    return frame_ink(Ink((0, 0, w, h), np.ascontiguousarray(canvas[y : y + h, x : x + w]), True), spec)


def thin(shapes: Image) -> Image:
    """Lines one pixel wide down the middle of shapes (Zhang and Suen 1984): uint8 (N, H, W), 0 or 1, to the same.

    The outermost pixels of every shape are taken for ground: all are thinned as one tall picture.
    """
    image: Image = shapes.copy()
    image[:, [0, -1]] = image[:, :, [0, -1]] = 0
    tall = image.reshape(-1, image.shape[2])
    weights = np.array([[1, 2, 4], [8, 0, 16], [32, 64, 128]], np.float32)
    for _ in range(THIN_ROUNDS):
        before = int(cv2.countNonZero(tall))
        for table in _removable():
            around = cv2.filter2D(tall, -1, weights, borderType=cv2.BORDER_CONSTANT)
            tall = _u8(cv2.bitwise_and(tall, cv2.LUT(around, table)))
        if cv2.countNonZero(tall) == before:
            break
    return _u8(tall.reshape(shapes.shape))


@cache
def _removable() -> tuple[Image, Image]:
    """For each of the two passes, (256,): 0 where a pixel with these neighbors may go, else 1."""
    # Clockwise from the one above, as the paper numbers them; the bit that each has in `thin`'s weights.
    bits = [1, 2, 4, 7, 6, 5, 3, 0]
    tables = np.ones((2, 256), np.uint8)
    for code in range(256):
        p = [code >> bit & 1 for bit in bits]
        crossings = sum(a == 0 and b == 1 for a, b in zip(p, p[1:] + p[:1], strict=True))
        if not 2 <= sum(p) <= 6 or crossings != 1:
            continue
        north, east, south, west = p[0], p[2], p[4], p[6]
        tables[0, code] = bool(north & east & south or east & south & west)
        tables[1, code] = bool(north & east & west or north & south & west)
    return tables[0], tables[1]


def _spline(points: Points) -> Points:
    p = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, CURVE_STEPS, endpoint=False, dtype=np.float32)[:, None]
    parts = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        parts.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*parts, p[-1:]]).astype(np.float32)


def _dense(points: Points) -> Points:
    """Straight lines with points between: they too must bend."""
    t = np.linspace(0, 1, CURVE_STEPS, endpoint=False, dtype=np.float32)[:, None]
    parts = [a + (b - a) * t for a, b in pairwise(points)]
    return np.concatenate([*parts, points[-1:]]).astype(np.float32)


def _u8(array: object) -> Image:
    return np.asarray(array, dtype=np.uint8)
