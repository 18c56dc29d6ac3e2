"""Figures about scores, by known values and by properties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench.metrics import balanced_sample, expected_calibration_error, mcnemar, reliability_bins, softmax

SCORES = np.random.default_rng(0).normal(0, 5, (50, 4))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_keeps_the_dtype_and_sums_to_one(dtype: Any) -> None:
    found = softmax(SCORES.astype(dtype))
    assert found.dtype == dtype
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(found, np.exp(SCORES) / np.exp(SCORES).sum(axis=1, keepdims=True), rtol=1e-4)


def test_softmax_bears_large_scores() -> None:
    np.testing.assert_array_equal(softmax(np.array([[1e4, 0.0], [-1e4, -1e4]])), [[1, 0], [0.5, 0.5]])


def test_a_temperature_divides_the_logits() -> None:
    np.testing.assert_allclose(softmax(SCORES, 3.0), softmax(SCORES / 3.0), atol=1e-12)
    np.testing.assert_array_equal(softmax(SCORES, 1.0), softmax(SCORES))


def test_calibration_error_by_hand() -> None:
    # 0.9 is right in 1 of 2, 0.6 in 2 of 2: (2 * 0.4 + 2 * 0.4) / 4
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    truth = np.array([0, 1, 0, 0])
    assert expected_calibration_error(probabilities, truth, bins=10) == pytest.approx(0.4)
    bins = reliability_bins(probabilities, truth, bins=10)
    np.testing.assert_allclose(bins.confidence, [0.6, 0.9])
    np.testing.assert_allclose(bins.accuracy, [1.0, 0.5])
    assert bins.counts.tolist() == [2, 2]


def test_confidence_at_the_ends_has_a_bin() -> None:
    certain = reliability_bins(np.array([[1.0, 0.0], [0.0, 1.0]], np.float32), np.array([0, 1]))
    assert (certain.counts.tolist(), certain.error) == ([2], 0)


LABELS = np.random.default_rng(1).permutation(np.repeat(np.arange(3), (40, 4, 40)))


def test_a_sample_is_balanced_and_a_class_that_runs_out_leaves_its_turns() -> None:
    chosen = balanced_sample(LABELS, 30, np.random.default_rng(0))
    assert np.bincount(LABELS[chosen]).tolist() == [13, 4, 13]
    assert len(set(chosen.tolist())) == 30
    assert np.bincount(LABELS[chosen[:12]]).tolist() == [4, 4, 4]  # drawn in turns


def test_a_sample_is_drawn_by_its_seed() -> None:
    first, again, other = (balanced_sample(LABELS, 20, np.random.default_rng(seed)).tolist() for seed in (1, 1, 2))
    assert first == again != other
    assert len(balanced_sample(LABELS, 500, np.random.default_rng(0))) == len(LABELS)


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"),
    [(0, 0, 1.0), (1, 0, 1.0), (5, 5, 1.0), (8, 1, 20 / 512), (1, 8, 20 / 512), (10, 0, 2 / 1024)],
)
def test_mcnemar_is_the_binomial_tail_on_both_sides(only_first: int, only_second: int, p: float) -> None:
    first = np.array([True] * (20 + only_first) + [False] * (only_second + 7))
    second = np.array([True] * 20 + [False] * only_first + [True] * only_second + [False] * 7)
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (only_first, only_second)
    assert found.p == pytest.approx(p)


def test_a_bin_is_a_mean_of_its_images() -> None:
    probabilities = np.array([[0.9, 0.1], [0.92, 0.08], [0.4, 0.6], [1, 0]], np.float32)
    found = reliability_bins(probabilities, np.array([0, 1, 1, 0]))
    np.testing.assert_allclose(found.confidence, [0.6, 0.91, 1.0], atol=1e-6)
    np.testing.assert_allclose(found.accuracy, [1.0, 0.5, 1.0])
    np.testing.assert_array_equal(found.counts, [1, 2, 1])
    assert found.error == expected_calibration_error(probabilities, np.array([0, 1, 1, 0]))
