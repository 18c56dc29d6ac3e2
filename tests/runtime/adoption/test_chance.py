"""Better than chance, or not."""

from __future__ import annotations

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
