"""Marks as a pen leaves them: strokes through points, and the device's own framing.

Strokes have coordinates in a box of 1 x 1, x to the right and y down. A canvas is uint8 (CANVAS, CANVAS), 0 the paper
and 255 the ink. The mark fills most of it, as a mark that `runtime.ink.find` has cut out does.
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
from workbench.curves import catmull_rom

Points = npt.NDArray[np.float32]  # (n, 2)

CANVAS = 112  # pixels
MARK = 70.0  # pixels, height of a mark; the device cuts marks out at no more than 80
CURVE_STEPS = 10  # points of a curve between two points of a stroke
PEN_PX = (2.0, 13.0)  # hairline to marker; the device widens strokes below 6 to 6
SLANT = 0.25  # pixels right for each pixel up, standard deviation
TURN_DEG = 7.0
STRETCH = 0.25  # of the logarithm of width over height
NODES = 16  # along a side: a bend is computed there and interpolated in between
WAVES = 3  # whose sum is a hand's deviation
WAVE = 0.03  # amplitude of each, in boxes
SHAKE = 0.012  # offset of each stroke, in boxes, standard deviation
SOFT_SHARE, CHALK_SHARE = 0.5, 0.12  # of marks


@dataclass(frozen=True)
class Hand:
    """How one mark is written.

    Attributes:
        matrix: float32 (2, 2), from the box to the canvas.
        waves: float32 (WAVES, 5): direction (2), phase, displacement (2).
        width: Width of the pen, pixels.
        shake: Offset of each stroke, in boxes, standard deviation.
    """

    matrix: Points
    waves: Points
    width: float
    shake: float


def random_hand(rng: np.random.Generator, wildness: float = 1.0) -> Hand:
    """Draw a hand.

    Args:
        rng: Draws it.
        wildness: Deviation from print, 0 and up; 1 is people's.

    Returns:
        The hand.
    """
    deviations = np.clip(rng.standard_normal(3), -2, 2)  # beyond, a mark leaves the canvas
    slant, turn, stretch = deviations * (SLANT, math.radians(TURN_DEG), STRETCH) * wildness
    cos, sin = math.cos(turn), math.sin(turn)
    shear = np.array([[0.8 * math.exp(stretch), -slant], [0, 1]])
    waves = rng.standard_normal((WAVES, 5)) * (4.0, 4.0, 3.0, WAVE * wildness, WAVE * wildness)
    width = math.exp(rng.uniform(*np.log(PEN_PX)))
    matrix = np.array([[cos, -sin], [sin, cos]]) @ shear * MARK
    return Hand(matrix.astype(np.float32), waves.astype(np.float32), width, SHAKE * wildness)


@cache
def strokes(text: str) -> tuple[Points, ...]:
    """`read_strokes`, cached.

    Args:
        text: See `read_strokes`.

    Returns:
        The strokes; the same arrays for the same text.
    """
    return read_strokes(text)


def read_strokes(text: str) -> tuple[Points, ...]:
    """Parse strokes.

    Args:
        text: Points as "x y x y ...", in percent of the box, with "/" between strokes. A stroke that starts with "-"
            has straight lines between its points; any other is a Catmull-Rom spline through them.

    Returns:
        float32 (n, 2) a stroke, dense enough to bend.

    Example:
        >>> [stroke.shape for stroke in read_strokes("- 0 0 100 0 / 0 0 50 50 100 0")]
        [(11, 2), (21, 2)]
    """
    made = []
    for part in text.split("/"):
        words = part.split()
        straight = words[0] == "-"
        points = np.array([float(word) / 100 for word in words[straight:]], np.float32).reshape(-1, 2)
        made.append(_dense(points) if straight else catmull_rom(points, CURVE_STEPS))
    return tuple(made)


def draw(lines: Sequence[Points], hand: Hand, rng: np.random.Generator) -> Image:
    """Draw strokes as a hand writes them.

    Args:
        lines: float32 (n, 2) each, in the box.
        hand: Writes them.
        rng: Draws the rest.

    Returns:
        A canvas.
    """
    canvas: Image = np.zeros((CANVAS, CANVAS), np.uint8)
    for line in lines:
        bent = line - 0.5 + rng.standard_normal(2) * hand.shake
        phase = bent @ hand.waves[:, :2].T + hand.waves[:, 2]
        bent = (bent + np.sin(phase) @ hand.waves[:, 3:]) @ hand.matrix.T + CANVAS / 2
        width = max(1, round(hand.width * rng.uniform(0.9, 1.1)))
        cv2.polylines(canvas, [np.round(bent * 16).astype(np.int32)], False, (255,), width, cv2.LINE_AA, 4)
    return degraded(canvas, rng)


def degraded(canvas: Image, rng: np.random.Generator) -> Image:
    """Soften the edges of some marks, as a lens does, and break a few up, as chalk does.

    Args:
        canvas: The mark.
        rng: Draws which.

    Returns:
        A canvas.
    """
    soft, chalk = (float(draw) for draw in rng.random(2))
    if soft < SOFT_SHARE:
        canvas = _u8(cv2.GaussianBlur(canvas, (0, 0), 0.4 + 4.0 * soft))
    if chalk < CHALK_SHARE:
        noise = cv2.GaussianBlur(rng.standard_normal(canvas.shape, np.float32), (0, 0), 1.6)
        grain = noise / float(noise.std())
        canvas = _u8(canvas * np.clip(1.5 - 0.5 * np.maximum(grain + 0.3, 0) * rng.uniform(0.5, 1.6), 0, 1))
    return canvas


def bend(shape: Image, rng: np.random.Generator, wildness: float = 1.0) -> Image:
    """Slant, stretch and bend a filled shape as a hand's strokes are.

    Args:
        shape: uint8 (CANVAS, CANVAS).
        rng: Draws the hand.
        wildness: See `random_hand`.

    Returns:
        A canvas.
    """
    hand = random_hand(rng, wildness)
    inverse = np.linalg.inv(hand.matrix / np.float32(MARK)) * 0.95
    y, x = np.mgrid[:NODES, :NODES]
    grid = (np.stack([x, y], axis=-1) + 0.5) / NODES - 0.5
    phase = grid @ hand.waves[:, :2].T + hand.waves[:, 2]
    nodes = ((grid @ inverse.T + np.sin(phase) @ hand.waves[:, 3:]) + 0.5) * CANVAS
    source = cv2.resize(nodes.astype(np.float32), shape.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return _u8(cv2.remap(shape, source, None, cv2.INTER_LINEAR))  # type: ignore[call-overload]


def restroke(line: Image, rng: np.random.Generator) -> Image:
    """Draw a line one pixel wide with a pen of random width.

    Args:
        line: uint8 (H, W), 0 or 1.
        rng: Draws the width.

    Returns:
        uint8 (H, W), 0 to 255.
    """
    width = max(2, round(math.exp(rng.uniform(*np.log(PEN_PX)))))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return degraded(_u8(cv2.dilate(line, kernel) * 255), rng)


def framed(canvas: Image, spec: InputSpec) -> Image | None:
    """Frame the mark on a canvas as the device does.

    Args:
        canvas: The mark.
        spec: Spec of the model input.

    Returns:
        uint8 spec.shape; None where the canvas is empty.
    """
    x, y, w, h = cv2.boundingRect((canvas > 12).astype(np.uint8))
    if w < 2 and h < 2:
        return None
    return frame_ink(Ink((0, 0, w, h), np.ascontiguousarray(canvas[y : y + h, x : x + w]), True), spec)


def _dense(points: Points) -> Points:
    """Straight lines with points in between, so that they can bend."""
    t = np.linspace(0, 1, CURVE_STEPS, endpoint=False, dtype=np.float32)[:, None]
    parts = [a + (b - a) * t for a, b in pairwise(points)]
    return np.concatenate([*parts, points[-1:]]).astype(np.float32)


def _u8(array: object) -> Image:
    return np.asarray(array, dtype=np.uint8)
