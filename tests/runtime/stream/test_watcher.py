"""Events to answers, answers to lines."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import numpy as np
import pytest

from runtime.classifier import Classifier
from runtime.image.files import read_image
from runtime.outputs.format import json_line, state_line, text_line, to_json_dict
from runtime.outputs.mqtt import payload
from runtime.outputs.stats import StatsOutput, percentile
from runtime.results import Candidate, Prediction, Reading, Region
from runtime.sources import synthetic
from runtime.sources.base import Frame
from runtime.stream.answer import FrameResult, StreamUpdate
from runtime.stream.live import SourceEvent, stored_events
from runtime.stream.watcher import StreamClassifier, frame_classifier

AT = 1_700_000_000.0


class Model:
    """Reads the gray level of a frame as its label; 0 is blank, 1 unsure."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def look(self, image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> FrameResult:
        level = int(image.flat[0])
        self.seen.append(level)
        reason = {0: "blank", 1: "unsure"}.get(level)
        top = (Candidate(str(level), level, 0.9),) if level else ()
        return FrameResult(Prediction(None if reason else str(level), level, 0.9, reason, top, None, 2.0, 0.5))


def event(level: int, index: int = 0, state: str = "ok", arrived: float = 0.0) -> SourceEvent:
    return SourceEvent(state, arrived, Frame(np.full((8, 8), level, np.uint8), "camera 0", index, AT), 33.0)


def watcher(model: Model, smoothing: int = 1, every_frame: bool = False) -> StreamClassifier:
    return StreamClassifier("camera 0", model.look, smoothing, every_frame, clock=lambda: 0.25)


def test_what_did_not_change_is_not_classified_again() -> None:
    model = Model()
    watch = watcher(model)
    answers = [watch.process(event(level)) for level in (50, 50, 52, 90, 90)]
    assert model.seen == [50, 90]
    assert [answer.classified for answer in answers] == [True, False, False, True, False]
    assert [answer.changed for answer in answers] == [True, False, False, True, False]
    assert [a.look.prediction.label for a in answers if a.look] == ["50", "50", "50", "90", "90"]
    assert [a.look.prediction.inference_ms for a in answers if a.look] == [0.5, 0, 0, 0.5, 0]


def test_slow_changes_add_up() -> None:
    model = Model()
    watch = watcher(model)
    for level in range(50, 61):
        watch.process(event(level))
    assert model.seen == [50, 55, 60]


def test_every_frame_is_classified_where_asked() -> None:
    model = Model()
    watch = watcher(model, every_frame=True)
    assert all(watch.process(event(50)).classified for _ in range(3))
    assert model.seen == [50] * 3


def test_after_an_interruption_nothing_is_known() -> None:
    model = Model()
    watch = watcher(model, smoothing=2)
    assert [watch.process(event(50)).steady for _ in range(3)] == [None, "50", "50"]
    lost = watch.process(SourceEvent("lost", 1.0, message="unplugged"))
    assert (lost.steady, lost.changed, lost.look, lost.message) == (None, True, None, "unplugged")
    back = [watch.process(event(50, state=state)) for state in ("recovered", "ok")]
    assert [(a.state, a.steady, a.changed) for a in back] == [("recovered", None, False), ("ok", "50", True)]
    assert model.seen == [50, 50]


def test_what_is_none_is_not_steady() -> None:
    watch = watcher(Model())
    answers = [watch.process(event(level)) for level in (50, 0, 90, 1)]
    assert [answer.steady for answer in answers] == ["50", None, "90", None]
    assert all(answer.changed for answer in answers)


def test_age_runs_from_arrival() -> None:
    assert watcher(Model()).process(event(50, arrived=0.2)).age_ms == pytest.approx(50)


def test_lines_for_a_person() -> None:
    watch = watcher(Model(), every_frame=True)
    clock = time.strftime("%H:%M:%S", time.localtime(AT))
    lines = [text_line(watch.process(event(level, 3))) for level in (50, 0, 1)]
    assert lines == [
        f"{clock} frame 3: 50 (90.0 %)",
        f"{clock} frame 3: blank",
        f"{clock} frame 3: unsure, perhaps 1 (90.0 %)",
    ]
    flicker = watcher(Model(), smoothing=2)
    answers = [flicker.process(event(level, 4)) for level in (50, 50, 90, 130)]
    assert [answer.changed for answer in answers] == [False, True, False, True]
    assert text_line(answers[3]) == f"{clock} frame 4: nothing steady"
    assert state_line(StreamUpdate("lost", "camera 0", AT, message="unplugged")) == f"{clock} lost: unplugged"
    assert state_line(StreamUpdate("recovered", "camera 0", AT)) == f"{clock} recovered"


