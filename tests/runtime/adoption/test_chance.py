"""Better than chance, or not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runtime.adoption.chance import blind_to, chance_of, tail


def test_the_tail_of_a_binomial() -> None:
    assert tail(0, 5, 0.3) == pytest.approx(1.0)
    assert tail(5, 5, 0.5) == pytest.approx(1 / 32)
    assert tail(9, 10, 0.5) == pytest.approx(11 / 1024)


def test_a_model_that_always_says_one_class_is_chance() -> None:
    truth = np.array([0] * 12 + [1] * 8)
    answers = np.zeros(20, np.int64)
    assert chance_of(truth, answers, 1000) == pytest.approx(0.6)
    assert tail(12, 20, chance_of(truth, answers, 1000)) > 0.5


def test_a_good_model_of_many_classes_is_not() -> None:
    truth = np.array([3] * 10 + [500] * 10)
    answers = np.array([3] * 8 + [7, 9] + [500] * 7 + [1, 2, 4])
    assert tail(15, 20, chance_of(truth, answers, 1000)) < 0.01


def test_a_class_that_is_never_read() -> None:
    truth = np.array([0] * 10 + [1] * 10 + [2] * 10)
    answers = np.where(truth == 2, 0, truth)
    assert blind_to(truth, answers) == [(2, 10)]
    assert blind_to(truth[:22], answers[:22]) == []  # 2 pictures of it prove nothing
    assert blind_to(truth, truth) == []


@pytest.mark.parametrize(("right", "of", "chance"), [(0, 10_000, 0.1), (1_000, 10_000, 0.1), (10_000, 10_000, 0.1)])
def test_the_tail_of_a_whole_test_set_is_a_number(right: int, of: int, chance: float) -> None:
    assert 0 <= tail(right, of, chance) <= 1
    assert tail(1_000, of, chance) == pytest.approx(0.5, abs=0.02)


def test_the_tail_is_the_sum_of_its_terms() -> None:
    for of in (1, 7, 40):
        for right in range(of + 1):
            terms = sum(math.comb(of, k) * 0.3**k * 0.7 ** (of - k) for k in range(right, of + 1))
            assert tail(right, of, 0.3) == pytest.approx(terms)
    assert [tail(right, 5, 1.0) for right in (0, 5)] == [1.0, 1.0]
    assert [tail(right, 5, 0.0) for right in (0, 1)] == [1.0, 0.0]
