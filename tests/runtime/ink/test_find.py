"""Marks on paper, whatever the light, the polarity and the place."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.ink.find import MARK_SIDE, find_ink
from tests.runtime.helpers import stroke
from tests.runtime.ink.drawing import is_strokes_box


@pytest.mark.parametrize("shape", [(480, 640), (1200, 1600), (300, 200), (64, 48)])
@pytest.mark.parametrize(("ink", "paper"), [(30, 220), (230, 40), (150, 190)])
def test_found_at_any_size_and_polarity(shape: tuple[int, int], ink: int, paper: int) -> None:
    found = find_ink(stroke(shape, ink, paper, max(2, shape[0] // 40)))
    assert found is not None
    assert is_strokes_box(found.box, shape)
    assert found.light_on_dark == (ink > paper)


def test_strength_is_the_box_alone_from_paper_to_ink() -> None:
    found = find_ink(stroke((1200, 1600), 30, 220, 30))
    assert found is not None
    assert found.strength.dtype == np.uint8
    assert found.strength.ndim == 2
    assert max(found.strength.shape) <= MARK_SIDE + 4
    assert found.strength.max() == 255
    assert found.strength.min() == 0
    edges = (found.strength[0], found.strength[-1], found.strength[:, 0], found.strength[:, -1])
    assert all(edge.any() for edge in edges)


def shadowed(image: NDArray[np.uint8], softness: int) -> NDArray[np.uint8]:
    """The right half at 55 % of its light, with an edge `softness` pixels wide, through the digit."""
    gain = np.ones(image.shape, np.float32)
    gain[:, image.shape[1] // 2 :] = 0.55
    if softness:
        gain = cv2.blur(gain, (softness, softness)).astype(np.float32)
    return (image * gain).astype(np.uint8)


@pytest.mark.parametrize("softness", [0, 9, 81])
def test_a_shadow_with_any_edge_is_paper(softness: int) -> None:
    found = find_ink(shadowed(stroke((480, 640), 40, 220, 10), softness))
    assert found is not None
    assert is_strokes_box(found.box, (480, 640))


@pytest.mark.parametrize("direction", [(1, 0), (0, 1), (0.7, 0.7), (-0.7, 0.7)])
def test_light_that_falls_off_is_paper(direction: tuple[float, float]) -> None:
    y, x = np.mgrid[-1:1:480j, -1:1:640j]
    gain = 0.75 + 0.25 * np.clip(x * direction[0] + y * direction[1], -1, 1)
    found = find_ink((stroke((480, 640), 40, 220, 10) * gain).astype(np.uint8))
    assert found is not None
    assert is_strokes_box(found.box, (480, 640))
    assert find_ink((np.full((480, 640), 220) * gain).astype(np.uint8)) is None


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (480, 640), (3, 900)])
def test_a_plain_sheet_is_blank(shape: tuple[int, int], level: int) -> None:
    assert find_ink(np.full(shape, level, np.uint8)) is None


@pytest.mark.parametrize("seed", range(5))
def test_grain_is_blank(seed: int) -> None:
    grain = np.random.default_rng(seed).normal(200, 6, (480, 640))
    assert find_ink(np.clip(grain, 0, 255).astype(np.uint8)) is None


@pytest.mark.parametrize("color", [(160, 40, 30), (30, 30, 190), (40, 130, 40)])
def test_colored_ink_on_colored_paper(color: tuple[int, int, int]) -> None:
    gray = stroke((480, 640), 0, 255, 10).astype(np.float32)[..., None] / 255
    image = gray * np.array((205, 225, 230)) + (1 - gray) * np.array(color)
    found = find_ink(image.astype(np.uint8))
    assert found is not None
    assert is_strokes_box(found.box, (480, 640))


PAPERS = [
    (90, 225, 240),
    (235, 190, 130),
    (190, 170, 245),
    (150, 220, 160),
    (110, 150, 180),
    (60, 90, 40),
    (140, 70, 30),
]
INKS = [(40, 35, 35), (190, 80, 40), (240, 190, 130), (60, 140, 240), (40, 210, 240), (130, 130, 130), (230, 235, 235)]
TOLD_APART = [(p, i) for p in PAPERS for i in INKS if max(abs(a - b) for a, b in zip(p, i, strict=True)) >= 60]


@pytest.mark.parametrize(("paper", "color"), TOLD_APART)
def test_any_ink_on_any_paper_that_one_channel_tells_apart(
    paper: tuple[int, int, int], color: tuple[int, int, int]
) -> None:
    gray = stroke((480, 640), 0, 255, 8).astype(np.float32)[..., None] / 255
    light = np.linspace(1.0, 0.8, 640, dtype=np.float32)[None, :, None]
    image = (gray * np.array(paper) + (1 - gray) * np.array(color)) * light
    noisy = image + np.random.default_rng(2).normal(0, 3, image.shape)
    found = find_ink(np.clip(noisy, 0, 255).astype(np.uint8))
    assert found is not None
    assert is_strokes_box(found.box, (480, 640))
