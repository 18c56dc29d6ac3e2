"""A model that tells bright from dark and red from blue, and pictures for it: what decides must find how it is fed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.adoption.examples import Examples
from runtime.foreign.normalization import Scale
from tests.runtime.foreign.build import classifier

SIDE = 8
COUNT = 300
NOISE = 64  # levels; what the model of made.model takes for granted
NAMES = ("dark", "bright", "red", "blue")
LEVELS = {"dark": (40, 40, 40), "bright": (215, 215, 215), "red": (215, 40, 40), "blue": (40, 40, 215)}  # RGB


def model(scale: Scale, order: Sequence[int] = (0, 1, 2), classes: Sequence[str] = NAMES) -> bytes:
    """Nearest mean color, as a layer of weights: right where pixels come as (pixel - mean) / std in that order."""
    mean, std = (np.resize(values, 3).astype(np.float64) for values in (scale.mean, scale.std))
    size = SIDE * SIDE
    rows, biases = [], []
    for name in classes:
        color = (np.array(LEVELS[name], np.float64)[list(order)] - 127.5) / 255
        # score = -8 * |pixel/255 - color|^2, linear part; pixel = real * std + mean
        weight = 16 * color / 255 * std / size
        rows.append(np.tile(weight, size))
        biases.append(float(16 * (color * (mean - 127.5) / 255).sum() - 8 * (color**2).sum()))
    return classifier((1, SIDE, SIDE, 3), len(classes), weights=np.array(rows, np.float32), bias=np.array(biases))


def pictures(
    count: int = COUNT, names: Sequence[str] = NAMES, seed: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """(RGB images (n, 12, 16, 3), classes): each class's color, with noise."""
    chance = np.random.default_rng(seed)
    truth = np.arange(count) % len(names)
    base = np.array([LEVELS[names[int(number)]] for number in truth], np.float64)[:, np.newaxis, np.newaxis]
    shift = chance.normal(0, NOISE, (count, 1, 1, 3))
    return np.clip(base + shift + chance.normal(0, 10, (count, 12, 16, 3)), 0, 255).astype(np.uint8), truth


def examples(count: int = COUNT, names: Sequence[str] = NAMES) -> Examples:
    images, truth = pictures(count, names)
    return Examples(tuple(names), truth, images=images)


def write_folder(folder: Path, count: int = COUNT, names: Sequence[str] = NAMES) -> Path:
    images, truth = pictures(count, names)
    for number, (image, label) in enumerate(zip(images, truth, strict=True)):
        (folder / names[int(label)]).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / names[int(label)] / f"{number}.png"), image[..., ::-1])
    return folder
