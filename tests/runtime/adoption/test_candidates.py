"""The ways to feed a model, run on labeled pictures."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.adoption.candidates import Result, Way, best_by, is_better, try_ways, ways
from runtime.foreign.normalization import SCALES
from runtime.tflite.card import Decision, InputSpec
from runtime.tflite.interpreter import Interpreter
from tests.runtime.adoption.made import COUNT, SIDE, examples, model

SPEC = InputSpec(SIDE, SIDE, 3, color="rgb", framing="whole")
GRAY = InputSpec(28, 28, 1)


def test_what_is_known_is_not_tried() -> None:
    assert len(ways(SPEC, None, False, False)) == 4 * 2 * 2
    assert len(ways(SPEC, SCALES["0..1"], True, True)) == 1
    assert {way.scale.name for way in ways(GRAY, None, False, False)} == {"0..255", "0..1", "-1..1"}
    assert {(way.resize, way.color) for way in ways(GRAY, None, False, False)} == {("stretch", "gray")}


@pytest.mark.parametrize("name", SCALES)
@pytest.mark.parametrize("color", ["rgb", "bgr"])
def test_the_right_way_has_the_least_loss(name: str, color: str) -> None:
    order = (0, 1, 2) if color == "rgb" else (2, 1, 0)
    pictures = examples()
    interpreter = Interpreter.load(model(SCALES[name], order))
    results = try_ways(interpreter, SPEC, Decision(), pictures, ways(SPEC, None, True, False))
    best = best_by(results, "scale", pictures.truth)[0]
    assert (best.way.scale.name, best.way.color) == (name, color)
    assert best.right(pictures.truth) > 0.75 * COUNT
    assert is_better(best, best_by(results, "scale", pictures.truth)[1], pictures.truth)
    assert is_better(best, best_by(results, "color", pictures.truth)[1], pictures.truth)


def test_a_paired_standard_error_decides() -> None:
    truth = np.zeros(20, np.int64)
    chance = np.random.default_rng(0)

    def result(values: NDArray[np.float64]) -> Result:
        scores = np.stack([values, 1 - values], axis=1).astype(np.float32)
        return Result(Way(SCALES["0..1"], "stretch", "gray"), scores, np.arange(20))

    base = chance.uniform(0.3, 0.9, 20)
    assert is_better(result(base + 0.05), result(base), truth)
    assert not is_better(result(base), result(base + 0.05), truth)
    assert not is_better(result(base), result(base), truth)
    noisy = np.where(np.arange(20) % 2, base + 0.09, base - 0.09)
    assert not is_better(result(noisy), result(base), truth)
