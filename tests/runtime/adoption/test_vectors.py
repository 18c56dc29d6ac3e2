"""Golden vectors of the product's own patterns."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.adoption.vectors import BYTES, make_vectors, patterns
from runtime.tflite.card import InputSpec
from runtime.tflite.interpreter import Interpreter
from tests.runtime.foreign.build import classifier


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (32, 20, 3), (224, 224, 3)])
def test_patterns_differ_and_are_the_same_at_every_call(shape: tuple[int, int, int]) -> None:
    made = patterns(shape)
    assert {(one.shape, one.dtype) for one in made} == {(shape, np.dtype(np.uint8))}
    assert len({one.tobytes() for one in made}) == len(made) == 5
    assert all(np.array_equal(one, other) for one, other in zip(made, patterns(shape), strict=True))


def test_large_models_get_fewer() -> None:
    spec = InputSpec(8, 8, 3, color="rgb", framing="whole", std=(255.0,))
    vectors = make_vectors(Interpreter.load(classifier()), spec)
    assert len(vectors) == 5
    assert len({vector.output for vector in vectors}) > 1
    large = InputSpec(320, 320, 3, color="rgb", framing="whole", std=(255.0,))
    (vector,) = make_vectors(Interpreter.load(classifier((1, 320, 320, 3))), large)
    assert len(vector.input) == 320 * 320 * 3 > BYTES
