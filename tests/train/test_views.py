"""A network that looks twice answers what it answers to two shifted copies, on average."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from train.fused import fused, unfused
from train.networks import network
from train.views import VIEWS, in_layers, with_views

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 12, 14, 3), np.uint8)


@pytest.fixture(scope="module")
def once() -> Any:
    return network("4/2 8 r place", (12, 14, 3), 4)


def shifted(images: np.ndarray, right: int, down: int) -> np.ndarray:
    """By a pixel at most, black moved in."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return padded[:, 1 - down : 13 - down, 1 - right : 15 - right]


def answers(model: Any, images: np.ndarray) -> np.ndarray:
    return np.asarray(model.predict(images, verbose=0))


def test_the_mean_of_two_shifted_copies(once: Any) -> None:
    alone = [answers(once, shifted(IMAGES, *view)) for view in VIEWS]
    assert np.abs(alone[0] - alone[1]).max() > 0.01
    np.testing.assert_allclose(answers(with_views(once), IMAGES), np.mean(alone, axis=0), atol=1e-6)


def test_the_copies_fall_differently_on_every_stride() -> None:
    (x, y), (other_x, other_y) = VIEWS
    assert (x - other_x, y - other_y) == (2, 1)


def test_the_weights_are_those_of_the_network(once: Any) -> None:
    twice = with_views(once)
    assert twice.count_params() == once.count_params()
    for one, other in zip(once.get_weights(), twice.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_anybody_can_load_it(once: Any, tmp_path: Path) -> None:
    twice = with_views(once)
    twice.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_array_equal(answers(again, IMAGES), answers(twice, IMAGES))


def test_of_layers_alone_it_goes_into_hdf5(once: Any, tmp_path: Path) -> None:
    twice = with_views(once)
    in_layers(twice).save(tmp_path / "model.h5")
    again = keras.models.load_model(tmp_path / "model.h5", compile=False)
    assert again.count_params() == once.count_params()
    np.testing.assert_allclose(answers(again, IMAGES), answers(twice, IMAGES), atol=1e-6)
    assert in_layers(once) is once


def test_as_a_teacher_it_may_answer_in_bfloat16(once: Any) -> None:
    twice = with_views(once)
    quick = fused(twice, "bfloat16")
    assert quick is not twice
    np.testing.assert_allclose(answers(quick, IMAGES), answers(twice, IMAGES), rtol=0.05, atol=0.05)
    np.testing.assert_allclose(answers(unfused(quick), IMAGES), answers(twice, IMAGES), atol=1e-5)
