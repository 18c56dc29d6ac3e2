"""From events to answers: what is worth classifying is classified, and what holds is announced."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from runtime.classifier import Classifier
from runtime.stream.answer import FrameResult, Outcome, StreamUpdate
from runtime.stream.change import has_changed, signature
from runtime.stream.live import SourceEvent
from runtime.stream.smoothing import MajorityVote

FPS_FRAMES = 30  # that the frame rate is taken over


def frame_classifier(
    classifier: Classifier, top_k: int, threshold: float | None, read: bool
) -> Callable[..., FrameResult]:
    """A function from a picture to a FrameResult."""

    def look(image: NDArray[np.uint8]) -> FrameResult:
        prediction = classifier.predict(image, top_k, threshold)
        return FrameResult(prediction, classifier.read(image, threshold) if read else None)

    return look


class StreamClassifier:
    """One source's events, one after another."""

    def __init__(
        self,
        source: str,
        look: Callable[[NDArray[np.uint8]], FrameResult],
        smoothing: int = 1,
        every_frame: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """smoothing: see MajorityVote. every_frame: classify what did not change too. clock: that of the events."""
        self._source = source
        self._look = look
        self._steady: MajorityVote[Outcome] = MajorityVote(smoothing)
        self._every_frame = every_frame
        self._clock = clock
        self._sketch: NDArray[np.float32] | None = None
        self._seen: FrameResult | None = None
        self._announced: Outcome | None = None
        self._times: deque[float] = deque(maxlen=FPS_FRAMES)

    def process(self, event: SourceEvent) -> StreamUpdate:
        """The answer to one event."""
        if event.frame is None:
            return self._without(event)
        look, classified = self._classify(event.frame.image)
        held = self._steady.update(look.outcome)
        changed, self._announced = held != self._announced, held
        now = self._clock()
        self._times.append(now)
        return StreamUpdate(
            state=event.state,
            source=event.frame.source,
            at=event.frame.captured_at,
            frame=event.frame,
            result=look,
            classified=classified,
            steady=held.text if held else None,
            changed=changed,
            age_ms=(now - event.arrived) * 1000,
            fps=self._fps(),
            capture_ms=event.capture_ms,
        )

    def _without(self, event: SourceEvent) -> StreamUpdate:
        """Stale or lost: what was read is no longer known, and the next frame is looked at afresh."""
        self._steady.reset()
        self._times.clear()
        self._announced = self._sketch = None
        return StreamUpdate(event.state, self._source, time.time(), changed=True, message=event.message)

    def _classify(self, image: NDArray[np.uint8]) -> tuple[FrameResult, bool]:
        if self._every_frame:
            return self._look(image), True
        now = signature(image)
        # Against the last frame that was classified: slow changes add up.
        if self._seen is not None and self._sketch is not None and not has_changed(now, self._sketch):
            return _again(self._seen), False
        self._seen = self._look(image)
        self._sketch = now
        return self._seen, True

    def _fps(self) -> float:
        span = self._times[-1] - self._times[0]
        return (len(self._times) - 1) / span if span > 0 else 0.0


def _again(look: FrameResult) -> FrameResult:
    """The same look, which cost nothing this time."""
    prediction = replace(look.prediction, preprocess_ms=0.0, inference_ms=0.0)
    reading = replace(look.reading, preprocess_ms=0.0, inference_ms=0.0) if look.reading else None
    return FrameResult(prediction, reading)
