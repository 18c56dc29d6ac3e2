"""Fields of a card: what is refused, and how a wrong value is quoted."""

from __future__ import annotations

import pytest

from runtime.errors import ModelError
from runtime.tflite.card_fields import MAX_LABEL, MAX_SHOWN, check_labels, check_one_of, check_text, is_number, shown


@pytest.mark.parametrize("value", ["a" * 10**6, ["a"] * 10**6, b"a" * 10**6, {"a": "b" * 10**6}, 10**4000])
def test_a_wrong_value_is_quoted_in_part(value: object) -> None:
    assert len(shown(value)) <= MAX_SHOWN + 3


@pytest.mark.parametrize(
    "text", ["a\nb", "a\rb", "a\x00", "a\x85b", "\u2028", "\ud800", "a" * (MAX_LABEL + 1), 7, None]
)
def test_a_text_is_one_line_that_a_file_can_hold(text: object) -> None:
    with pytest.raises(ModelError, match=r"card: name must be a text of one line.*received"):
        check_text("name", text)


@pytest.mark.parametrize("text", ["", "cat", "é猫🐈", "a b", "\t", "a" * MAX_LABEL])
def test_any_other_text_is_right(text: str) -> None:
    check_text("name", text)


@pytest.mark.parametrize("labels", [(), ["a"], None, ("a", ""), ("a", " "), ("a\nb",), (1,), ("\ud800",)])
def test_labels_name_their_classes(labels: object) -> None:
    with pytest.raises(ModelError, match=r"card: labels"):
        check_labels(labels)


@pytest.mark.parametrize("value", [True, "1", None, float("nan"), float("inf")])
def test_what_is_no_number(value: object) -> None:
    assert not is_number(value)


def test_a_choice_is_one_of_those_there_are() -> None:
    check_one_of("input.color", "gray", ("gray", "rgb"))
    with pytest.raises(ModelError, match=r"card: input.color must be one of gray, rgb; received \['gray'\]"):
        check_one_of("input.color", ["gray"], ("gray", "rgb"))
