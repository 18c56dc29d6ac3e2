"""The reject threshold: the cheapest one on validation, and honest about what it costs."""

from __future__ import annotations

import numpy as np
import pytest

from convert import rejection
from convert.rejection import choose_threshold
from convert.temperature import Scores


def scored(best: list[float]) -> Scores:
    """Probabilities (N, 3) whose class 0 has these scores and whose others share the rest."""
    first = np.array(best)
    return np.stack([first, (1 - first) / 2, (1 - first) / 2], axis=1)


def test_it_parts_digits_from_the_rest_in_the_middle_of_the_gap() -> None:
    found = choose_threshold(scored([0.95, 0.99, 0.9]), np.zeros(3, np.int64), scored([0.4, 0.6, 0.5]))
    assert found.value == pytest.approx(0.75, abs=0.01)
    assert (found.false_reject_rate, found.false_accept_rate) == (0, 0)
    assert f"{rejection.COST:g} times" in found.how


def test_a_digit_turned_away_costs_more_than_a_negative_let_through() -> None:
    digits, false = [0.99] * 9 + [0.6], [0.4] * 9 + [0.9]
    found = choose_threshold(scored(digits), np.zeros(10, np.int64), scored(false))
    assert 0.4 < found.value <= 0.6  # to stop the one negative would cost a digit
    assert (found.false_reject_rate, found.false_accept_rate) == (0, 0.1)


def test_what_is_misread_anyway_may_be_turned_away() -> None:
    truth = np.array([0, 0, 1])
    found = choose_threshold(scored([0.95, 0.9, 0.7]), truth, scored([0.75]))
    assert 0.75 < found.value <= 0.9
    assert found.false_reject_rate == 0


def test_a_given_one_is_kept_and_measured() -> None:
    found = choose_threshold(scored([0.9, 0.6]), np.zeros(2, np.int64), scored([0.5, 0.8]), given=0.7)
    assert (found.value, found.false_reject_rate, found.false_accept_rate) == (0.7, 0.5, 0.5)
    assert found.how == rejection.GIVEN
    bare = choose_threshold(np.zeros((0, 3)), np.zeros(0, np.int64), np.zeros((0, 3)), given=0.0)
    assert (bare.value, bare.false_reject_rate, bare.false_accept_rate) == (0.0, None, None)


@pytest.mark.parametrize("negatives", [np.zeros((0, 3)), scored([0.5])])
def test_without_digits_or_negatives_it_is_assumed(negatives: Scores) -> None:
    found = choose_threshold(np.zeros((0, 3)), np.zeros(0, np.int64), negatives)
    assert found.as_dict() == {
        "value": rejection.DEFAULT_THRESHOLD,
        "how": rejection.ASSUMED,
        "false_reject_rate": None,
        "false_accept_rate": None,
    }


def test_few_negatives_are_let_through_where_that_is_not_dear() -> None:
    """By cost alone the threshold would stay below 0.6: the digits there outweigh the negatives."""
    false = scored([0.4] * 940 + [0.65] * 60)
    few, many = (scored([0.99] * (1000 - count) + [0.6] * count) for count in (15, 25))
    found = choose_threshold(few, np.zeros(1000, np.int64), false)
    assert 0.65 < found.value <= 0.99
    assert (found.false_reject_rate, found.false_accept_rate) == (0.015, 0)
    dear = choose_threshold(many, np.zeros(1000, np.int64), false)
    assert 0.4 < dear.value <= 0.6
    assert (dear.false_reject_rate, dear.false_accept_rate) == (0, 0.06)


def test_where_few_would_be_too_dear_as_few_as_can_be_are_let_through() -> None:
    """By cost alone it would stay below 0.6: the 20 digits there cost 0.1, the 50 negatives between 0.05."""
    digits = scored([0.99] * 960 + [0.8] * 20 + [0.6] * 20)
    found = choose_threshold(digits, np.zeros(1000, np.int64), scored([0.4] * 900 + [0.7] * 50 + [0.9] * 50))
    assert 0.7 < found.value <= 0.8
    assert (found.false_reject_rate, found.false_accept_rate) == (0.02, 0.05)
