"""The fifteen corruptions of MNIST-C (Mu and Gilmer: MNIST-C, arXiv 1906.02337), at its published severities.

Written from its definitions in words, not from its code: the pictures differ from the published set's, but they are
damaged in the same way. Each takes uint8 (28, 28), a light digit on black, and gives the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

Gray = npt.NDArray[np.uint8]
Corruption = Callable[[Gray, np.random.Generator], Gray]

SHOT_PHOTONS = 3.0  # for a white pixel
IMPULSE_SHARE = 0.17
GLASS_SIGMA, GLASS_PASSES = 0.7, 2
MOTION_RADIUS, MOTION_SIGMA = 10, 3.0
SHEAR, ROTATION, SCALE, SHIFT_PX = 0.4, 0.4, 0.7, 3  # pixels a pixel, radians, share, pixels
BRIGHTER = 0.5
FOG, FOG_DECAY = 3.0, 1.4  # times white; how much an octave of the fog is fainter than the one before
SPATTER_MEAN, SPATTER_SPREAD, SPATTER_LEVEL, SPATTER_GRAY = 0.65, 0.3, 0.65, 45
STRIPE_PX = 7


def shot_noise(image: Gray, rng: np.random.Generator) -> Gray:
    """Photon noise of a dim picture."""
    return _u8(rng.poisson(image / 255 * SHOT_PHOTONS) / SHOT_PHOTONS * 255)


def impulse_noise(image: Gray, rng: np.random.Generator) -> Gray:
    """Salt and pepper noise, in equal parts."""
    out: Gray = image.copy()
    hit = rng.random(image.shape) < IMPULSE_SHARE
    out[hit] = np.where(rng.random(image.shape)[hit] < 0.5, 255, 0)
    return out


def glass_blur(image: Gray, rng: np.random.Generator) -> Gray:
    """Neighboring pixels exchanged, as behind frosted glass."""
    out = _u8(cv2.GaussianBlur(image, (0, 0), GLASS_SIGMA))
    for _ in range(GLASS_PASSES):
        for y in range(image.shape[0] - 2, 0, -1):
            for x, (dy, dx) in zip(range(image.shape[1] - 2, 0, -1), _steps(image.shape[1] - 2, rng), strict=True):
                out[y, x], out[y + dy, x + dx] = out[y + dy, x + dx], out[y, x]
    return _u8(cv2.GaussianBlur(out, (0, 0), GLASS_SIGMA))


def motion_blur(image: Gray, rng: np.random.Generator) -> Gray:
    """The blur of a moving camera."""
    angle = rng.uniform(-math.pi / 4, math.pi / 4)
    side = 2 * MOTION_RADIUS + 1
    steps = np.arange(side)
    weights = np.exp(-(steps**2) / (2 * MOTION_SIGMA**2))
    total = np.zeros(image.shape, np.float64)
    for step, weight in zip(steps, weights / weights.sum(), strict=True):
        total += weight * _moved(image, step * math.cos(angle), step * math.sin(angle))
    return _u8(total)


def shear(image: Gray, rng: np.random.Generator) -> Gray:
    """Slanted to either side."""
    return _about_middle(image, np.array([[1, _sign(rng) * SHEAR], [0, 1]]))


def scale(image: Gray, rng: np.random.Generator) -> Gray:
    """Made smaller."""
    return _about_middle(image, np.eye(2) * SCALE)


def rotate(image: Gray, rng: np.random.Generator) -> Gray:
    """Turned to either side."""
    cos, sin = math.cos(ROTATION), _sign(rng) * math.sin(ROTATION)
    return _about_middle(image, np.array([[cos, -sin], [sin, cos]]))


def brightness(image: Gray, rng: np.random.Generator) -> Gray:
    """Brighter by half of the range."""
    return _u8(image + BRIGHTER * 255)


def translate(image: Gray, rng: np.random.Generator) -> Gray:
    """Moved sideways and up or down."""
    return _u8(_moved(image, _sign(rng) * SHIFT_PX, _sign(rng) * SHIFT_PX))


def stripe(image: Gray, rng: np.random.Generator) -> Gray:
    """A stripe of inverted pixels at both sides."""
    out: Gray = image.copy()
    out[:, :STRIPE_PX] = 255 - out[:, :STRIPE_PX]
    out[:, -STRIPE_PX:] = 255 - out[:, -STRIPE_PX:]
    return out


def fog(image: Gray, rng: np.random.Generator) -> Gray:
    """Fractal haze, up to three times as bright as the ink, with the whole dimmed back to the range."""
    haze = np.zeros(image.shape, np.float32)
    for octave in range(5):
        nodes = rng.random((2**octave + 1, 2**octave + 1), np.float32) / FOG_DECAY**octave
        haze += cv2.resize(nodes, image.shape[::-1], interpolation=cv2.INTER_LINEAR)
    haze = (haze - haze.min()) / (haze.max() - haze.min())
    white = image.max() / 255
    return _u8(255 * (image / 255 + FOG * haze) * white / (white + FOG))


def spatter(image: Gray, rng: np.random.Generator) -> Gray:
    """Drops of mud: dark on the strokes, faint on the background."""
    liquid = _blurred(rng.normal(SPATTER_MEAN, SPATTER_SPREAD, image.shape), 1.0)
    mud = _blurred((liquid > SPATTER_LEVEL).astype(np.float64), 1.5)
    mud[mud < 0.8] = 0
    return _u8(image * (1 - mud) + SPATTER_GRAY * mud)


def dotted_line(image: Gray, rng: np.random.Generator) -> Gray:
    """A dotted line across the picture."""
    out: Gray = image.copy()
    start, end = _across(image, rng)
    count = max(2, round(float(np.hypot(*(end - start))) / 3))
    for x, y in np.round(np.linspace(start, end, count)).astype(int).tolist():
        cv2.circle(out, (x, y), 0, (255,), -1)
    return out


def zigzag(image: Gray, rng: np.random.Generator) -> Gray:
    """A zigzag line across the picture."""
    start, end = _across(image, rng)
    along = np.linspace(start, end, 9)
    normal = np.array([start[1] - end[1], end[0] - start[0]]) / max(1.0, float(np.hypot(*(end - start))))
    along[1:-1] += normal * (2.0 * (-1.0) ** np.arange(7))[:, None]
    out: Gray = image.copy()
    cv2.polylines(out, [np.round(along * 16).astype(np.int32)], False, (255,), 1, cv2.LINE_AA, 4)
    return out


def canny_edges(image: Gray, rng: np.random.Generator) -> Gray:
    """Only the edges of the strokes."""
    return _u8(cv2.Canny(image, 80, 200))


CORRUPTIONS: tuple[Corruption, ...] = (
    *(shot_noise, impulse_noise, glass_blur, motion_blur, shear, scale, rotate, brightness),
    *(translate, stripe, fog, spatter, dotted_line, zigzag, canny_edges),
)


def _across(image: Gray, rng: np.random.Generator) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(x, y) of two points at opposite sides of the picture."""
    side = image.shape[0] - 1
    ends = np.array([[rng.uniform(0, 4), rng.uniform(0, side)], [rng.uniform(side - 4, side), rng.uniform(0, side)]])
    if rng.random() < 0.5:
        ends = ends[:, ::-1]
    return ends[0], ends[1]


def _steps(count: int, rng: np.random.Generator) -> list[tuple[int, int]]:
    """`count` steps, (down, right), each -1 or 0 pixels as in the published set."""
    return [(int(dy), int(dx)) for dy, dx in rng.integers(-1, 1, (count, 2))]


def _about_middle(image: Gray, matrix: npt.NDArray[np.float64]) -> Gray:
    middle = np.full(2, (image.shape[0] - 1) / 2)
    whole = np.concatenate([matrix, (middle - matrix @ middle)[:, None]], axis=1)
    return _u8(cv2.warpAffine(image, whole, image.shape[::-1]))


def _moved(image: Gray, right: float, down: float) -> npt.NDArray[np.float64]:
    matrix = np.array([[1, 0, right], [0, 1, down]], np.float64)
    return np.asarray(cv2.warpAffine(image.astype(np.float64), matrix, image.shape[::-1]))


def _blurred(values: npt.NDArray[np.float64], sigma: float) -> npt.NDArray[np.float64]:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float64)


def _sign(rng: np.random.Generator) -> int:
    return 1 if rng.random() < 0.5 else -1


def _u8(values: object) -> Gray:
    clipped: Gray = np.clip(np.asarray(values), 0, 255).astype(np.uint8)
    return clipped
