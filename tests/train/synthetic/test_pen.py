"""The pen: strokes where they should be, marks framed as the device frames them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.preprocess import to_input
from runtime.tflite.card import InputSpec
from train.data.pictures import Image
from train.synthetic.pen import CANVAS, MARK, PEN_PX, bend, draw, framed, random_hand, restroke, strokes

SPEC = InputSpec()


def calm(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_strokes_go_through_their_points() -> None:
    straight, curved = strokes("- 10 20 90 20 / 0 0 50 100 100 0")
    assert straight.dtype == curved.dtype == np.float32
    np.testing.assert_allclose(straight[[0, -1]], [[0.1, 0.2], [0.9, 0.2]], atol=1e-6)
    np.testing.assert_allclose(straight[:, 1], 0.2, atol=1e-6)
    for point in ((0, 0), (0.5, 1), (1, 0)):
        assert np.hypot(*(curved - point).T).min() < 1e-6
    assert np.hypot(*np.diff(curved, axis=0).T).max() < 0.2  # dense enough to bend


def test_a_calm_hand_draws_where_it_is_told_to() -> None:
    canvas = draw(strokes("- 50 0 50 100"), random_hand(calm(), wildness=0.0), calm(5))
    assert canvas.shape == (CANVAS, CANVAS)
    assert canvas.dtype == np.uint8
    x, _, w, h = cv2.boundingRect((canvas > 100).astype(np.uint8))
    assert abs(x + w / 2 - CANVAS / 2) < 2
    assert MARK - 3 < h < MARK + PEN_PX[1] + 3


def test_the_seed_decides_and_hands_differ() -> None:
    lines = strokes("20 10 50 0 76 16 66 38 40 47")
    first, again, other = (draw(lines, random_hand(calm(seed)), calm(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    widths = [random_hand(calm(seed)).width for seed in range(200)]
    assert PEN_PX[0] <= min(widths) < 3 < 9 < max(widths) <= PEN_PX[1]


@pytest.mark.parametrize("wildness", [0.0, 1.0])
def test_a_bent_shape_keeps_most_of_its_area(wildness: float) -> None:
    shape: Image = np.zeros((CANVAS, CANVAS), np.uint8)
    shape[31:81, 31:81] = 255
    for seed in range(20):
        share = bend(shape, calm(seed), wildness).sum() / shape.sum()
        assert 0.4 < share < 2.5


def test_a_line_can_be_drawn_again_with_any_pen() -> None:
    line: Image = np.zeros((CANVAS, CANVAS), np.uint8)
    line[20:90, 56] = 1
    areas = [int((restroke(line, calm(seed)) > 127).sum()) / 70 for seed in range(60)]
    assert min(areas) < 4
    assert max(areas) > 8


def test_framed_does_what_the_device_does() -> None:
    canvas = draw(strokes("- 28 28 54 3 52 98"), random_hand(calm(), 0.5), calm(3))
    made = framed(canvas, SPEC)
    device = to_input(canvas, SPEC)
    assert made is not None
    assert device is not None
    assert made.shape == SPEC.shape
    assert np.abs(made.astype(int) - device).mean() < 8
    assert framed(np.zeros((CANVAS, CANVAS), np.uint8), SPEC) is None
