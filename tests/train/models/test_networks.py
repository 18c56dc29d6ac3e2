"""Words become layers."""

from __future__ import annotations

import pytest

from runtime.errors import OptionError
from train.models.networks import is_step, network


@pytest.mark.parametrize(
    ("steps", "kinds", "parameters"),
    [
        ("8/2", "Conv2D BatchNormalization ReLU GlobalAveragePooling2D Dense", 9 * 8 + 4 * 8 + 9 * 10),
        ("8k5 flat", "Conv2D BatchNormalization ReLU Flatten Dense", 25 * 8 + 32 + (28 * 28 * 8 + 1) * 10),
        (
            "8/2 p gdc",
            "Conv2D BatchNormalization ReLU MaxPooling2D DepthwiseConv2D BatchNormalization Flatten Dense",
            72 + 32 + 49 * 8 + 32 + 90,
        ),
        ("8 p", "Conv2D BatchNormalization ReLU MaxPooling2D GlobalAveragePooling2D Dense", 72 + 32 + 90),
        (
            "s16/2",
            "DepthwiseConv2D BatchNormalization ReLU Conv2D BatchNormalization ReLU GlobalAveragePooling2D Dense",
            9 + 4 + 16 + 64 + 170,
        ),
        (
            "8 r",
            "Conv2D BatchNormalization ReLU Conv2D BatchNormalization Add ReLU GlobalAveragePooling2D Dense",
            72 + 32 + 9 * 64 + 32 + 90,
        ),
    ],
)
def test_words_become_layers(steps: str, kinds: str, parameters: int) -> None:
    model = network(steps, (28, 28, 1), 10)
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Rescaling", *kinds.split()]
    assert model.count_params() == parameters
    assert model.output_shape == (None, 10)


def test_strides_and_pooling_halve() -> None:
    model = network("4/2 s4/2 4 p flat", (28, 28, 3), 2)
    assert model.layers[-2].output.shape == (None, 3 * 3 * 4)


@pytest.mark.parametrize(("side", "head"), [(32, "DepthwiseConv2D"), (33, "GlobalAveragePooling2D")])
def test_weights_by_place_are_for_small_pictures(side: int, head: str) -> None:
    model = network("4/2 4/2 gdc", (side, side, 1), 2)
    assert head in [type(layer).__name__ for layer in model.layers]
    assert model.output_shape == (None, 2)


def test_a_word_that_names_no_layer() -> None:
    assert not is_step("16x")
    with pytest.raises(OptionError, match=r"expected a step such as 16.*; received '16x'"):
        network("8 16x", (28, 28, 1), 10)
