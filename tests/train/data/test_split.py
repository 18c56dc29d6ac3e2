"""Splits: stratified, seeded, and nothing lost."""

from __future__ import annotations

import os

import numpy as np
import pytest

from train.data.split import BLOCKS, split_validation


@pytest.mark.parametrize("share", [0.1, 5000 / 60000, 0.2, 0.5])
def test_every_class_gives_its_share_and_every_image_is_on_one_side(share: float) -> None:
    labels = np.random.default_rng(5).integers(0, 7, 1000)
    learn, choose = split_validation(labels, share, seed=1)
    assert len(choose) == round(1000 * share)
    np.testing.assert_array_equal(np.sort(np.concatenate([learn, choose])), np.arange(1000))
    for label in range(7):
        assert abs(np.sum(labels[choose] == label) - share * np.sum(labels == label)) < 1


def test_the_seed_decides() -> None:
    labels = np.repeat(np.arange(10), 50)
    first, again, other = (split_validation(labels, 0.2, seed)[1] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_neighbors_stay_together() -> None:
    """MNIST's writers and a folder's bursts: a class's images are held back in a few runs, at like places."""
    labels = np.tile(np.arange(10), 600)
    choose = split_validation(labels, 0.1, seed=0)[1]
    for label in range(10):
        of_class = np.searchsorted(np.flatnonzero(labels == label), choose[labels[choose] == label])
        assert np.count_nonzero(np.diff(of_class) > 1) == BLOCKS - 1
    assert np.count_nonzero(np.diff(choose) > 1) == BLOCKS - 1


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.9, 1.0])
def test_small_classes_are_split_too(share: float) -> None:
    labels = np.repeat(np.arange(6), [1, 2, 3, 4, 5, 6])
    for seed in range(20):
        learn, choose = split_validation(labels, share, seed)
        np.testing.assert_array_equal(np.sort(np.concatenate([learn, choose])), np.arange(21))
        assert set(labels[learn]) == set(range(6))
        assert len(choose) == min(max(1, round(21 * share)), 21 - 6)


def test_no_share_holds_nothing_back() -> None:
    learn, choose = split_validation(np.array([0, 1, 1]), 0.0, seed=0)
    assert learn.tolist() == [0, 1, 2]
    assert choose.tolist() == []


def test_a_class_of_one_image_keeps_it_to_learn_from() -> None:
    labels = np.array([0] * 10 + [1])
    learn, choose = split_validation(labels, 0.5, seed=0)
    assert 1 in labels[learn]
    assert len(choose) == 6 - 1 or len(choose) == round(11 * 0.5)
    assert 1 not in labels[choose]


@pytest.mark.skipif("MNIST_NPZ" not in os.environ, reason="needs MNIST in full: set MNIST_NPZ")
def test_mnist_keeps_its_writers_together() -> None:
    """What the runs are for: images some 20 apart have a like amount of ink, images 5,000 apart do not."""
    with np.load(os.environ["MNIST_NPZ"]) as file:
        images, labels = file["x_train"], file["y_train"]
    ink = images.reshape(len(images), -1).sum(axis=1, dtype=np.float64)
    for label in range(10):
        of_label = labels == label
        ink[of_label] = (ink[of_label] - ink[of_label].mean()) / ink[of_label].std()
    near, far = (float(np.mean(ink[:-apart] * ink[apart:])) for apart in (20, 5000))
    assert near > 0.2 > 0.1 > far
