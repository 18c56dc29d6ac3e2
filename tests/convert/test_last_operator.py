"""What scores are, by the last operator of real conversions."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from convert import worker
from convert.last_operator import output_kind
from convert.load import Source

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 6, 6, 1), np.uint8)


@pytest.mark.parametrize("quantization", ["int8", "float32", "dynamic"])
@pytest.mark.parametrize(
    ("last", "kind"),
    [
        ("softmax", "probabilities"),
        ("sigmoid", "sigmoid"),
        ("log_softmax", "log-probabilities"),
        ("linear", ""),
        ("relu", ""),
    ],
)
def test_the_last_operator_says_it(last: str, kind: str, quantization: str) -> None:
    assert output_kind(_converted(layers.Dense(3, activation=last), quantization)) == kind


def test_changes_of_form_are_passed_over() -> None:
    def reshaped(x: Any) -> Any:
        return ops.reshape(layers.Dense(4, activation="softmax")(x), (-1, 2, 2))

    assert output_kind(_converted(reshaped, "float32")) == "probabilities"


def _converted(last: Any, quantization: str) -> bytes:
    pixels = keras.Input((6, 6, 1))
    model = keras.Model(pixels, last(layers.Flatten()(pixels / 255.0)))
    source = Source(lambda x: model(x, training=False), model, (6, 6, 1), True)
    return worker.convert(source, (6, 6, 1), quantization, IMAGES)
