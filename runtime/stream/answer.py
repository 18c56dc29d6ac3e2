"""What is known after each frame: the values that outputs are shown."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.results import Prediction, Reading
from runtime.sources.base import Frame


@dataclass(frozen=True)
class Outcome:
    """What one frame comes to, as the vote over several frames counts it: equal outcomes are one reading.

    Attributes:
        text: The label, or the text of the whole frame; None where there is neither.
        reason: Why there is none: the prediction's own reason, or "no text" for a whole frame without any;
            None where there is a text.
    """

    text: str | None
    reason: str | None


@dataclass(frozen=True)
class FrameResult:
    """What a model says of a frame. reading: where every digit was asked for."""

    prediction: Prediction
    reading: Reading | None = None

    @property
    def outcome(self) -> Outcome:
        """The text of the whole frame where that was asked for, else the label; or why there is none."""
        if self.reading is None:
            return Outcome(self.prediction.label, self.prediction.reason)
        # One reason for all of them: frames without any text are the same reading, whatever mark is the main one.
        return Outcome(self.reading.text, None) if self.reading.text else Outcome(None, "no text")

    @property
    def score(self) -> float:
        """Of the label; of a text, that of its least certain digit. 0 to 1."""
        if self.reading is None:
            return self.prediction.score
        return min((region.score for region in self.reading.regions), default=0.0)

    @property
    def reason(self) -> str | None:
        """Why there is no answer; None where there is one."""
        if self.reading is None:
            return self.prediction.reason
        return None if self.reading.text else self.prediction.reason or "unsure"


@dataclass(frozen=True)
class StreamUpdate:
    """All that is known after one event; what every output is shown.

    state: ok, stale, lost or recovered. frame, result: None where stale or lost, and `message` says why.
    classified: False where the frame is as the last classified one was, whose result this is. steady: the
    reading that holds, None where none does. changed: it is another one than before, or the state is.
    age_ms: from capture to now. fps: frames a second, lately. capture_ms: that the source took.
    """

    state: str
    source: str
    at: float
    frame: Frame | None = None
    result: FrameResult | None = None
    classified: bool = False
    steady: str | None = None
    changed: bool = False
    age_ms: float = 0.0
    fps: float = 0.0
    capture_ms: float = 0.0
    message: str = ""
