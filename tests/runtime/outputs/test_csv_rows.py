"""Predictions as CSV: any reader gets back what was in them."""

from __future__ import annotations

import csv
import io
import random
import shlex

import pytest

from runtime.outputs.csv_rows import CSV_HEADER, csv_line, prediction_to_csv
from runtime.results import Candidate, Prediction
from runtime.text import printable
from tests.runtime.helpers import UNSAFE

SURE = Prediction(
    "7", 7, 0.98764, None, (Candidate("7", 7, 0.98764), Candidate("1", 1, 0.01)), (10, 20, 30, 40), 0.2111111, 0.08
)


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_row_has_the_columns_of_the_header() -> None:
    row = dict(zip(CSV_HEADER, rows(prediction_to_csv("a.png", SURE))[0], strict=True))
    assert row == {
        "source": "a.png",
        "label": "7",
        "score": "0.9876",
        "reason": "",
        "preprocess_ms": "0.211",
        "inference_ms": "0.080",
        "top": "7:0.9876 1:0.0100",
    }


@pytest.mark.parametrize("cell", ['odd, "name".png', "two\nlines", "\n", '"', "", " ", "a\n\n\nb", "-1", "@me", "=x"])
def test_a_cell_comes_back_as_it_was(cell: str) -> None:
    assert rows(csv_line(["before", cell, "after"])) == [["before", cell, "after"]]


@pytest.mark.parametrize("character", [one for one in UNSAFE if one != "\n"])
def test_other_control_characters_are_escaped(character: str) -> None:
    line = csv_line([f"a{character}b", "c"])
    assert character not in line
    assert rows(line) == [[printable(f"a{character}b"), "c"]]


def test_candidates_are_told_apart_whatever_their_labels() -> None:
    chance = random.Random(0)
    for _ in range(500):
        labels = ["".join(chance.choices("ab é:;,'\"\\$ 1.", k=chance.randrange(6))) for _ in range(3)]
        top = tuple(Candidate(label, i, 0.3) for i, label in enumerate(labels))
        line = prediction_to_csv("a.png", Prediction(None, None, 0.3, "unsure", top, None, 1.0, 1.0))
        words = shlex.split(rows(line)[0][-1])
        assert [tuple(word.rpartition(":")[::2]) for word in words] == [(label, "0.3000") for label in labels]
