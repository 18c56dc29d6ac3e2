"""From events to answers: what is worth classifying is classified, and what holds is announced."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from runtime.classifier import Classifier, Prediction, Reading
from runtime.frames import Frame
from runtime.health import OK
from runtime.live import Event
from runtime.steady import Steady, differs, sketch

FPS_FRAMES = 30  # that the frame rate is taken over


@dataclass(frozen=True)
class Look:
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
class Answer:
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
    look: Look | None = None
    classified: bool = False
    steady: str | None = None
    changed: bool = False
    age_ms: float = 0.0
    fps: float = 0.0
    capture_ms: float = 0.0
    message: str = ""


class Output(Protocol):
    """Where answers go. `show` does not wait for anything outside the process."""

    def show(self, answer: Answer) -> None: ...

    def close(self) -> bool:
        """End it; False where something outside holds it up."""
        ...


def looker(classifier: Classifier, top_k: int, threshold: float | None, read: bool) -> Callable[..., Look]:
    """A function from a picture to a Look."""

    def look(image: NDArray[np.uint8]) -> Look:
        prediction = classifier.predict(image, top_k, threshold)
        return Look(prediction, classifier.read(image, threshold) if read else None)

    return look


def stored_events(frames: Iterator[Frame], stop: Callable[[], bool]) -> Iterator[Event]:
    """Every frame of a file, none of them late."""
    while not stop():
        start = time.monotonic()
        frame = next(frames, None)
        if frame is None:
            return
        now = time.monotonic()
        yield Event(OK, now, frame, (now - start) * 1000)


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
