"""The floor under a conversion: chance, classes that are never read, scores that never pass."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from convert.chance import Quality, chance_level, faults, measure, warnings, wilson

LABELS = tuple("abc")


def _faults(
    predicted: NDArray[np.int64], truth: NDArray[np.int64], labels: tuple[str, ...] = LABELS, score: float = 0.9
) -> tuple[str, ...]:
    scores = np.full(len(truth), score)
    return faults(predicted, truth, labels, measure(predicted, truth, scores, 0.5), score)


def _truth(counts: list[int]) -> NDArray[np.int64]:
    return np.repeat(np.arange(len(counts)), counts)


@pytest.mark.parametrize("counts", [[30, 30, 30], [90, 5, 5], [4, 4]], ids=str)
def test_one_answer_for_everything_is_chance(counts: list[int]) -> None:
    truth = _truth(counts)
    (fault,) = _faults(np.zeros_like(truth), truth, tuple("abc")[: len(counts)])
    assert f"reads {counts[0]} of {len(truth)} test images right, no better than chance" in fault


@pytest.mark.parametrize("seed", range(20))
def test_guessing_is_chance_and_a_poor_model_is_not(seed: int) -> None:
    random = np.random.default_rng(seed)
    truth = random.integers(0, 3, 300)
    guesses = random.integers(0, 3, 300)
    poor = np.where(random.random(300) < 0.3, truth, guesses)  # 53 %
    assert len(_faults(guesses, truth)) == 1 or chance_level(guesses, truth) < (guesses == truth).mean()
    assert _faults(poor, truth) == ()


def test_labels_moved_by_one_are_told() -> None:
    truth = _truth([30, 30, 30])
    (fault,) = _faults((truth + 1) % 3, truth)
    assert fault.startswith("it reads 0 of 90 test images right")
    assert "with the labels moved by one it reads 90: are these its classes, in this order?" in fault


def test_a_class_that_is_never_read_is_named() -> None:
    truth = _truth([30, 30, 30])
    predicted = np.where(truth == 1, 2, truth)
    assert _faults(predicted, truth) == ("it never reads b (0 of 30) rightly",)


def test_a_rare_class_of_a_large_set_may_be_missed() -> None:
    """Of 1,000 classes with one image each some are always missed."""
    truth = np.arange(1000)
    predicted = np.where(truth % 10 == 0, (truth + 1) % 1000, truth)
    assert _faults(predicted, truth, tuple(map(str, range(1000)))) == ()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_too_few_images_to_tell_are_no_fault(n: int) -> None:
    truth = np.arange(n) % 3
    assert _faults(truth, truth) == ()


def test_scores_below_the_threshold_are_a_fault_and_few_above_it_a_warning() -> None:
    truth = _truth([30, 30, 30])
    (fault,) = _faults(truth, truth, score=0.204)
    assert "no score reaches the reject threshold (the highest of 90 is 0.204)" in fault
    scores = np.where(np.arange(90) < 10, 0.9, 0.2)
    quality = measure(truth, truth, scores, 0.5)
    assert (quality.answered, quality.answered_correct) == (10, 10)
    assert faults(truth, truth, LABELS, quality, 0.9) == ()
    (warning,) = warnings(quality)
    assert '"unsure" to 80 of 90 test images' in warning
    assert warnings(measure(truth, truth, np.full(90, 0.5), 0.5)) == ()  # at the threshold is past it


def test_wilson_by_known_values() -> None:
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998, table I
    assert wilson(1, 1)[1] == 1.0


def test_the_line_for_a_person() -> None:
    quality = Quality(1000, 974, 0.9622, 0.9822, 950, 940)
    assert str(quality) == (
        "The model reads 974 of 1,000 test images right: 97.40% (95 % interval 96.22% to 98.22%); past the reject "
        "threshold 940 right and 10 wrong"
    )
