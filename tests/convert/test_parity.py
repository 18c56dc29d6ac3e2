"""Parity on arrays small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from convert.parity import ClassRow, Disagreement, Limits, compare, output_activation, violations
from runtime.errors import ModelError, ModelMismatch

LABELS = ("cat", "dog", "owl")
TRUTH = np.array([0, 0, 1, 1], np.int64)
#                      right             right             wrong             right
KERAS = np.array([[0.8, 0.1, 0.1], [0.6, 0.4, 0.0], [0.7, 0.2, 0.1], [0.0, 1.0, 0.0]], np.float32)
#                      right             wrong             right             right
TFLITE = np.array([[0.9, 0.1, 0.0], [0.4, 0.6, 0.0], [0.3, 0.6, 0.1], [0.0, 1.0, 0.0]], np.float32)


def test_compare_by_hand() -> None:
    found = compare(KERAS, TFLITE, TRUTH, LABELS)
    assert (found.n, found.float_accuracy, found.quantized_accuracy, found.drop) == (4, 0.75, 0.75, 0.0)
    assert found.agreement == 0.5
    assert found.max_difference == pytest.approx(0.4)
    assert found.classes == (
        ClassRow("cat", 2, 1.0, 0.5, 0.5),
        ClassRow("dog", 2, 0.5, 1.0, 0.5),
        ClassRow("owl", 0, None, None, None),
    )
    assert found.disagreements == (
        Disagreement(1, "cat", "cat", 0.6, "dog", 0.6),
        Disagreement(2, "dog", "cat", 0.7, "dog", 0.6),
    )


def test_a_model_agrees_with_itself() -> None:
    found = compare(KERAS, KERAS, TRUTH, LABELS)
    assert (found.drop, found.agreement, found.max_difference, found.disagreements) == (0.0, 1.0, 0.0, ())


def test_a_gain_is_a_negative_drop() -> None:
    better = np.where(np.arange(4)[:, np.newaxis] == 2, TFLITE, KERAS)
    assert compare(KERAS, better, TRUTH, LABELS).drop == -0.25


def _with_wrong(wrong: int, n: int = 1000) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Keras right on 900 of n; the .tflite wrong on `wrong` of these, and as Keras on the rest."""
    truth = np.zeros(n, np.int64)
    keras = np.tile(np.array([1, 0], np.float32), (n, 1))
    keras[900:] = (0, 1)
    tflite = keras.copy()
    tflite[:wrong] = (0, 1)
    return keras, tflite, truth


@pytest.mark.parametrize(("wrong", "missed"), [(0, 0), (2, 0), (3, 2)])
def test_limits_are_met_at_exactly_their_value(wrong: int, missed: int) -> None:
    """0.9 - 0.898 in floating point is above 0.002; 2 of 1000 is not."""
    found = compare(*_with_wrong(wrong), ("a", "b"))
    assert len(violations(found, Limits(0.002, 0.998))) == missed


@pytest.mark.parametrize(("n", "wrong", "missed"), [(50, 3, 0), (50, 4, 2), (3000, 6, 0), (3000, 7, 2)])
def test_limits_of_a_small_test_set_are_counts(n: int, wrong: int, missed: int) -> None:
    """3 images may differ, or 0.002 of the images where that is more."""
    truth = np.zeros(n, np.int64)
    keras = np.tile(np.array([1, 0], np.float32), (n, 1))
    tflite = keras.copy()
    tflite[:wrong] = (0, 1)
    assert len(violations(compare(keras, tflite, truth, ("a", "b")), Limits())) == missed


def test_misses_say_by_how_much() -> None:
    drop, agreement = violations(compare(*_with_wrong(12), ("a", "b")), Limits(0.002, 0.998))
    assert drop == "accuracy drops by 0.0120 (0.9000 to 0.8880), 0.0100 more than the 0.002 allowed"
    assert agreement == ("top-1 agreement is 0.9880 (12 of 1000 pictures differ), 0.0100 less than the 0.998 required")


@pytest.mark.parametrize(
    ("outputs", "kind"),
    [
        ([[0.2, 0.8], [1.0, 0.0]], "probabilities"),
        ([[0.2, 0.8], [0.9, 0.2]], "logits"),
        ([[-0.5, 1.5], [0.5, 0.5]], "logits"),
        ([[3.0, -2.0], [0.0, 0.0]], "logits"),
    ],
)
def test_output_kind(outputs: list[list[float]], kind: str) -> None:
    assert output_activation(np.array(outputs, np.float32)) == kind


def test_output_kind_refuses_one_score_and_nan() -> None:
    with pytest.raises(
        ModelMismatch, match=r"one score for each of 2 or more classes; received outputs of shape \(1,\)"
    ):
        output_activation(np.zeros((3, 1), np.float32))
    with pytest.raises(ModelError, match="nan or infinite scores for 1 of 2 test images"):
        output_activation(np.array([[np.nan, 0], [1, 0]], np.float32))
