"""What one frame comes to: a label, a text, or a reason why there is neither."""

from __future__ import annotations

import dataclasses

import pytest

from runtime.results import Prediction, Reading, Region
from runtime.stream.answer import FrameResult, Outcome, StreamUpdate


def prediction(label: str | None, reason: str | None = None, score: float = 0.9) -> Prediction:
    return Prediction(label, None if label is None else int(label), score, reason, (), None, 1.0, 1.0)


def reading(text: str, *scores: float) -> Reading:
    return Reading(text, tuple(Region((0, 0, 9, 9), "1", score) for score in scores), 1.0, 1.0)


CROWDED = Reading("", (), 1.0, 1.0, "too many marks")


@pytest.mark.parametrize(
    ("result", "outcome", "score", "reason"),
    [
        (FrameResult(prediction("7")), Outcome("7", None), 0.9, None),
        (FrameResult(prediction(None, "unsure", 0.4)), Outcome(None, "unsure"), 0.4, "unsure"),
        (FrameResult(prediction(None, "blank", 0.0)), Outcome(None, "blank"), 0.0, "blank"),
        # The text of the whole frame counts where it was asked for, not its main mark.
        (FrameResult(prediction(None, "unsure", 0.3), reading("1\n1", 0.99, 0.81)), Outcome("1\n1", None), 0.81, None),
        (FrameResult(prediction("7"), reading("1", 0.6)), Outcome("1", None), 0.6, None),
        (FrameResult(prediction(None, "blank"), reading("")), Outcome(None, "no text"), 0.0, "blank"),
        (FrameResult(prediction("7"), reading("")), Outcome(None, "no text"), 0.0, "unsure"),
        (FrameResult(prediction("7"), CROWDED), Outcome(None, "too many marks"), 0.0, "too many marks"),
    ],
    ids=["label", "unsure", "blank", "text", "both", "no text", "a mark and no text", "too many marks"],
)
def test_what_a_frame_comes_to(result: FrameResult, outcome: Outcome, score: float, reason: str | None) -> None:
    assert result.outcome == outcome
    assert result.score == score
    assert result.reason == reason
    assert (outcome.text is None) == (result.reason is not None)


def test_an_update_without_a_frame_has_nothing_of_one() -> None:
    update = StreamUpdate("lost", "camera 0", 3.5, changed=True, message="unplugged")
    assert (update.frame, update.result, update.steady, update.classified) == (None, None, None, False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        update.state = "ok"  # type: ignore[misc]
