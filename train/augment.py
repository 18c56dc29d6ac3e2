"""Augmentation of model inputs: what real pictures do to them. Pure.

Marks get slant, stroke width, blur, contrast and residue of preprocessing; pictures a mild affine change and gain.
Every step is one OpenCV or numpy call on a whole image: training must not wait for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from runtime.preprocess import Content, load_framing
from train.data.pictures import Image

Field = npt.NDArray[np.float32]
Augmentation = Callable[[Image, list[float], np.random.Generator], Image]  # (image, draws of 0 to 1, chance)

MILD_SHARE = 0.5  # of images: a slight affine change only, so that the model stays best on clean images

# Ranges of a strong and of a mild change. Pixels are those of a 28x28 input; other sizes scale them.
ROTATION_DEG, MILD_ROTATION_DEG = 15.0, 8.0
SCALE, MILD_SCALE = (0.8, 1.1), (0.92, 1.06)
ANISOTROPY, MILD_ANISOTROPY = 0.12, 0.04
SHEAR, MILD_SHEAR = 0.2, 0.08
SHIFT_PX, MILD_SHIFT_PX = 2.0, 1.2
ELASTIC_PX = 0.75  # standard deviation of the displacement of one node
ELASTIC_NODES = 5  # along one side: few, so that strokes bend smoothly

ELASTIC_SHARE = 0.5
STROKE_SHARE = 0.5
MARKER_SHARE = 0.15  # of the thickened images: up to 2 px, as a marker; the others up to 1 px
BLUR_SHARE = 0.25
NOISE_SHARE = 0.2
RESIDUE_SHARE = 0.12
MIN_INK = 0.45  # share of the ink that thinning leaves at least
NOISE_LEVEL = 8.0  # gray levels, at most
GAMMAS = np.exp(np.linspace(math.log(0.55), math.log(1.9), 32))
PEAK = (150.0, 255.0)  # gray level of the brightest pixel after a strong change

PICTURE_ROTATION_DEG = 10.0
PICTURE_SCALE = (0.9, 1.1)
PICTURE_SHIFT = 0.06  # of a side
PICTURE_GAIN = (0.85, 1.15)

CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
DISC = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))


def augment(image: Image, rng: np.random.Generator, framing: str = "ink") -> Image:
    """Change one model input as its framing suggests.

    The result depends on the image and the state of `rng` alone.

    Args:
        image: uint8 (H, W, C), 0 to 255.
        rng: Draws the change.
        framing: Framing of the input: one whose content is a "mark" gets strong changes, a "picture" a mild affine
            change and gain.

    Returns:
        A changed copy, uint8 (H, W, C).
    """
    draws = [float(draw) for draw in rng.random(12)]  # one call: a dozen small ones cost more than the warp
    return AUGMENTATIONS[load_framing(framing).content](image, draws, rng)


def augment_batch(images: Image, rng: np.random.Generator, framing: str = "ink") -> Image:
    """`augment` each of a batch, in order, from one generator.

    Args:
        images: uint8 (N, H, W, C).
        rng: Draws the changes.
        framing: Framing of the inputs.

    Returns:
        Changed copies, uint8 (N, H, W, C).
    """
    return np.stack([augment(image, rng, framing) for image in images]) if len(images) else images


def _mark(image: Image, draws: list[float], rng: np.random.Generator) -> Image:
    return _mild(image, draws) if draws[0] < MILD_SHARE else _strong(image, draws, rng)


def _mild(image: Image, draws: list[float]) -> Image:
    matrix = _affine(
        image.shape,
        rotation=_around(draws[1], MILD_ROTATION_DEG),
        scale=_between(draws[2], MILD_SCALE),
        stretch=_around(draws[3], MILD_ANISOTROPY),
        shear=_around(draws[4], MILD_SHEAR),
        shift=(_around(draws[5], MILD_SHIFT_PX), _around(draws[6], MILD_SHIFT_PX)),
    )
    return _warp_affine(image, matrix)


def _strong(image: Image, draws: list[float], rng: np.random.Generator) -> Image:
    matrix = _affine(
        image.shape,
        rotation=_around(draws[1], ROTATION_DEG),
        scale=_between(draws[2], SCALE),
        stretch=_around(draws[3], ANISOTROPY),
        shear=_around(draws[4], SHEAR),
        shift=(_around(draws[5], SHIFT_PX), _around(draws[6], SHIFT_PX)),
    )
    elastic, stroke, blur, noise, residue = (float(draw) for draw in rng.random(5))
    out = _warp_elastic(image, matrix, rng) if elastic < ELASTIC_SHARE else _warp_affine(image, matrix)
    if stroke < STROKE_SHARE:
        out = _stroke(out, draws[7], draws[8])
    if blur < BLUR_SHARE:
        out = _channelled(cv2.GaussianBlur(out, (3, 3), 0.4 + 0.8 * blur / BLUR_SHARE))
    out = _contrast(out, draws[9], draws[10])
    if residue < RESIDUE_SHARE:
        out = _residue(out, draws[11], rng)
    return _noise(out, noise / NOISE_SHARE, rng) if noise < NOISE_SHARE else out


def _picture(image: Image, draws: list[float], rng: np.random.Generator) -> Image:
    height, width = image.shape[:2]
    matrix = _affine(
        image.shape,
        rotation=_around(draws[1], PICTURE_ROTATION_DEG),
        scale=_between(draws[2], PICTURE_SCALE),
        shift=(_around(draws[5], PICTURE_SHIFT) * 28, _around(draws[6], PICTURE_SHIFT) * 28),
    )
    warped = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    return _channelled(cv2.convertScaleAbs(warped, alpha=_between(draws[7], PICTURE_GAIN)))


def _affine(
    shape: tuple[int, ...],
    *,
    rotation: float,
    scale: float,
    stretch: float = 0.0,
    shear: float = 0.0,
    shift: tuple[float, float],
) -> Field:
    """An affine matrix about the image's middle, float32 (2, 3).

    rotation: degrees. stretch: logarithm of the growth of width over height. shear: pixels to the right for each pixel
    up. shift: (right, down), pixels of a 28x28 input.
    """
    height, width = shape[:2]
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    along, up = scale * math.exp(stretch / 2), scale * math.exp(-stretch / 2)
    a, b = along * cos, up * (sin - shear * cos)
    c, d = -along * sin, up * (cos + shear * sin)
    x, y = (width - 1) / 2, (height - 1) / 2
    right, down = shift[0] * width / 28, shift[1] * height / 28
    return np.array([[a, b, x - a * x - b * y + right], [c, d, y - c * x - d * y + down]], np.float32)


def _warp_affine(image: Image, matrix: Field) -> Image:
    return _channelled(cv2.warpAffine(image, matrix, (image.shape[1], image.shape[0])))


def _warp_elastic(image: Image, matrix: Field, rng: np.random.Generator) -> Image:
    """The affine change and a smooth displacement (Simard et al. 2003) in one remap: two would blur twice."""
    height, width = image.shape[:2]
    nodes = rng.standard_normal((ELASTIC_NODES, ELASTIC_NODES, 2), np.float32) * (ELASTIC_PX * width / 28)
    field = cv2.resize(nodes, (width, height), interpolation=cv2.INTER_CUBIC)
    field += _grid(height, width) @ cv2.invertAffineTransform(matrix).T.astype(np.float32)
    x, y = cv2.split(field)
    return _channelled(cv2.remap(image, x, y, cv2.INTER_LINEAR))


@cache
def _grid(height: int, width: int) -> Field:
    """(H, W, 3): x, y and 1 of every pixel."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    grid: Field = np.stack([x, y, np.ones_like(x)], axis=-1)
    return grid


