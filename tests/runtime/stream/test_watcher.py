"""Events to updates: what is classified, what is stable, what is announced."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from runtime.classifier import Classifier
from runtime.image.files import read_image
from runtime.results import Candidate, Prediction, Reading
from runtime.sources import synthetic
from runtime.sources.base import Frame
from runtime.stream.answer import FrameResult, Outcome
from runtime.stream.live import SourceEvent
from runtime.stream.watcher import StreamClassifier, frame_classifier

AT = 1_700_000_000.0


class Model:
    """Reads the gray level of a frame as its label; 0 is blank, 1 unsure."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def classify(self, image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> FrameResult:
        level = int(image.flat[0])
        self.seen.append(level)
        reason = {0: "blank", 1: "unsure"}.get(level)
        top = (Candidate(str(level), level, 0.9),) if level else ()
        return FrameResult(Prediction(None if reason else str(level), level, 0.9, reason, top, None, 2.0, 0.5))


def event(level: int, index: int = 0, state: str = "ok", arrived: float = 0.0) -> SourceEvent:
    return SourceEvent(state, arrived, Frame(np.full((8, 8), level, np.uint8), "camera 0", index, AT), 33.0)


def watcher(model: Model, smoothing: int = 1, every_frame: bool = False) -> StreamClassifier:
    return StreamClassifier("camera 0", model.classify, smoothing, every_frame, clock=lambda: 0.25)


def test_what_did_not_change_is_not_classified_again() -> None:
    model = Model()
    watch = watcher(model)
    updates = [watch.process(event(level)) for level in (50, 50, 52, 90, 90)]
    assert model.seen == [50, 90]
    assert [update.classified for update in updates] == [True, False, False, True, False]
    assert [update.changed for update in updates] == [True, False, False, True, False]
    assert [a.result.prediction.label for a in updates if a.result] == ["50", "50", "50", "90", "90"]
    assert [a.result.prediction.inference_ms for a in updates if a.result] == [0.5, 0, 0, 0.5, 0]


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
    assert (lost.steady, lost.changed, lost.result, lost.message) == (None, True, None, "unplugged")
    back = [watch.process(event(50, state=state)) for state in ("recovered", "ok")]
    assert [(a.state, a.steady, a.changed) for a in back] == [("recovered", None, False), ("ok", "50", True)]
    assert model.seen == [50, 50]


def test_between_two_readings_nothing_is_steady() -> None:
    flicker = watcher(Model(), smoothing=2)
    updates = [flicker.process(event(level, 4)) for level in (50, 50, 90, 130)]
    assert [update.changed for update in updates] == [False, True, False, True]
    assert (updates[3].steady, updates[3].result and updates[3].result.outcome.text) == (None, "130")


def test_pages_without_text_are_one_reading() -> None:
    reasons = iter(("unsure", "blank", None))
    pages = (Prediction("7" if r is None else None, None, 0.3, r, (), None, 1.0, 1.0) for r in reasons)
    watch = StreamClassifier("x", lambda _: FrameResult(next(pages), Reading("", (), 1.0, 1.0)), every_frame=True)
    updates = [watch.process(event(50)) for _ in range(3)]
    assert [update.changed for update in updates] == [True, False, False]
    assert [update.steady for update in updates] == [None] * 3


def test_blank_and_unsure_are_not_steady() -> None:
    watch = watcher(Model())
    updates = [watch.process(event(level)) for level in (50, 0, 90, 1)]
    assert [update.steady for update in updates] == ["50", None, "90", None]
    assert all(update.changed for update in updates)


def test_age_runs_from_arrival() -> None:
    assert watcher(Model()).process(event(50, arrived=0.2)).age_ms == pytest.approx(50)


def test_reading_makes_text_of_the_whole_frame(shipped: Classifier, samples: Path) -> None:
    image = read_image(samples / "photo_7.jpg")
    result = frame_classifier(shipped, 3, None, read=True)(image)
    assert result.outcome == Outcome("7", None)
    update = StreamClassifier("x", lambda _: result).process(SourceEvent("ok", 0.0, Frame(image, "x", 0, AT)))
    assert result.reading is not None
    assert (result.reading.text, update.steady, update.result) == ("7", "7", result)


def test_the_shipped_model_reads_the_fake_camera(shipped: Classifier) -> None:
    """A sample of a full round of digits, through everything but the thread."""
    watch = StreamClassifier("fake", frame_classifier(shipped, 3, None, read=False), smoothing=1)
    for index in range(0, 300, 7):
        update = watch.process(SourceEvent("ok", 0.0, Frame(synthetic.draw(index), "fake", index, AT)))
        assert update.steady == synthetic.label_at(index)


@pytest.mark.parametrize("ink", [60, 100, 200])
@pytest.mark.parametrize(("shape", "side"), [((480, 640), 24), ((720, 1280), 40), ((1080, 1920), 80)])
def test_a_small_or_faint_mark_that_turns_into_another_is_seen(shape: tuple[int, int], side: int, ink: int) -> None:
    """Every digit after every other one, smaller than a cell of the whole picture's comparison."""
    random = np.random.default_rng(ink)

    def taken(digit: str) -> np.ndarray:
        image = np.full(shape, 215, np.float64)
        mark = np.zeros((side, side), np.uint8)
        scale = side / 30
        cv2.putText(mark, digit, (side // 6, side - side // 8), 0, scale, (255,), max(1, side // 12), cv2.LINE_AA)
        top, left = shape[0] // 2, shape[1] // 3
        image[top : top + side, left : left + side] -= mark * (ink / 255)
        return np.clip(image + random.normal(0, 1.5, shape), 0, 255).astype(np.uint8)

    box = (shape[1] // 3, shape[0] // 2, side, side)
    watch = StreamClassifier("x", lambda _: answer(box), clock=lambda: 0.0)
    for number, digit in enumerate("0123456789"):
        assert watch.process(frame_of(taken(digit), number)).classified
        assert not watch.process(frame_of(taken(digit), number)).classified


def answer(box: tuple[int, int, int, int] | None) -> FrameResult:
    return FrameResult(Prediction("1", 1, 0.9, None, (Candidate("1", 1, 0.9),), box, 2.0, 0.5))


def frame_of(image: np.ndarray, index: int) -> SourceEvent:
    return SourceEvent("ok", 0.0, Frame(image, "camera 0", index, AT), 33.0)


def test_a_picture_that_seems_still_is_looked_at_again_each_second() -> None:
    now = iter(np.arange(0, 1000, 0.05).tolist())
    watch = StreamClassifier("x", lambda _: answer(None), clock=lambda: next(now))
    looked = [watch.process(event(200, index)).classified for index in range(100)]
    assert looked[0]
    assert 3 <= sum(looked) <= 20
