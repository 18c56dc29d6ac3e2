"""Answers are values: equal where their fields are, and not to be changed."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from runtime.results import Candidate, Prediction, Reading, Region

SEVEN = Candidate("7", 7, 0.99)
VALUES = [
    SEVEN,
    Prediction("7", 7, 0.99, None, (SEVEN,), (1, 2, 30, 40), 0.5, 0.1),
    Region((1, 2, 30, 40), "7", 0.99),
    Reading("7", (Region((1, 2, 30, 40), "7", 0.99),), 0.5, 0.1),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_equals_its_copy_and_cannot_be_changed(value: Candidate | Prediction | Region | Reading) -> None:
    name = dataclasses.fields(value)[0].name
    other: dict[str, Any] = {name: "other"}
    assert dataclasses.replace(value) == value
    assert hash(dataclasses.replace(value)) == hash(value)
    assert dataclasses.replace(value, **other) != value
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, "other")
