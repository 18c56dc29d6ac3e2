"""Light that falls off is no mark, however small the picture is; a digit in such light is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from runtime.classifier import Classifier
from runtime.ink.light import is_only_light
from tests.runtime.helpers import stroke
from tests.runtime.ink.drawing import Image

SHAPES: dict[str, Callable[..., Any]] = {
    "from a side": lambda u, v: u,
    "from below": lambda u, v: v,
    "askew": lambda u, v: u + 0.6 * v,
    "a lamp": np.hypot,
    "a lamp in a corner": lambda u, v: np.hypot(u + 1, v + 1) ** 2,
    "a vignette": lambda u, v: -(np.hypot(u, v) ** 2),
    "a bend": lambda u, v: np.tanh(2 * u - v),
}


def gradient(shape: str, height: int, width: int, random: np.random.Generator) -> Image:
    """Light of a shape, turned, of any range, with grain, as a JPEG or not."""
    u, v = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    light = SHAPES[shape](u, v) * random.choice([-1, 1])
    light = (light - light.min()) / np.ptp(light)
    low, high = sorted(random.uniform(0, 255, 2)) if random.random() < 0.7 else (0, 255)
    noisy = low + light * (high - low) + random.choice([0, 0, 1, 2]) * random.standard_normal(light.shape)
    image = np.asarray(np.clip(np.round(noisy), 0, 255), np.uint8)
    if random.random() < 0.3:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.choice([90, 60, 30]))]
        image = np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_GRAYSCALE), np.uint8)
    return image


@pytest.mark.parametrize("shape", SHAPES)
def test_a_gradient_has_no_label(shipped: Classifier, shape: str) -> None:
    random = np.random.default_rng(3)
    for side in range(8, 65):
        for height, width in ((side, side), (side, int(random.integers(8, 65)))):
            image = gradient(shape, height, width, random)
            found = shipped.predict(image)
            assert found.label is None, (height, width, int(image.min()), int(image.max()))


@pytest.mark.parametrize("side", [16, 28, 48, 64])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_stroke_in_a_gradient_is_no_mere_light(shape: str, side: int) -> None:
    random = np.random.default_rng(side)
    image = np.asarray(100 + gradient(shape, side, side, random) // 3, np.uint8)
    drawn = np.minimum(image, stroke((side, side), 40, 255, max(2, side // 12)))
    assert is_only_light(image)
    assert not is_only_light(drawn)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (64, 1), (2, 3)])
def test_pictures_too_small_for_a_mark_are_mere_light(shape: tuple[int, int]) -> None:
    assert is_only_light(np.random.default_rng(0).integers(0, 8, shape, np.uint8))
