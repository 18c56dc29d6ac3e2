"""The running mean of the weights: beside the weights while a run goes on, in the model it ends with."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest

from train.models.recipes import RECIPES
from train.optimizer import AveragingSGD, averaged, optimizer_for

STEPS = 10


def one_weight(optimizer: keras.optimizers.Optimizer) -> keras.Model:
    """y = w x, to be fitted to y = 5 x from w = 0."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile(optimizer, "mse")
    return model


def fit(model: keras.Model, epochs: int) -> None:
    x = np.ones((STEPS, 1), np.float32)
    for _ in range(epochs):
        model.fit(x, 5 * x, batch_size=1, verbose=0, shuffle=False)


def weight(model: keras.Model) -> float:
    return float(model.get_weights()[0].item())


def test_the_mean_lags_behind_and_leaves_the_weights_alone(tmp_path: Path) -> None:
    plain = one_weight(keras.optimizers.SGD(0.02))
    model = one_weight(AveragingSGD(0.02, use_ema=True, ema_momentum=0.9))
    fit(plain, 2)
    fit(model, 2)
    assert weight(model) == pytest.approx(weight(plain), rel=1e-5)  # fit's end has not overwritten it
    model.save(tmp_path / "model.keras")
    mean = averaged(keras.models.load_model(tmp_path / "model.keras"))
    assert 0 < weight(mean) < weight(model)


def test_the_mean_is_the_exponential_one() -> None:
    model = one_weight(AveragingSGD(0.02, use_ema=True, ema_momentum=0.9))
    x = np.ones((1, 1), np.float32)
    expected = None
    for _ in range(6):
        model.train_on_batch(x, 5 * x)
        expected = weight(model) if expected is None else 0.9 * expected + 0.1 * weight(model)
    assert expected is not None
    assert weight(averaged(model)) == pytest.approx(expected, rel=1e-4)


def test_without_averaging_the_model_is_what_it_was() -> None:
    model = one_weight(optimizer_for(RECIPES["mlp-128"], STEPS))
    fit(model, 1)
    before = weight(model)
    assert weight(averaged(model)) == before


def test_how_far_back_the_mean_looks_depends_on_the_length_of_the_run() -> None:
    long, short = (
        optimizer_for(dataclasses.replace(RECIPES["cnn"], epochs=epochs), STEPS).ema_momentum for epochs in (100, 1)
    )
    assert long == pytest.approx(np.exp(-1 / 30))
    assert short == pytest.approx(np.exp(-1))


def test_the_rate_warms_up_and_falls_to_nothing() -> None:
    recipe = dataclasses.replace(RECIPES["cnn"], epochs=3)
    rate = optimizer_for(recipe, STEPS).get_config()["learning_rate"]
    schedule = keras.optimizers.schedules.deserialize(rate)
    rates = [float(schedule(step)) for step in range(3 * STEPS + 1)]
    assert rates[0] == pytest.approx(0.05 * recipe.learning_rate)
    assert max(rates) == pytest.approx(rates[STEPS]) == pytest.approx(recipe.learning_rate)
    assert rates[-1] == pytest.approx(0, abs=1e-9)
    assert rates[STEPS:] == sorted(rates[STEPS:], reverse=True)
