"""What is known after each frame: the values that outputs are shown."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.results import Prediction, Reading
from runtime.sources.base import Frame


@dataclass(frozen=True)
class Outcome:
    """The result of one frame as the majority vote counts it: equal outcomes are one reading.

    Attributes:
        text: The label, or the text of the whole frame; None where there is neither.
        reason: Why there is no text: the prediction's own reason, or for a whole frame "no text" or the reading's;
            None where there is a text.
    """

    text: str | None
    reason: str | None


@dataclass(frozen=True)
class FrameResult:
    """What the model answers about one frame.

    Attributes:
        prediction: The answer about the main mark.
        reading: The text of the whole frame; None where it was not asked for.
    """

    prediction: Prediction
    reading: Reading | None = None

    @property
    def outcome(self) -> Outcome:
        """The text of the whole frame where that was asked for, otherwise the label; or why there is none."""
        if self.reading is None:
            return Outcome(self.prediction.label, self.prediction.reason)
        # The same reason for every frame without text: whatever its main mark is, they are one reading.
        return Outcome(self.reading.text or None, None if self.reading.text else self.reading.reason or "no text")

    @property
    def score(self) -> float:
        """The score of the label, or of a text's least certain region; 0 to 1."""
        if self.reading is None:
            return self.prediction.score
        return min((region.score for region in self.reading.regions), default=0.0)

    @property
    def reason(self) -> str | None:
        """Why there is no label or text, such as "blank" or "unsure"; None where there is one."""
        if self.reading is None:
            return self.prediction.reason
        return None if self.reading.text else self.reading.reason or self.prediction.reason or "unsure"


@dataclass(frozen=True)
class StreamUpdate:
    """All that is known after one event of a source; every output is shown it.

    Attributes:
        state: "ok", "stale", "lost" or "recovered".
        source: The source, or the file, without any password.
        timestamp: When the frame was captured, or the state changed, in seconds since the epoch.
        frame: The frame; None where the source is stale or lost.
        result: What the model answers about the frame; None without a frame.
        classified: False where the frame has not changed since the last classified one, whose result is repeated.
        steady: The reading that the majority vote holds stable; None where none is.
        changed: True where the stable reading is another than before, or the source became stale or lost.
        age_ms: Milliseconds from the frame's arrival until now.
        fps: Frames per second, over the newest 30.
        capture_ms: Milliseconds that the source took to give the frame.
        message: Why the source is stale or lost; "" otherwise.
    """

    state: str
    source: str
    timestamp: float
    frame: Frame | None = None
    result: FrameResult | None = None
    classified: bool = False
    steady: str | None = None
    changed: bool = False
    age_ms: float = 0.0
    fps: float = 0.0
    capture_ms: float = 0.0
    message: str = ""
