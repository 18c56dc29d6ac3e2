"""Every recipe, layer by layer, and how it is trained."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest

from runtime.errors import OptionError
from train.models.recipes import DEFAULT, RECIPES, build, recipe_named

CONV_BLOCK = ["Conv2D", "BatchNormalization", "ReLU"]
ADDED = ["Conv2D", "BatchNormalization", "Add", "ReLU"]
PLACED = ["DepthwiseConv2D", "BatchNormalization", "Flatten"]
RESIDUAL = [*CONV_BLOCK * 2, *ADDED * 2, *CONV_BLOCK, *ADDED, *PLACED, "Dense"]
# name: layers, (units, activation) of each Dense, parameters for 28x28x1 and 10 classes
ARCHITECTURES: dict[str, tuple[list[str], list[tuple[int, str]], int]] = {
    "mlp-128": (["Flatten", "Dense", "Dense"], [(128, "relu"), (10, "softmax")], 101_770),
    "mlp-dropout": (
        ["Flatten", "Dense", "Dropout", "Dense", "Dropout", "Dense"],
        [(128, "relu"), (64, "relu"), (10, "linear")],
        109_386,
    ),
    "mlp-128-64": (["Flatten", *["Dense"] * 3], [(128, "relu"), (64, "relu"), (10, "softmax")], 109_386),
    "mlp-128-128": (["Flatten", *["Dense"] * 3], [(128, "relu"), (128, "relu"), (10, "softmax")], 118_282),
    "cnn": (RESIDUAL, [(10, "linear")], 109_962),
    "cnn-clean": (RESIDUAL, [(10, "linear")], 109_962),
    "cnn-large": (
        [*CONV_BLOCK, *ADDED, *CONV_BLOCK, *ADDED * 2, *CONV_BLOCK, *ADDED * 2, *PLACED, "Dense"],
        [(10, "linear")],
        480_938,
    ),
    "cnn-tiny": ([*CONV_BLOCK * 4, *PLACED, "Dense"], [(10, "linear")], 14_318),
}
# name: epochs, batch size, learning rate, output, validation share, patience, augment, exposure, schedule,
# weight decay
TRAINING: dict[str, tuple[Any, ...]] = {
    "mlp-128": (6, 128, 1e-3, "probabilities", 0, None, False, False, "constant", 0),
    "mlp-dropout": (5, 32, 1e-3, "logits", 0, None, False, False, "constant", 0),
    "mlp-128-64": (50, 32, 1e-3, "probabilities", 0.2, 5, False, False, "constant", 0),
    "mlp-128-128": (3, 32, 1e-3, "probabilities", 0, None, False, False, "constant", 0),
    "cnn": (40, 128, 0.1, "logits", 2500 / 60000, None, True, True, "cosine", 5e-3),
    "cnn-clean": (42, 128, 0.1, "logits", 2500 / 60000, None, True, False, "cosine", 5e-3),
    "cnn-large": (14, 128, 0.1, "logits", 2500 / 60000, None, True, False, "cosine", 5e-3),
    "cnn-tiny": (72, 128, 0.1, "logits", 2500 / 60000, None, True, True, "cosine", 5e-3),
}


def kinds(model: Any) -> list[str]:
    """Of its layers, but for the input, which a Sequential model does not count."""
    return [kind for layer in model.layers if (kind := type(layer).__name__) != "InputLayer"]


def test_the_tables_cover_the_registry() -> None:
    assert set(RECIPES) == set(ARCHITECTURES) == set(TRAINING)
    assert DEFAULT == "cnn"


@pytest.mark.parametrize("name", RECIPES)
def test_layers_and_parameters(name: str) -> None:
    layers, dense, parameters = ARCHITECTURES[name]
    model = build(RECIPES[name], (28, 28, 1), 10)
    assert kinds(model) == ["Rescaling", *layers]
    assert next(layer for layer in model.layers if hasattr(layer, "scale")).scale == pytest.approx(1 / 255)
    found = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert [(layer.units, layer.activation.__name__) for layer in found] == dense
    assert model.count_params() == parameters
    assert model.input_shape == (None, 28, 28, 1)
    assert model.output_shape == (None, 10)


@pytest.mark.parametrize(("side", "head"), [(32, "DepthwiseConv2D"), (64, "GlobalAveragePooling2D")])
def test_in_large_pictures_a_filter_counts_alike_everywhere(side: int, head: str) -> None:
    model = build(RECIPES["cnn"], (side, side, 3), 4)
    assert (head in kinds(model), model.output_shape) == (True, (None, 4))
    assert model.count_params() < 112_000


@pytest.mark.parametrize("name", RECIPES)
def test_how_it_is_trained(name: str) -> None:
    fields = [field.name for field in dataclasses.fields(RECIPES[name])][2:-1]
    assert tuple(getattr(RECIPES[name], field) for field in fields) == TRAINING[name]


@pytest.mark.parametrize("name", RECIPES)
def test_output_is_what_the_recipe_says(name: str) -> None:
    model = build(RECIPES[name], (28, 28, 1), 10)
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28, 1), dtype=np.uint8)
    sums = np.asarray(model(images, training=False)).sum(axis=1)
    assert np.allclose(sums, 1, atol=1e-5) == (RECIPES[name].output == "probabilities")


def test_dropout_is_a_fifth() -> None:
    model = build(RECIPES["mlp-dropout"], (28, 28, 1), 10)
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.2, 0.2]


def test_cnn_convolutions() -> None:
    model = build(RECIPES["cnn"], (28, 28, 1), 10)
    found = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert [(layer.filters, layer.strides[0], layer.kernel_size) for layer in found] == [
        (16, 2, (3, 3)),
        *[(32, 1, (3, 3))] * 3,
        (80, 2, (3, 3)),
        (80, 1, (3, 3)),
    ]
    assert not any(layer.use_bias for layer in found)
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert [layer.momentum for layer in norms] == [0.9] * 7
    assert {type(layer.kernel_initializer).__name__ for layer in found} == {"HeNormal"}


@pytest.mark.parametrize("name", RECIPES)
def test_other_sizes_colors_and_classes(name: str) -> None:
    model = build(RECIPES[name], (33, 48, 3), 4)
    assert model(np.zeros((2, 33, 48, 3), np.uint8), training=False).shape == (2, 4)


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(OptionError, match=r"expected one of cnn, cnn-tiny, mlp-128, .*; received 'resnet'"):
        recipe_named("resnet")
