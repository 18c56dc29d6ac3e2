"""What framings share."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.framing.base import Prepared, read_one

LABELS = ("cat", "dog")
PIXELS = np.zeros((2, 2, 1), np.uint8)


def scores(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.array([0.7, 0.3], np.float32)


def test_one_subject_is_one_region() -> None:
    ((region,),) = read_one(Prepared(PIXELS, (1, 2, 3, 4)), scores, LABELS, 0.6)
    assert (region.box, region.label) == ((1, 2, 3, 4), "cat")
    assert region.score == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("prepared", "threshold"),
    [(None, 0.0), (Prepared(PIXELS, (0, 0, 1, 1)), 0.8), (Prepared(PIXELS, (0, 0, 1, 1), is_single=False), 0.0)],
)
def test_nothing_or_an_unsure_subject_is_no_region(prepared: Prepared | None, threshold: float) -> None:
    assert read_one(prepared, scores, LABELS, threshold) == []
