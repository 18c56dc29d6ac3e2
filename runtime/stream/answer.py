"""What is known after each frame: the values that outputs are shown."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.results import Prediction, Reading
from runtime.sources.base import Frame


@dataclass(frozen=True)
class FrameResult:
    """What a model says of a frame. reading: where every digit was asked for."""

    prediction: Prediction
    reading: Reading | None = None

    @property
    def answer(self) -> tuple[bool, str]:
        """(True, the text or the label), or (False, why there is none)."""
        if self.reading is not None:
            return bool(self.reading.text), self.reading.text
        return self.prediction.label is not None, self.prediction.label or self.prediction.reason or ""

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

    state: ok, stale, lost or recovered. frame, look: None where stale or lost, and `message` says why.
    classified: False where the frame is as the last classified one was, whose look this is. steady: the
    reading that holds, None where none does. changed: it is another one than before, or the state is.
    age_ms: from capture to now. fps: frames a second, lately. capture_ms: that the source took.
    """

    state: str
    source: str
    at: float
    frame: Frame | None = None
    look: FrameResult | None = None
    classified: bool = False
    steady: str | None = None
    changed: bool = False
    age_ms: float = 0.0
    fps: float = 0.0
    capture_ms: float = 0.0
    message: str = ""
