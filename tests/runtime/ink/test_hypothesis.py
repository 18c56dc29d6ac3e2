"""What the model takes a part of a page for."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runtime.classifier import Classifier
from runtime.ink.hypothesis import SCORE_FLOOR, Hypothesis, ReadingContext
from runtime.ink.page import segment_page
from tests.runtime.ink.drawing import page


def test_the_pixels_of_a_mask_are_classified_and_boxed(shipped: Classifier) -> None:
    found = segment_page(page(["74"], 80))
    assert found is not None
    context = ReadingContext(found, shipped.card.input, shipped.scores, 0.5)
    for component, label in zip(sorted(found.components, key=lambda c: c.x), "74", strict=True):
        one = context.classify(found.labels == component.label, 0, 0)
        assert one is not None
        assert shipped.card.labels[one.index] == label
        assert (one.x, one.y, one.w, one.h) == (component.x, component.y, component.w, component.h)
        assert one.score > 0.5


def test_an_empty_mask_is_nothing(shipped: Classifier) -> None:
    found = segment_page(page(["7"], 80))
    assert found is not None
    context = ReadingContext(found, shipped.card.input, shipped.scores, 0.5)
    assert context.classify(np.zeros((20, 20), np.bool_), 3, 4) is None


@pytest.mark.parametrize(("score", "floored"), [(0.5, 0.5), (0.0, SCORE_FLOOR)])
def test_the_log_score_has_a_floor(score: float, floored: float) -> None:
    assert Hypothesis(0, 0, 1, 1, 0, score).log_score == math.log(floored)
