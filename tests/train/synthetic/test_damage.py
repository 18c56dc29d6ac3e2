"""Damage: every kind changes the picture, none the original, and what loses the digit is not kept."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.tflite.card import InputSpec
from train.data.pictures import Image
from train.synthetic import damage as module
from train.synthetic.damage import DAMAGES, damaged
from train.synthetic.glyphs import glyphs

SPEC = InputSpec()


@pytest.fixture(scope="module")
def digits() -> Image:
    return glyphs(60, SPEC, np.random.default_rng(0))[0]


@pytest.mark.parametrize("spoil", dict.fromkeys(DAMAGES), ids=lambda spoil: str(spoil.__name__))
def test_every_kind_changes_a_copy(spoil: module.Damage, digits: Image) -> None:
    before = digits.copy()
    changed = []
    for index, image in enumerate(digits):
        out = spoil(image[..., 0], np.random.default_rng(index))
        assert out.shape == (28, 28)
        assert out.dtype == np.uint8
        np.testing.assert_array_equal(out, spoil(image[..., 0], np.random.default_rng(index)))
        changed.append((out != image[..., 0]).any())
    np.testing.assert_array_equal(digits, before)
    assert np.mean(changed) > 0.8


def test_the_seed_decides_and_most_digits_survive(digits: Image) -> None:
    first, again, other = (damaged(digits, SPEC, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first.shape == digits.shape
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first != digits).any(axis=(1, 2, 3)).mean() > 0.8
    ratio = (first > 90).sum(axis=(1, 2, 3)) / (digits > 90).sum(axis=(1, 2, 3))
    assert module.KEPT_INK[0] < ratio.min()
    assert ratio.max() < module.KEPT_INK[1]


@pytest.mark.parametrize("level", [0, 255])
def test_a_digit_that_is_lost_stays_as_it_was(level: int, digits: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DAMAGES", (lambda image, rng: np.full_like(image, level),))
    np.testing.assert_array_equal(damaged(digits, SPEC, np.random.default_rng(0)), digits)
