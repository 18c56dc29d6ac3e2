"""The table that a person sees."""

from __future__ import annotations

import numpy as np

from convert.chance import Quality
from convert.parity import Limits, compare
from convert.report import parity_text
from workbench.tables import WIDTH

QUALITY = Quality(4, 3, 0.3, 0.95, 4, 3)
TRUTH = np.array([0, 0, 1, 1], np.int64)
KERAS = np.array([[0.8, 0.2], [0.6, 0.4], [0.7, 0.3], [0.0, 1.0]], np.float32)
TFLITE = np.array([[0.9, 0.1], [0.4, 0.6], [0.4, 0.6], [0.0, 1.0]], np.float32)


def _rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_figures_classes_and_disagreements_are_there() -> None:
    text = parity_text(compare(KERAS, TFLITE, TRUTH, ("cat", "dog", "owl")), Limits(0.002, 0.998), "int8", QUALITY)
    assert text.splitlines()[0].startswith("The model reads 3 of 4 test images right: 75.00% (95 % interval 30.00% to ")
    rows = _rows(text)
    assert ["cat", "2", "100.00%", "50.00%", "50.00%"] in rows
    assert ["owl", "0", "-", "-", "-"] in rows
    assert ["all", "4", "75.00%", "75.00%", "50.00%"] in rows
    assert ["accuracy", "drop", "0.0000", "at", "most", "0.002"] in rows
    assert ["top-1", "agreement", "0.5000", "at", "least", "0.998"] in rows
    assert ["largest", "probability", "difference", "0.3000"] in rows
    assert ["1", "cat", "cat", "(0.600)", "dog", "(0.600)"] in rows
    assert "\x1b" not in text


def test_long_labels_and_many_disagreements_stay_inside_the_width() -> None:
    truth = np.zeros(40, np.int64)
    keras = np.tile(np.array([1, 0], np.float32), (40, 1))
    tflite = 1 - keras
    text = parity_text(compare(keras, tflite, truth, ("[bold]" + "x" * 200, "y")), Limits(), "float32", QUALITY)
    assert max(map(len, text.splitlines()[1:])) <= WIDTH
    assert "40 test images answered differently, the first 10; all of them in parity.json" in text
    assert "[bold]x" in text  # a label is no markup


def test_agreement_lists_no_disagreements() -> None:
    text = parity_text(compare(KERAS, KERAS, TRUTH, ("cat", "dog")), Limits(), "int8", QUALITY)
    assert "answered differently" not in text