def _stroke(image: Image, draw: float, amount: float) -> Image:
    """Thinner (draw < 0.45) or thicker by a fraction of a pixel on each side, or by a marker's width."""
    if draw < 0.45:
        thin = cv2.erode(image, CROSS)
        ink = cv2.sumElems(image)[0]
        lost = 1 - cv2.sumElems(thin)[0] / max(ink, 1.0)
        amount = min(amount, (1 - MIN_INK) / max(lost, 1e-6))  # erosion removes a hairline whole
        return _channelled(cv2.addWeighted(image, 1 - amount, thin, amount, 0))
    marker = draw > 1 - 0.55 * MARKER_SHARE
    thick = cv2.dilate(image, DISC if marker else CROSS)
    return _channelled(cv2.addWeighted(image, 1 - amount, thick, amount, 0))


def _contrast(image: Image, gamma: float, peak: float) -> Image:
    """Gamma, then the brightest pixel scaled to PEAK: thinning and pale ink both leave gray strokes."""
    out = _channelled(cv2.LUT(image, _gamma_tables()[int(gamma * len(GAMMAS))]))
    top = float(out.max())
    return _channelled(cv2.convertScaleAbs(out, alpha=_between(math.sqrt(peak), PEAK) / top)) if top else out


@cache
def _gamma_tables() -> Image:
    """(len(GAMMAS), 256): a lookup table a row."""
    levels = np.linspace(0, 1, 256)
    tables: Image = np.rint(255 * levels[None, :] ** GAMMAS[:, None]).astype(np.uint8)
    return tables


def _residue(image: Image, kind: float, rng: np.random.Generator) -> Image:
    """Remnants of preprocessing: a piece of a ruled line at the border (kind < 0.5), or one or two specks."""
    out: Image = image.copy()
    height, width = out.shape[:2]
    draws = [float(draw) for draw in rng.random(6)]
    gray = 40 + 160 * draws[0]
    if kind < 0.5:
        edge = int(draws[1] * 3)  # 0 to 2 pixels from the border
        start, length = int(draws[2] * width / 2), int((0.25 + draws[3]) * width)
        view = (out, out[::-1], out.swapaxes(0, 1), out.swapaxes(0, 1)[::-1])[int(draws[4] * 4)]
        view[edge, start : start + length] = np.maximum(view[edge, start : start + length], int(gray))
        return out
    for x, y in ((draws[2], draws[3]), (draws[4], draws[5]))[: 1 + int(draws[1] * 2)]:
        top, left = int(y * (height - 1)), int(x * (width - 1))
        spot = out[top : top + 2, left : left + 2]
        spot[...] = np.maximum(spot, int(gray))
    return out


def _noise(image: Image, amount: float, rng: np.random.Generator) -> Image:
    noise = rng.standard_normal(image.shape, np.float32) * (NOISE_LEVEL * amount)
    return _channelled(cv2.add(image, noise, dtype=cv2.CV_8U))


def _channelled(image: cv2.typing.MatLike) -> Image:
    """(H, W, C) uint8 again: OpenCV drops a single channel."""
    out: Image = np.asarray(image, np.uint8)
    return out if out.ndim == 3 else out[..., None]


def _around(draw: float, limit: float) -> float:
    """A draw of 0 to 1 as -limit to +limit."""
    return (2 * draw - 1) * limit


def _between(draw: float, ends: tuple[float, float]) -> float:
    """A draw of 0 to 1 as a number between the two ends."""
    return ends[0] + draw * (ends[1] - ends[0])


# By the content of the framing, see `runtime.framing.base.Framing`.
AUGMENTATIONS: Mapping[Content, Augmentation] = {"mark": _mark, "picture": _picture}
