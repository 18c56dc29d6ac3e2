"""Frames that did not change, and readings that held."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from runtime.sources import synthetic
from runtime.stream.change import has_changed, signature
from runtime.stream.smoothing import MajorityVote
from tests.runtime.helpers import stroke


@pytest.mark.parametrize(
    ("n", "readings", "held"),
    [
        (1, "7712", "7712"),
        (2, "7717712", "-77777-"),
        (3, "777777", "--7777"),
        (3, "7711177", "----111"),  # three of the last five
        (2, "7789", "-77-"),  # gone for two of three, and nothing in its place
        (3, "7 7 777", "----777"),
    ],
)
def test_what_holds(n: int, readings: str, held: str) -> None:
    steady: MajorityVote[str] = MajorityVote(n)
    assert "".join(steady.update(reading) or "-" for reading in readings) == held


def test_an_interruption_forgets() -> None:
    steady: MajorityVote[str] = MajorityVote(2)
    assert [steady.update("7"), steady.update("7")] == [None, "7"]
    steady.reset()
    assert [steady.update("7"), steady.update("7")] == [None, "7"]


@pytest.mark.parametrize("shape", [(480, 640), (1080, 1920), (240, 320)])
def test_noise_is_no_change_and_a_digit_is(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    sheet = np.full((*shape, 3), 200, np.int16)

    def taken() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        return np.clip(sheet + random.normal(0, 2, sheet.shape), 0, 255).astype(np.uint8)

    still = [signature(taken()) for _ in range(20)]
    assert not any(has_changed(still[0], other) for other in still[1:])
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
