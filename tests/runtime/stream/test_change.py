"""Noise is no change, a digit is."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from runtime.sources import synthetic
from runtime.stream.change import has_changed, signature
from tests.runtime.helpers import stroke


@pytest.mark.parametrize("shape", [(480, 640), (1080, 1920), (240, 320)])
def test_noise_is_no_change_and_a_digit_is(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    sheet = np.full((*shape, 3), 200, np.float32)

    def taken() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        noisy = sheet + 2 * random.standard_normal(sheet.shape, np.float32)
        return np.asarray(np.clip(noisy, 0, 255), np.uint8)

    still = [signature(taken()) for _ in range(3)]
    assert not any(has_changed(one, other) for one, other in combinations(still, 2))
    drawn = np.minimum(taken(), stroke(shape, 60, 200, max(2, shape[0] // 120))[..., None])
    assert has_changed(still[0], signature(drawn))


@pytest.mark.parametrize("shape", [(1, 1), (5, 3, 3), (31, 4000)])
def test_pictures_of_any_size(shape: tuple[int, ...]) -> None:
    assert not has_changed(signature(np.zeros(shape, np.uint8)), signature(np.zeros(shape, np.uint8)))
    assert has_changed(signature(np.zeros(shape, np.uint8)), signature(np.full(shape, 9, np.uint8)))


def test_a_moving_digit_changes_every_frame() -> None:
    frames = [signature(synthetic.draw(i)) for i in range(100)]
    assert all(has_changed(one, other) for one, other in pairwise(frames))


def test_gray_after_color_is_a_change() -> None:
    assert has_changed(signature(np.zeros((48, 64), np.uint8)), signature(np.zeros((48, 64, 3), np.uint8)))


def test_a_signature_is_the_mean_of_each_cell() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    image[:16, :16] = (10, 20, 30)
    found = signature(image)
    assert found.shape == (30, 40, 3)
    assert found.dtype == np.float32
    assert found[0, 0].tolist() == [10, 20, 30]
    assert not found[1:].any()
    assert not found[:, 1:].any()
    assert signature(image[..., 0]).shape == (30, 40)
