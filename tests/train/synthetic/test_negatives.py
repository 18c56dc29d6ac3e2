"""What is no digit: made by seed, in every kind, and never what could pass for one."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.tflite.card import InputSpec
from train.data.pictures import Image
from train.synthetic import negatives as module
from train.synthetic.glyphs import glyphs
from train.synthetic.negatives import KINDS, LETTERS, SIGNS, negatives
from train.synthetic.pen import strokes

SPEC = InputSpec()


@pytest.fixture(scope="module")
def digits() -> Image:
    return glyphs(40, SPEC, np.random.default_rng(0))[0]


def test_the_seed_decides(digits: Image) -> None:
    first, again, other = (negatives(60, digits, SPEC, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.shape == (60, *SPEC.shape)
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2, 3)).all()
    assert first.any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("maker", [maker for maker, _ in KINDS], ids=lambda maker: str(maker.__name__))
def test_every_kind_gives_model_inputs(maker: module.Maker, digits: Image) -> None:
    made = [maker(digits, SPEC, np.random.default_rng(seed)) for seed in range(12)]
    there = [image for image in made if image is not None]
    assert len(there) >= 8
    assert all(image.shape == SPEC.shape and image.dtype == np.uint8 and image.any() for image in there)
    assert len({image.tobytes() for image in there}) > len(there) // 2


def test_characters_that_look_like_digits_are_left_out() -> None:
    assert not set("0123456789OoQDIl|SsZzBbGgqOo!/\\θφοОоЗзЭэбч") & set(LETTERS)
    assert len(set(LETTERS)) == len(LETTERS)
    assert len(module.LETTERS[: module.LATIN]) > 40


def test_an_upright_bar_may_be_a_one_and_is_never_made() -> None:
    bar: Image = np.zeros(SPEC.shape, np.uint8)
    bar[4:24, 13:16] = 255
    lying = np.ascontiguousarray(bar.swapaxes(0, 1))
    soft: Image = np.where(bar > 0, np.uint8(120), np.uint8(0))
    assert module._resembles_one(bar)
    assert not module._resembles_one(lying)
    assert not module._resembles_one(soft)  # no stroke is all gray
    assert not module._resembles_one(np.full(SPEC.shape, 255, np.uint8))
    assert not module._resembles_one(np.zeros(SPEC.shape, np.uint8))


def test_what_is_thick_and_widens_is_no_stroke() -> None:
    marker: Image = np.zeros(SPEC.shape, np.uint8)
    marker[4:24, 11:17] = 255
    gown = marker.copy()
    gown[4:12, 11] = gown[4:12, 16] = 0
    gown[20:24, 10:18] = 255
    assert module._resembles_one(marker)
    assert not module._resembles_one(gown)


def test_signs_can_all_be_drawn() -> None:
    for sign in SIGNS:
        for line in strokes(sign):
            assert np.isfinite(line).all()
            assert line.min() > -0.3
            assert line.max() < 1.5
