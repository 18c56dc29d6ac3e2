"""What a prediction looks like in each of its forms."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from runtime.classifier import Candidate, Prediction
from runtime.render import CSV_HEADER, GREEN, ORANGE, overlay, to_csv, to_json, to_text

TOP = (Candidate("7", 7, 0.98764), Candidate("1", 1, 0.01), Candidate("2", 2, 0.0001))
SURE = Prediction("7", 7, 0.98764, None, TOP, (10, 20, 30, 40), 0.2111111, 0.08)
UNSURE = Prediction(None, None, 0.4, "unsure", (Candidate("7", 7, 0.4), Candidate("1", 1, 0.3)), (0, 0, 5, 5), 1, 1)
BLANK = Prediction(None, None, 0.0, "blank", (), None, 0.5, 0.0)


@pytest.mark.parametrize(
    ("prediction", "line"),
    [
        (SURE, "a.png: 7 (98.8 %), then 1 (1.0 %)"),
        (UNSURE, "a.png: unsure, perhaps 7 (40.0 %) or 1 (30.0 %)"),
        (BLANK, "a.png: blank"),
    ],
)
def test_text(prediction: Prediction, line: str) -> None:
    assert to_text("a.png", prediction) == line


def test_json_is_the_documented_object() -> None:
    assert json.loads(to_json("img.png", SURE)) == {
        "source": "img.png",
        "label": "7",
        "score": 0.9876,
        "reason": None,
        "top": [{"label": "7", "score": 0.9876}, {"label": "1", "score": 0.01}, {"label": "2", "score": 0.0001}],
        "timing_ms": {"preprocess": 0.211, "inference": 0.08},
    }


def test_json_has_the_same_keys_when_it_abstains() -> None:
    keys = list(json.loads(to_json("x", SURE)))
    for prediction in (UNSURE, BLANK):
        line = to_json("x", prediction)
        assert list(json.loads(line)) == keys
        assert json.loads(line)["label"] is None
        assert "\n" not in line


def test_json_takes_more_keys_after_its_own() -> None:
    assert list(json.loads(to_json("x", SURE, {"state": "ok"})))[-1] == "state"


def test_csv_survives_commas_and_quotes() -> None:
    name = 'odd, "name".png'
    row = dict(zip(CSV_HEADER, next(csv.reader([to_csv(name, SURE)])), strict=True))
    assert row["source"] == name
    assert (row["label"], row["score"], row["reason"]) == ("7", "0.9876", "")
    assert row["top"] == "7:0.9876 1:0.0100 2:0.0001"


@pytest.mark.parametrize("shape", [(480, 640, 3), (480, 640), (28, 28), (1, 1), (40, 900, 3)])
@pytest.mark.parametrize("prediction", [SURE, UNSURE, BLANK])
def test_overlay_is_a_bgr_picture_of_any_size(shape: tuple[int, ...], prediction: Prediction) -> None:
    image = np.full(shape, 200, np.uint8)
    out = overlay(image, prediction)
    assert out.dtype == np.uint8
    assert out.ndim == 3
    assert out.shape[2] == 3
    colour = GREEN if prediction.label else ORANGE
    assert (out == colour).all(axis=2).any()
    assert (image == 200).all()
