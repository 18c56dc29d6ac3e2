"""Frames that did not change, and readings that held."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from runtime.sources import synthetic
from runtime.stream.change import differs, sketch
from runtime.stream.smoothing import Steady
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
    steady: Steady[str] = Steady(n)
    assert "".join(steady.push(reading) or "-" for reading in readings) == held


def test_an_interruption_forgets() -> None:
    steady: Steady[str] = Steady(2)
    assert [steady.push("7"), steady.push("7")] == [None, "7"]
    steady.forget()
    assert [steady.push("7"), steady.push("7")] == [None, "7"]


@pytest.mark.parametrize("shape", [(480, 640), (1080, 1920), (240, 320)])
def test_noise_is_no_change_and_a_digit_is(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    sheet = np.full((*shape, 3), 200, np.int16)

    def taken() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        return np.clip(sheet + random.normal(0, 2, sheet.shape), 0, 255).astype(np.uint8)

    still = [sketch(taken()) for _ in range(20)]
    assert not any(differs(still[0], other) for other in still[1:])
    drawn = np.minimum(taken(), stroke(shape, 60, 200, max(2, shape[0] // 120))[..., None])
    assert differs(still[0], sketch(drawn))


@pytest.mark.parametrize("shape", [(1, 1), (5, 3, 3), (31, 4000)])
def test_pictures_of_any_size(shape: tuple[int, ...]) -> None:
    assert not differs(sketch(np.zeros(shape, np.uint8)), sketch(np.zeros(shape, np.uint8)))
    assert differs(sketch(np.zeros(shape, np.uint8)), sketch(np.full(shape, 9, np.uint8)))


def test_a_moving_digit_changes_every_frame() -> None:
    frames = [sketch(synthetic.draw(i)) for i in range(100)]
    assert all(differs(one, other) for one, other in pairwise(frames))


def test_gray_after_colour_is_a_change() -> None:
    assert differs(sketch(np.zeros((48, 64), np.uint8)), sketch(np.zeros((48, 64, 3), np.uint8)))
