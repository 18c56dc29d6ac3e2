"""Whether a model brings pixels into its own range, by what its first step does."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from convert.first_layer import takes_pixels

PICTURE = (28, 28, 1)


def _arithmetic(divisor: float) -> Any:
    pixels = keras.Input(PICTURE)
    return keras.Model(pixels, layers.Dense(2)(layers.Flatten()(pixels / divisor)))


@pytest.mark.parametrize(
    ("first", "takes"),
    [
        ([layers.Rescaling(1 / 255)], True),
        ([layers.Rescaling(1 / 127.5, offset=-1)], True),
        ([layers.Flatten(), layers.Rescaling(1 / 255)], True),
        ([layers.RandomRotation(0.1), layers.Rescaling(1 / 255)], True),
        ([layers.Normalization(mean=33.0, variance=6000.0)], True),
        ([keras.Sequential([keras.Input(PICTURE), layers.Rescaling(1 / 255), layers.Flatten()])], True),
        ([layers.Rescaling(2.0, offset=-1)], None),  # of 0..1 to -1..1
        ([layers.Normalization(mean=0.13, variance=0.09)], None),  # learned from 0..1
        ([layers.BatchNormalization()], None),  # its statistics are those of nothing yet
        ([], None),
        ([layers.Flatten(), layers.Dense(3), layers.Rescaling(1 / 255)], None),
    ],
)
def test_the_first_step_is_believed_by_what_it_does(first: list[Any], takes: bool | None) -> None:
    model = keras.Sequential([keras.Input(PICTURE), *first, layers.Flatten(), layers.Dense(2)])
    assert takes_pixels(model) is takes


@pytest.mark.parametrize(("mean", "takes"), [(33.0, True), (0.13, None)])
def test_a_batch_normalization_says_the_range_by_its_statistics(mean: float, takes: bool | None) -> None:
    model = keras.Sequential([keras.Input(PICTURE), layers.BatchNormalization(), layers.Flatten(), layers.Dense(2)])
    scale = mean / 0.13
    model.layers[0].set_weights([np.ones(1), np.zeros(1), np.array([mean]), np.array([0.09 * scale**2])])
    assert takes_pixels(model) is takes


def test_bare_arithmetic_is_a_step_too() -> None:
    assert takes_pixels(_arithmetic(255.0)) is True
    assert takes_pixels(_arithmetic(2.0)) is None