def test_json_has_the_same_keys_with_a_frame_and_without() -> None:
    watch = watcher(Model())
    seen = to_json_dict(watch.process(event(50, 3)))
    lost = json.loads(json_line(watch.process(SourceEvent("lost", 1.0, message="unplugged"))))
    assert list(seen) == list(lost)
    assert seen["label"] == seen["steady"] == "50"
    assert (seen["frame"], seen["captured_at"], seen["age_ms"], seen["state"]) == (3, AT, 250.0, "ok")
    nothing = {key: lost[key] for key in ("source", "label", "score", "reason", "frame", "captured_at", "age_ms")}
    assert nothing == {
        "source": "camera 0",
        "label": None,
        "score": 0,
        "reason": "no frame",
        "frame": None,
        "captured_at": None,
        "age_ms": None,
    }
    assert (lost["state"], lost["message"]) == ("lost", "unplugged")


def test_reading_makes_text_of_the_whole_frame(shipped: Classifier, samples: Path) -> None:
    image = read_image(samples / "photo_7.jpg")
    look = frame_classifier(shipped, 3, None, read=True)(image)
    assert look.answer == (True, "7")
    answer = StreamClassifier("x", lambda _: look).process(SourceEvent("ok", 0.0, Frame(image, "x", 0, AT)))
    seen = to_json_dict(answer)
    assert (seen["text"], seen["steady"]) == ("7", "7")
    assert re.search(r" frame 0: 7 \(\d+\.\d %\)$", text_line(answer))


def page(rows: str, *scores: float) -> FrameResult:
    """A page with a text, of which the whole is none of the model's classes."""
    regions = tuple(Region((0, 0, 9, 9), "1", score) for score in scores)
    return FrameResult(Prediction(None, None, 0.3, "unsure", (), None, 2.0, 0.5), Reading(rows, regions, 1.0, 1.0))


def test_a_text_is_as_certain_as_its_least_certain_digit() -> None:
    frame = Frame(np.zeros((8, 8), np.uint8), "camera 0", 3, AT)
    look = page("11\n1", 0.99, 0.8126, 0.97)
    answer = StreamUpdate("ok", "camera 0", AT, frame, look, True, "11\n1", True)
    assert text_line(answer).endswith(" frame 3: 11 / 1 (81.3 %)")
    assert json.loads(payload(answer)) | {"score": 0.8126, "reason": None} == json.loads(payload(answer))
    nothing = StreamUpdate("ok", "camera 0", AT, frame, page(""), True, None, True)
    assert text_line(nothing).endswith(" frame 3: no digits")
    assert (nothing.look and (nothing.look.score, nothing.look.reason)) == (0.0, "unsure")


def test_the_shipped_model_reads_the_fake_camera(shipped: Classifier) -> None:
    """A sample of a full round of digits, through everything but the thread."""
    watch = StreamClassifier("fake", frame_classifier(shipped, 3, None, read=False), smoothing=1)
    for index in range(0, 300, 7):
        answer = watch.process(SourceEvent("ok", 0.0, Frame(synthetic.draw(index), "fake", index, AT)))
        assert answer.steady == synthetic.label_at(index)


def test_a_file_gives_every_frame_until_stopped() -> None:
    frames = [Frame(np.zeros((2, 2), np.uint8), "f", i, AT) for i in range(5)]
    assert [e.frame.index for e in stored_events(iter(frames), lambda: False) if e.frame] == [0, 1, 2, 3, 4]
    assert list(stored_events(iter(frames), lambda: True)) == []


def test_percentiles() -> None:
    assert percentile([5], 0.5) == percentile([5], 0.95) == 5
    assert percentile(list(range(1, 101)), 0.5) == 50
    assert percentile(list(range(100, 0, -1)), 0.95) == 95
    assert percentile([1, 2], 0.0) == 1


def test_stats_once_a_minute_and_at_the_end() -> None:
    now = [0.0]
    lines: list[str] = []
    stats = StatsOutput(lines.append, lambda: 7, clock=lambda: now[0], cpu=lambda: now[0] / 4)
    watch = watcher(Model())
    for index in range(60):
        now[0] += 1.0
        stats.emit(watch.process(event(50 + 10 * (index % 2), index, arrived=0.2)))
    stats.emit(watch.process(SourceEvent("lost", 1.0)))
    assert len(lines) == 1
    stats.stage("render", 0.25)
    stats.emit(watch.process(event(50)))
    now[0] += 2.0
    assert stats.close()
    first, last = lines
    assert first.startswith("stats: 60 frames; in the last 60 s 60, 1.0 fps, 60 classified; 7 dropped in all; ")
    assert "capture 33.0/33.0, preprocess 2.0/2.0, inference 0.5/0.5, age 50.0/50.0; cpu 25%, memory " in first
    assert last.startswith("stats: 61 frames; in the last 2 s 1, ")
    assert "render 0.2/0.2" in last
