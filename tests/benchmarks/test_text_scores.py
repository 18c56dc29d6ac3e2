"""What counts as an edit, and as a row read exactly."""

from __future__ import annotations

import pytest

from benchmarks.text_scores import digits_of, distance, exact_rows


@pytest.mark.parametrize(
    ("a", "b", "edits"),
    [
        ("", "", 0),
        ("12", "12", 0),
        ("12", "13", 1),
        ("12", "1", 1),
        ("12/3", "123", 1),
        ("", "45", 2),
        ("123", "231", 2),
    ],
)
def test_edits(a: str, b: str, edits: int) -> None:
    assert distance(a, b) == distance(b, a) == edits


@pytest.mark.parametrize(("label", "digits"), [("8 + 3/9-1", "83/91"), ("none", ""), ("0 1", "01")])
def test_signs_and_spaces_are_dropped(label: str, digits: str) -> None:
    assert digits_of(label) == digits


@pytest.mark.parametrize(
    ("expected", "received", "right"),
    [
        (["12", "34"], ["12", "34"], 2),
        (["12", "34"], ["9", "12", "7", "34"], 2),
        (["12", "34"], ["34", "12"], 1),
        (["12", "12"], ["12"], 1),
        (["12"], ["123"], 0),
    ],
)
def test_rows_count_once_and_in_order(expected: list[str], received: list[str], right: int) -> None:
    assert exact_rows(expected, received) == right
