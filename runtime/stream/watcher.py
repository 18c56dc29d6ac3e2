"""From events to answers: what is worth classifying is classified, and what holds is announced."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from runtime.classifier import Classifier
from runtime.stream.answer import Answer, Look
from runtime.stream.change import differs, sketch
from runtime.stream.live import Event
from runtime.stream.smoothing import Steady

FPS_FRAMES = 30  # that the frame rate is taken over


def looker(classifier: Classifier, top_k: int, threshold: float | None, read: bool) -> Callable[..., Look]:
    """A function from a picture to a Look."""

    def look(image: NDArray[np.uint8]) -> Look:
        prediction = classifier.predict(image, top_k, threshold)
        return Look(prediction, classifier.read(image, threshold) if read else None)

    return look


class Watcher:
    """One source's events, one after another."""

    def __init__(
        self,
        source: str,
        look: Callable[[NDArray[np.uint8]], Look],
        smoothing: int = 1,
        every_frame: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """smoothing: see Steady. every_frame: classify what did not change too. clock: that of the events."""
        self._source = source
        self._look = look
        self._steady: Steady[tuple[bool, str]] = Steady(smoothing)
        self._every_frame = every_frame
        self._clock = clock
        self._sketch: NDArray[np.float32] | None = None
        self._seen: Look | None = None
        self._announced: tuple[bool, str] | None = None
        self._times: deque[float] = deque(maxlen=FPS_FRAMES)

    def see(self, event: Event) -> Answer:
        """The answer to one event."""
        if event.frame is None:
            return self._without(event)
        look, classified = self._classify(event.frame.image)
        held = self._steady.push(look.answer)
        changed, self._announced = held != self._announced, held
        now = self._clock()
        self._times.append(now)
        return Answer(
            state=event.state,
            source=event.frame.source,
            at=event.frame.captured_at,
            frame=event.frame,
            look=look,
            classified=classified,
            steady=held[1] if held and held[0] else None,
            changed=changed,
            age_ms=(now - event.arrived) * 1000,
            fps=self._fps(),
            capture_ms=event.capture_ms,
        )

    def _without(self, event: Event) -> Answer:
        """Stale or lost: what was read is no longer known, and the next frame is looked at afresh."""
        self._steady.forget()
        self._times.clear()
        self._announced = self._sketch = None
        return Answer(event.state, self._source, time.time(), changed=True, message=event.message)

    def _classify(self, image: NDArray[np.uint8]) -> tuple[Look, bool]:
        if self._every_frame:
            return self._look(image), True
        now = sketch(image)
        # Against the last frame that was classified: slow changes add up.
        if self._seen is not None and self._sketch is not None and not differs(now, self._sketch):
            return _again(self._seen), False
        self._seen = self._look(image)
        self._sketch = now
        return self._seen, True

    def _fps(self) -> float:
        span = self._times[-1] - self._times[0]
        return (len(self._times) - 1) / span if span > 0 else 0.0


def _again(look: Look) -> Look:
    """The same look, which cost nothing this time."""
    prediction = replace(look.prediction, preprocess_ms=0.0, inference_ms=0.0)
    reading = replace(look.reading, preprocess_ms=0.0, inference_ms=0.0) if look.reading else None
    return Look(prediction, reading)
