"""Damage to digits, before the device's preprocessing: noise, lines across, fog, stripes, cuts, neighbors.

The kinds follow MNIST-C (Mu and Gilmer 2019) and photographs of paper; strengths are random.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from runtime.preprocess import Prepared, prepare
from runtime.tflite.card import InputSpec
from train.data.pictures import Image

Damage = Callable[[Image, np.random.Generator], Image]  # uint8 (H, W), light on black, to the same

MIN_OVERLAP = 0.3  # intersection over union of the box found and the digit's own
KEPT_INK = (0.4, 2.5)  # times the digit's own ink; with less or more, what was found is not the digit


def damaged(images: Image, spec: InputSpec, rng: np.random.Generator) -> Image:
    """Damage model inputs in one way each, and preprocess them as the device does.

    An image in which the device then does not find the digit stays unchanged: it would be no training example.

    Args:
        images: uint8 (N, *spec.shape).
        spec: Spec of the model inputs.
        rng: Draws the kinds and strengths.

    Returns:
        uint8 (N, *spec.shape).
    """
    out: Image = images.copy()
    for index, image in enumerate(images):
        plain = image[..., 0]
        damage = DAMAGES[int(rng.integers(len(DAMAGES)))]
        found = prepare(damage(plain, rng), spec)
        if found is not None and _is_still_there(plain, found):
            out[index] = found.pixels
    return out


def _is_still_there(before: Image, found: Prepared) -> bool:
    """Whether the mark found is where the digit was, with about as much ink."""
    ratio = float((found.pixels > 90).sum()) / max(1.0, float((before > 90).sum()))
    own = cv2.boundingRect((before > 60).astype(np.uint8))
    (x, y, w, h), (left, top, width, height) = own, found.box
    across = min(x + w, left + width) - max(x, left)
    down = min(y + h, top + height) - max(y, top)
    common = max(0, across) * max(0, down)
    overlap = common / max(1, w * h + width * height - common)
    return overlap > MIN_OVERLAP and KEPT_INK[0] < ratio < KEPT_INK[1]


def _noise(image: Image, rng: np.random.Generator) -> Image:
    noise = rng.standard_normal(image.shape) * rng.uniform(10, 55)
    return _u8(image + noise)


def _shot(image: Image, rng: np.random.Generator) -> Image:
    photons = math.exp(rng.uniform(math.log(3), math.log(30)))
    return _u8(rng.poisson(image / 255 * photons) / photons * 255)


def _specks(image: Image, rng: np.random.Generator) -> Image:
    out: Image = image.copy()
    chance = rng.random(image.shape)
    share = rng.uniform(0.01, 0.11)
    out[chance < share] = 255
    out[chance > 1 - share] = 0
    return out


def _soft(image: Image, rng: np.random.Generator) -> Image:
    return _u8(cv2.GaussianBlur(image, (0, 0), rng.uniform(0.6, 1.6)))


def _moved(image: Image, rng: np.random.Generator) -> Image:
    """Blur along one direction, as a shaken camera leaves it."""
    length, angle = rng.uniform(3, 9), rng.uniform(0, math.pi)
    kernel: npt.NDArray[np.float32] = np.zeros((11, 11), np.float32)
    x, y = round(8 * length * math.cos(angle)), round(8 * length * math.sin(angle))  # half of it, in 1/16 pixels
    cv2.line(kernel, (80 - x, 80 - y), (80 + x, 80 + y), (1.0,), 1, cv2.LINE_8, 4)
    return _u8(np.minimum(cv2.filter2D(image, cv2.CV_32F, kernel / kernel.sum()) * rng.uniform(1, 1.6), 255))


def _shuffled(image: Image, rng: np.random.Generator) -> Image:
    """Frosted glass: every pixel is taken from a random place a pixel or so away."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    reach = rng.uniform(0.8, 3.2)
    dx, dy = (rng.uniform(-reach, reach, image.shape).astype(np.float32) for _ in range(2))
    return _u8(cv2.GaussianBlur(cv2.remap(image, x + dx, y + dy, cv2.INTER_LINEAR), (0, 0), 0.6))


