"""Silhouettes of things: in every outline, of many patterns, by seed."""

from __future__ import annotations

import numpy as np
import pytest

from train.synthetic.silhouettes import OUTLINES, silhouette


def test_things_come_in_every_outline() -> None:
    for outline in OUTLINES:
        masks = [outline(56, np.random.default_rng(seed)) for seed in range(20)]
        assert all(mask.shape == (56, 56) and mask.dtype == np.uint8 for mask in masks)
        assert sum(0.02 < np.mean(mask > 0) < 0.9 for mask in masks) >= 16, outline


@pytest.mark.parametrize("side", [28, 56])
def test_things_are_gray_pictures_and_the_seed_decides(side: int) -> None:
    made = []
    for seed in range(30):
        thing = silhouette(side, np.random.default_rng(seed))
        assert thing.shape == (side, side)
        assert thing.dtype == np.uint8
        np.testing.assert_array_equal(thing, silhouette(side, np.random.default_rng(seed)))
        made.append(thing)
    assert sum(thing.min() < thing.max() for thing in made) >= 28  # a thing may be too slim to see
    assert len({thing.tobytes() for thing in made}) >= 28
    assert np.mean([len(np.unique(thing)) for thing in made]) > 20  # cloth, where a stroke has one tone
