"""Pictures without a digit: textures and small print."""

from __future__ import annotations

import numpy as np

from train.synthetic.scenes import SIDES, texture, word_scene


def test_scenes_are_gray_pictures() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        for scene in (texture(rng), word_scene("AEFH", rng)):
            assert scene.dtype == np.uint8
            assert scene.ndim == 2
            assert scene.min() < scene.max()
        assert texture(rng).shape in [(side, side) for side in SIDES]


def test_the_seed_decides() -> None:
    for draw in (texture, lambda rng: word_scene("AEFH", rng)):
        first, again, other = (draw(np.random.default_rng(seed)) for seed in (1, 1, 2))
        np.testing.assert_array_equal(first, again)
        assert first.shape != other.shape or (first != other).any()


def test_print_is_dark_on_paper() -> None:
    """Letters cover less than the paper, and are darker."""
    for seed in range(10):
        scene = word_scene("HMNW", np.random.default_rng(seed))
        paper = np.median(scene)
        assert scene.min() < 0.6 * paper
        assert (scene > 0.8 * paper).mean() > 0.3