def _line(image: Image, rng: np.random.Generator) -> Image:
    """A line across, from side to side or shorter: straight or zigzag, solid or dotted."""
    side = image.shape[0]
    count = 2 if rng.random() < 0.3 else int(rng.integers(3, 14))
    along = np.linspace(rng.uniform(-0.1, 0.3), rng.uniform(0.7, 1.1), count) * side
    across = rng.uniform(0.1, 0.9) * side + (np.arange(count) % 2 - 0.5) * rng.uniform(0, 0.3) * side
    points = np.stack([along, across + rng.uniform(-0.4, 0.4) * (along - side / 2)], axis=1)
    points = points if rng.random() < 0.6 else points[:, ::-1]
    layer: Image = np.zeros_like(image)
    level = (int(rng.uniform(120, 255)),)
    if rng.random() < 0.4:
        steps = np.arange(0, 1, rng.uniform(0.06, 0.14))
        dots = points[0] + (points[-1] - points[0]) * steps[:, None]
        for x, y in np.round(dots * 16).astype(int).tolist():
            cv2.circle(layer, (x, y), int(rng.uniform(8, 20)), level, -1, cv2.LINE_AA, 4)
    else:
        width = 1 + int(rng.random() < 0.25)
        cv2.polylines(layer, [np.round(points * 16).astype(np.int32)], False, level, width, cv2.LINE_AA, 4)
    return _u8(cv2.max(image, layer))


def _spatter(image: Image, rng: np.random.Generator) -> Image:
    """Drops, bright as ink or dark as the background."""
    field = cv2.GaussianBlur(rng.standard_normal(image.shape, np.float32), (0, 0), rng.uniform(0.8, 2.0))
    drops = field > np.quantile(field, rng.uniform(0.86, 0.97))
    level = rng.uniform(90, 255) if rng.random() < 0.7 else 0
    return _u8(np.where(drops, level, image))


def _fog(image: Image, rng: np.random.Generator) -> Image:
    """Slowly varying light over the image, and less contrast."""
    nodes = int(rng.integers(2, 6))
    field = cv2.resize(rng.random((nodes, nodes), np.float32), image.shape[::-1], interpolation=cv2.INTER_CUBIC)
    fine = cv2.resize(rng.random((12, 12), np.float32), image.shape[::-1], interpolation=cv2.INTER_CUBIC)
    fog = rng.uniform(60, 200) * field + rng.uniform(0, 60) * fine
    return _u8(image * rng.uniform(0.45, 0.8) + fog)


def _bright(image: Image, rng: np.random.Generator) -> Image:
    return _u8(image.astype(np.float32) + rng.uniform(40, 150))


def _edges(image: Image, rng: np.random.Generator) -> Image:
    """The outlines of the strokes."""
    return _u8(cv2.Canny(image, rng.uniform(40, 120), rng.uniform(120, 240)))


def _stripe(image: Image, rng: np.random.Generator) -> Image:
    """Inverted bands at two opposite sides; where they cross the digit, it is dark."""
    width = int(rng.integers(3, 9))
    out: Image = image.copy()
    view = out if rng.random() < 0.7 else out.T
    view[:, :width] = 255 - view[:, :width]
    view[:, -width:] = 255 - view[:, -width:]
    return out


def _turned(image: Image, rng: np.random.Generator) -> Image:
    """Turned or sheared, and smaller, more than train.augment does."""
    side = image.shape[0]
    turn, shear, scale = rng.uniform(-0.42, 0.42), rng.uniform(-0.42, 0.42), rng.uniform(0.6, 1.0)
    turn, shear = (turn, 0.0) if rng.random() < 0.5 else (0.0, shear)
    matrix = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    matrix = scale * matrix @ np.array([[1, shear], [0, 1]])
    middle = np.full(2, (side - 1) / 2)
    whole = np.concatenate([matrix, (middle - matrix @ middle + rng.uniform(-3, 3, 2))[:, None]], axis=1)
    return _u8(cv2.warpAffine(image, whole, (side, side)))


def _cut(image: Image, rng: np.random.Generator) -> Image:
    """Up to an eighth of the digit is cut off at one side."""
    out: Image = image.copy()
    view = (out, out[::-1], out.T, out.T[::-1])[int(rng.integers(4))]
    top = int(np.argmax((view > 60).any(axis=1)))
    view[: top + int(rng.integers(1, 4))] = 0
    return out


def _beside(image: Image, rng: np.random.Generator) -> Image:
    """A piece of a neighbor at one side, or of a frame around the cell."""
    out: Image = image.copy()
    view = (out, out[:, ::-1])[int(rng.integers(2))]
    depth = int(rng.integers(1, 4))
    start, length = int(rng.integers(0, 20)), int(rng.integers(4, 20))
    view[start : start + length, :depth] = np.maximum(view[start : start + length, :depth], int(rng.uniform(90, 255)))
    return out


def _u8(values: npt.NDArray[np.generic] | cv2.typing.MatLike) -> Image:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


# Kinds that change a digit most are drawn more often.
DAMAGES: tuple[Damage, ...] = (
    *(_noise, _shot, _soft, _moved, _spatter, _bright, _stripe, _cut, _beside),
    *(_specks, _shuffled, _fog, _edges) * 3,
    *(_line,) * 8,
    *(_turned,) * 3,
)
