"""What predictions, readings and updates look like in each of their forms."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace

import pytest

from runtime.outputs.format import (
    MAX_LINE,
    prediction_to_dict,
    prediction_to_json,
    prediction_to_text,
    reading_to_dict,
    reading_to_text,
    result_to_text,
    state_to_text,
    update_to_dict,
    update_to_json,
    update_to_text,
)
from runtime.results import Candidate, Prediction, Reading, Region
from runtime.stream.answer import FrameResult
from runtime.text import printable
from tests.runtime.helpers import UNSAFE
from tests.runtime.outputs.helpers import AT, lost, page, result, update

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
    assert prediction_to_text("a.png", prediction) == line


def test_json_is_the_documented_object() -> None:
    assert json.loads(prediction_to_json("img.png", SURE)) == {
        "source": "img.png",
        "label": "7",
        "score": 0.9876,
        "reason": None,
        "top": [{"label": "7", "score": 0.9876}, {"label": "1", "score": 0.01}, {"label": "2", "score": 0.0001}],
        "timing_ms": {"preprocess": 0.211, "inference": 0.08},
    }


def test_json_has_the_same_keys_when_it_abstains() -> None:
    keys = list(json.loads(prediction_to_json("x", SURE)))
    for prediction in (UNSURE, BLANK):
        line = prediction_to_json("x", prediction)
        assert list(json.loads(line)) == keys
        assert json.loads(line)["label"] is None
        assert "\n" not in line


def test_json_takes_more_keys_after_its_own() -> None:
    assert list(json.loads(prediction_to_json("x", SURE, {"state": "ok"})))[-1] == "state"


def named(label: str, count: int = 2) -> Prediction:
    """An unsure prediction whose candidates have this label."""
    top = tuple(Candidate(label, i, 0.4) for i in range(count))
    return Prediction(None, None, 0.4, "unsure", top, (0, 0, 5, 5), 1, 1)


@pytest.mark.parametrize("character", UNSAFE)
def test_one_prediction_is_one_line_whatever_its_names(character: str) -> None:
    outside = f"a{character}b"
    sure = replace(named(outside), label=outside, reason=None)
    for prediction in (sure, named(outside)):
        line = prediction_to_text(outside, prediction)
        assert character not in line
        assert line.count(printable(outside)) == 3
        written = prediction_to_json(outside, prediction)
        assert character not in written
        assert json.loads(written.encode()) == prediction_to_dict(outside, prediction)
    assert character not in state_to_text(replace(lost(), message=outside))
    assert character not in update_to_json(replace(lost(), message=outside, source=outside))
    whole = Reading(outside.replace("\n", "."), REGIONS, 1.0, 1.0)
    assert character not in reading_to_text(outside, whole)


def test_long_names_are_shortened_for_a_person_and_whole_in_json() -> None:
    long = "x" * 100_000
    assert len(prediction_to_text(long, named(long))) <= MAX_LINE
    assert len(reading_to_text(long, Reading(long, REGIONS, 1.0, 1.0)).splitlines()[0]) <= 2 * MAX_LINE
    assert len(state_to_text(replace(lost(), message=long))) <= MAX_LINE
    assert json.loads(prediction_to_json(long, named(long))) == prediction_to_dict(long, named(long))


def test_of_very_many_candidates_those_are_named_that_a_line_has_room_for() -> None:
    line = prediction_to_text("a.png", named("a label of some length", 200))
    assert len(line) <= MAX_LINE
    assert re.search(r"\(40\.0 %\) or \d+ more$", line)
    assert prediction_to_text("a.png", named("7", 10)).count("7 (40.0 %)") == 10


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
    line = json.loads(prediction_to_json("a.png", SURE, reading_to_dict(Reading("407", REGIONS, 1.0, 1.0))))
    assert list(line)[-2:] == ["text", "regions"]
    assert line["label"] == "7"
    assert line["text"] == "407"
    assert line["regions"][1] == {"box": [40, 12, 20, 30], "label": "0", "score": 0.9877}


def test_lines_for_a_person() -> None:
    clock = time.strftime("%H:%M:%S", time.localtime(AT))
    assert [update_to_text(update(result(*found))) for found in (("50",), (None, "blank"), (None, "unsure"))] == [
        f"{clock} frame 3: 50 (90.0 %)",
        f"{clock} frame 3: blank",
        f"{clock} frame 3: unsure, perhaps 1 (90.0 %)",
    ]
    assert update_to_text(replace(update(), fps=29.84)) == f"{clock} frame 3: 7 (90.0 %) [29.8 fps]"
    assert update_to_text(update(index=4, steady=False)) == f"{clock} frame 4: nothing steady"
    assert update_to_text(lost()) == f"{clock}: lost"
    assert state_to_text(lost()) == f"{clock} lost: unplugged"
    assert state_to_text(update(state="recovered")) == f"{clock} recovered"


def test_an_update_in_json_has_the_same_keys_with_a_frame_and_without() -> None:
    seen, nothing = update_to_dict(update()), json.loads(update_to_json(lost()))
    assert list(seen) == list(nothing)
    own = ["source", "label", "score", "reason", "top", "timing_ms"]
    assert list(seen) == [
        *own,
        "frame",
        "captured_at",
        "age_ms",
        "state",
        "steady",
        "classified",
        "fps",
        "message",
    ]
    assert list(update_to_dict(update(page("7", 0.99))))[: len(own) + 2] == [*own, "text", "regions"]
    assert seen["label"] == seen["steady"] == "7"
    assert (seen["frame"], seen["captured_at"], seen["age_ms"], seen["state"]) == (3, AT, 50.0, "ok")
    wanted = ("source", "label", "score", "reason", "frame", "captured_at", "age_ms")
    assert {key: nothing[key] for key in wanted} == {
        "source": "camera 0",
        "label": None,
        "score": 0,
        "reason": "no frame",
        "frame": None,
        "captured_at": None,
        "age_ms": None,
    }
    assert (nothing["state"], nothing["message"]) == ("lost", "unplugged")


def test_an_update_in_json_has_the_text_of_the_whole_frame() -> None:
    seen = update_to_dict(update(page("7", 0.99)))
    assert (seen["text"], seen["steady"], seen["regions"]) == (
        "7",
        "7",
        [{"box": [0, 0, 9, 9], "label": "1", "score": 0.99}],
    )
    assert re.search(r" frame 3: 7 \(99\.0 %\)$", update_to_text(update(page("7", 0.99))))


def test_a_text_is_as_certain_as_its_least_certain_part() -> None:
    assert update_to_text(update(page("11\n1", 0.99, 0.8126, 0.97))).endswith(" frame 3: 11 / 1 (81.3 %)")
    nothing = page("")
    assert (nothing.score, nothing.reason, result_to_text(nothing)) == (0.0, "unsure", "no digits")
    assert update_to_text(update(nothing)).endswith(" frame 3: no digits")


def test_why_a_page_was_not_read_is_said() -> None:
    crowded = Reading("", (), 1.0, 1.0, "too many marks")
    assert reading_to_text("a.png", crowded) == "a.png: too many marks"
    assert reading_to_dict(crowded) == {"text": "", "regions": [], "unread": "too many marks"}
    assert result_to_text(FrameResult(named("7"), crowded)) == "too many marks"
