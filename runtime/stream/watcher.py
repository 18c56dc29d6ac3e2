"""Classifies the frames of a source that changed, and reports stable results."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from runtime.classifier import Classifier
from runtime.stream.answer import FrameResult, Outcome, StreamUpdate
from runtime.stream.change import has_changed, have_marks_changed, mark_signatures, signature
from runtime.stream.live import SourceEvent
from runtime.stream.smoothing import MajorityVote

LOOK_AGAIN_S = 1.0  # a picture that seems not to change is classified again after this, for what no comparison sees,
LOOK_SHARE = 20  # or after so many times what that takes, if that is longer: it costs 5 % of the processor at most
FPS_FRAMES = 30  # the newest frames, over which the frame rate is computed


def frame_classifier(
    classifier: Classifier, top_k: int, threshold: float | None, read: bool
) -> Callable[[NDArray[np.uint8]], FrameResult]:
    """Make the function that a `StreamClassifier` classifies frames with.

    Args:
        classifier: The model.
        top_k: The number of candidates to name.
        threshold: The score, 0 to 1, below which the answer is "unsure"; None for the model's own.
        read: True to read the text of the whole frame too.

    Returns:
        A function from an image, uint8 (h, w) or (h, w, 3) BGR, to its FrameResult.
    """

    def classify(image: NDArray[np.uint8]) -> FrameResult:
        prediction = classifier.predict(image, top_k, threshold)
        return FrameResult(prediction, classifier.read(image, threshold) if read else None)

    return classify


class StreamClassifier:
    """Turns the events of one source into updates for outputs."""

    def __init__(
        self,
        source: str,
        classify: Callable[[NDArray[np.uint8]], FrameResult],
        smoothing: int = 1,
        every_frame: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start without a stable reading.

        Args:
            source: The source's name, without any password, for updates without a frame.
            classify: See `frame_classifier`.
            smoothing: The N of MajorityVote.
            every_frame: True to classify frames that did not change too.
            clock: The clock of the events, in seconds.
        """
        self._source = source
        self._classify_image = classify
        self._vote: MajorityVote[Outcome] = MajorityVote(smoothing)
        self._every_frame = every_frame
        self._clock = clock
        self._signature: NDArray[np.float32] | None = None  # of the last classified frame
        self._image: NDArray[np.uint8] | None = None  # the last classified frame, until its marks are compared
        self._marks: tuple[NDArray[np.float32], ...] = ()  # of it, at its boxes
        self._result: FrameResult | None = None  # of the last classified frame
        self._due = 0.0  # when to classify again, whether the picture changed or not
        self._announced: Outcome | None = None
        self._times: deque[float] = deque(maxlen=FPS_FRAMES)

    def process(self, event: SourceEvent) -> StreamUpdate:
        """Classify the event's frame where it changed, and count it in the majority vote.

        Args:
            event: The next event of the source.

        Returns:
            What is known now. A source that is stale or lost has no result, and the vote starts again.
        """
        if event.frame is None:
            return self._interrupted(event)
        result, classified = self._classify(event.frame.image)
        stable = self._vote.update(result.outcome)
        changed, self._announced = stable != self._announced, stable
        now = self._clock()
        self._times.append(now)
        return StreamUpdate(
            state=event.state,
            source=event.frame.source,
            timestamp=event.frame.captured_at,
            frame=event.frame,
            result=result,
            classified=classified,
            steady=stable.text if stable else None,
            changed=changed,
            age_ms=(now - event.arrived) * 1000,
            fps=self._fps(),
            capture_ms=event.capture_ms,
        )

    def _interrupted(self, event: SourceEvent) -> StreamUpdate:
        """Forget what was read: the source is stale or lost, and its next frame is classified in any case."""
        self._vote.reset()
        self._times.clear()
        self._announced = self._signature = None
        return StreamUpdate(event.state, self._source, time.time(), changed=True, message=event.message)

    def _classify(self, image: NDArray[np.uint8]) -> tuple[FrameResult, bool]:
        """(result, whether the frame was classified for it)."""
        if self._every_frame:
            return self._classify_image(image), True
        current = signature(image)
        if self._result is not None and not self._must_look(image, current, self._result):
            return _repeated(self._result), False
        start = self._clock()
        self._result = self._classify_image(image)
        end = self._clock()
        self._due = end + max(LOOK_AGAIN_S, LOOK_SHARE * (end - start))
        self._signature = current
        self._image = image  # in a scene that moves no mark is ever compared
        return self._result, True

    def _must_look(self, image: NDArray[np.uint8], current: NDArray[np.float32], last: FrameResult) -> bool:
        """Whether the picture may show something else than when it was classified last.

        Compared with the last classified frame and not with the last frame, so that slow changes add up.
        """
        if self._signature is None or self._clock() >= self._due or has_changed(current, self._signature):
            return True
        boxes = _boxes(last)
        if self._image is not None:
            self._marks, self._image = mark_signatures(self._image, boxes), None
        return have_marks_changed(mark_signatures(image, boxes), self._marks)

    def _fps(self) -> float:
        span = self._times[-1] - self._times[0]
        return (len(self._times) - 1) / span if span > 0 else 0.0


def _repeated(result: FrameResult) -> FrameResult:
    """The same result, with no time spent on it."""
    prediction = replace(result.prediction, preprocess_ms=0.0, inference_ms=0.0)
    reading = replace(result.reading, preprocess_ms=0.0, inference_ms=0.0) if result.reading else None
    return FrameResult(prediction, reading)


def _boxes(result: FrameResult) -> list[tuple[int, int, int, int]]:
    """Where the marks are that were classified."""
    regions = [region.box for region in result.reading.regions] if result.reading else []
    return [result.prediction.box, *regions] if result.prediction.box else regions
