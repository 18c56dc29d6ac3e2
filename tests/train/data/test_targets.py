"""Target distributions."""

from __future__ import annotations

import numpy as np

from train.data.targets import one_hot, uniform


def test_one_hot() -> None:
    targets = one_hot(np.array([2, 0]), 3)
    np.testing.assert_array_equal(targets, [[0, 0, 1], [1, 0, 0]])
    assert targets.dtype == np.float32
    assert one_hot(np.zeros(0, np.int64), 3).shape == (0, 3)


def test_uniform() -> None:
    np.testing.assert_allclose(uniform(2, 4), 0.25)
    assert uniform(2, 4).dtype == np.float32
    assert uniform(0, 4).shape == (0, 4)
