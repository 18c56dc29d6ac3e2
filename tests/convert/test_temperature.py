"""Temperature and calibration error."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from convert.temperature import fit_temperature, log_scores, negative_log_likelihood
from runtime.tflite.card import Decision
from runtime.tflite.interpreter import TensorInfo
from runtime.tflite.tensors import to_probabilities
from workbench.metrics import expected_calibration_error, softmax

INT8 = np.dtype(np.int8)
PROBABILITIES = TensorInfo((1, 3), INT8, 1 / 256, -128)
LOGITS = TensorInfo((1, 3), INT8, 0.1, 4)
FLOATS = TensorInfo((1, 3), np.dtype(np.float32), 0.0, 0)


def _drawn(n: int, temperature: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Scores, and truths drawn from softmax(scores / temperature): that temperature is the right one."""
    random = np.random.default_rng(0)
    scores = random.normal(0, 4, (n, 5))
    chances = softmax(scores / temperature).cumsum(axis=1)
    return scores, (random.random((n, 1)) > chances).sum(axis=1).clip(0, 4)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_fit_finds_the_temperature_that_the_truths_were_drawn_with(temperature: float) -> None:
    scores, truth = _drawn(20_000, temperature)
    fitted = fit_temperature(scores, truth)
    assert fitted == pytest.approx(temperature, rel=0.05)
    least = negative_log_likelihood(scores, truth, fitted)
    assert least < negative_log_likelihood(scores, truth, fitted * 1.05)
    assert least < negative_log_likelihood(scores, truth, fitted / 1.05)


@pytest.mark.parametrize(("n", "changes"), [(499, False), (500, True)])
def test_fit_needs_500_images(n: int, changes: bool) -> None:
    assert (fit_temperature(*_drawn(n, 3.0)) != 1.0) is changes


def test_fit_lowers_the_calibration_error() -> None:
    scores, truth = _drawn(5000, 3.0)
    before = expected_calibration_error(softmax(scores), truth)
    after = expected_calibration_error(softmax(scores / fit_temperature(scores, truth)), truth)
    assert before > 0.1
    assert after < 0.03


def test_negative_log_likelihood_by_hand() -> None:
    scores = np.log([[0.5, 0.5], [0.25, 0.75]])
    expected = -(np.log(0.5) + np.log(0.75)) / 2
    assert negative_log_likelihood(scores, np.array([0, 1]), 1.0) == pytest.approx(expected)


def test_expected_calibration_error_by_hand() -> None:
    """Bins of a fifth: two at 0.9 of which one is right (gap 0.4), one at 0.6 that is right (gap 0.4)."""
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6]])
    assert expected_calibration_error(probabilities, np.array([0, 1, 1]), bins=5) == pytest.approx(0.4)
    assert expected_calibration_error(np.array([[1.0, 0.0]]), np.array([0])) == 0.0


@pytest.mark.parametrize(
    ("info", "output", "raw"),
    [
        (PROBABILITIES, "probabilities", [127, -128, -127]),
        (PROBABILITIES, "probabilities", [0, -10, -118]),
        (LOGITS, "logits", [-128, 4, 127]),
        (FLOATS, "logits", [-3.5, 0.0, 7.25]),
        (FLOATS, "probabilities", [0.25, 0.75, 0.0]),
    ],
)
def test_scores_are_what_the_device_divides(info: TensorInfo, output: str, raw: list[float]) -> None:
    tensor = np.array([raw], info.dtype)
    here = softmax(log_scores(tensor, info, output) / 1.7)[0]
    there = to_probabilities(tensor, info, Decision(output, temperature=1.7))
    np.testing.assert_allclose(here, there, atol=1e-5)
