"""Predictions and readings drawn into pictures."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.outputs.overlay import BAR_GRAY, GREEN, ORANGE, overlay, overlay_regions, write_in_bar
from runtime.results import Candidate, Prediction, Reading, Region

TOP = (Candidate("7", 7, 0.98764), Candidate("1", 1, 0.01), Candidate("2", 2, 0.0001))
SURE = Prediction("7", 7, 0.98764, None, TOP, (10, 20, 30, 40), 0.2111111, 0.08)
UNSURE = Prediction(None, None, 0.4, "unsure", (Candidate("7", 7, 0.4), Candidate("1", 1, 0.3)), (0, 0, 5, 5), 1, 1)
BLANK = Prediction(None, None, 0.0, "blank", (), None, 0.5, 0.0)


REGIONS = tuple(Region((10 + 30 * i, 12, 20, 30), label, 0.98765) for i, label in enumerate("407"))


@pytest.mark.parametrize("shape", [(480, 640, 3), (480, 640), (28, 28), (1, 1), (40, 900, 3)])
@pytest.mark.parametrize("prediction", [SURE, UNSURE, BLANK])
def test_overlay_is_a_bgr_picture_of_any_size(shape: tuple[int, ...], prediction: Prediction) -> None:
    image = np.full(shape, 200, np.uint8)
    out = overlay(image, prediction)
    assert out.dtype == np.uint8
    assert out.ndim == 3
    assert out.shape[2] == 3
    color = GREEN if prediction.label else ORANGE
    assert (out == color).all(axis=2).any()
    assert (image == 200).all()


@pytest.mark.parametrize("shape", [(480, 640, 3), (480, 640), (50, 110)])
def test_every_region_is_framed(shape: tuple[int, ...]) -> None:
    image = np.full(shape, 200, np.uint8)
    out = overlay_regions(image, Reading("407", REGIONS, 1.0, 1.0))
    scale = out.shape[0] // shape[0]
    assert out.dtype == np.uint8
    assert out.shape[2:] == (3,)
    for region in REGIONS:
        x, y, w, h = (v * scale for v in region.box)
        assert (out[y + h // 2, x] == GREEN).all()
        assert (out[y + h, x + w // 2] == GREEN).all()
    assert (image == 200).all()


@pytest.mark.parametrize("width", [64, 320, 1280])
def test_a_text_in_a_bar_is_never_cut_off(width: int) -> None:
    canvas = np.full((32, width, 3), BAR_GRAY, np.uint8)
    write_in_bar(canvas, "lost  0.0 fps  camera 0: no new frame", 23, 32, GREEN, 1)
    written = (canvas != BAR_GRAY).any(axis=2).any(axis=0)
    assert written.any()
    assert not written[-3:].any()
    assert written[width // 2 :].any() or width == 1280  # it fills the bar where it has to


def test_letters_that_opencv_has_not_become_question_marks() -> None:
    odd, plain = (np.zeros((32, 320, 3), np.uint8) for _ in range(2))
    write_in_bar(odd, "küche", 23, 32, ORANGE, 1)
    write_in_bar(plain, "k?che", 23, 32, ORANGE, 1)
    assert np.array_equal(odd, plain)


@pytest.mark.parametrize("shape", [(1, 1_000_000), (1_000_000, 1), (65_500, 2), (2, 65_500, 3), (5, 5)])
def test_a_thin_picture_takes_no_square_of_its_longer_side(shape: tuple[int, ...]) -> None:
    picture = np.full(shape, 200, np.uint8)
    shown = Prediction("7", 7, 0.9, None, (Candidate("7", 7, 0.9),), (0, 0, shape[1], shape[0]), 0.0, 0.0)
    for made in (overlay(picture, shown), overlay_regions(picture, Reading("", (), 0.0, 0.0))):
        assert made.size < 20_000_000
        assert max(made.shape[:2]) <= 65_100
