"""What a prediction looks like in each of its forms."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from runtime.outputs.format import CSV_HEADER, reading_to_dict, reading_to_text, to_csv, to_json, to_text
from runtime.outputs.overlay import GREEN, ORANGE, overlay, overlay_regions
from runtime.results import Candidate, Prediction, Reading, Region

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
    color = GREEN if prediction.label else ORANGE
    assert (out == color).all(axis=2).any()
    assert (image == 200).all()


REGIONS = tuple(Region((10 + 30 * i, 12, 20, 30), label, 0.98765) for i, label in enumerate("407"))
NOTHING = Reading("", (), 0.5, 0.0)


@pytest.mark.parametrize(
    ("text", "written"),
    [("407", "a.png: 407"), ("40\n7", "a.png:\n  40\n  7")],
)
def test_a_reading_as_text(text: str, written: str) -> None:
    assert reading_to_text("a.png", Reading(text, REGIONS, 1.0, 1.0)) == written


def test_nothing_read_is_said() -> None:
    assert reading_to_text("a.png", NOTHING) == "a.png: no digits"
    assert reading_to_dict(NOTHING) == {"text": "", "regions": []}


def test_a_reading_in_json_follows_the_usual_keys() -> None:
    line = json.loads(to_json("a.png", SURE, reading_to_dict(Reading("407", REGIONS, 1.0, 1.0))))
    assert list(line)[-2:] == ["text", "regions"]
    assert line["label"] == "7"
    assert line["text"] == "407"
    assert line["regions"][1] == {"box": [40, 12, 20, 30], "label": "0", "score": 0.9877}


@pytest.mark.parametrize("shape", [(480, 640, 3), (480, 640), (50, 110)])
def test_every_region_is_framed(shape: tuple[int, ...]) -> None:
    image = np.full(shape, 200, np.uint8)
    out = overlay_regions(image, Reading("407", REGIONS, 1.0, 1.0))
    scale = out.shape[0] // shape[0]
    assert out.dtype == np.uint8
    assert out.shape[2:] == (3,)
    for region in REGIONS:
        x, y, w, h = (v * scale for v in region.box)
        assert (out[y + h // 2, x] == GREEN).all()
        assert (out[y + h, x + w // 2] == GREEN).all()
    assert (image == 200).all()
