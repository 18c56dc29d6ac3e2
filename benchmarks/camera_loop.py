"""What the camera's loop adds to preprocessing and inference, on 640x480.

Command: python -m benchmarks.camera_loop

Frame by frame, in turn: the classifier alone, then the loop's own way (change test, steady reading, JSON line
handed to the writer). The target is a ratio of medians of at most 1.25. Then the age of a frame at its answer,
from a live source: at most one frame interval and what preprocessing and inference took.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

from runtime.classifier import Classifier
from runtime.outputs.format import update_to_json
from runtime.outputs.stats import percentile
from runtime.outputs.worker import BackgroundWriter, line_writer
from runtime.sources import synthetic
from runtime.sources.base import Frame, SourceOptions
from runtime.sources.registry import open_source
from runtime.stream.live import LiveSource, SourceEvent
from runtime.stream.watcher import StreamClassifier, frame_classifier

ROUNDS = 600
TARGET = 1.25
LIVE_FRAMES = 300
FPS = 30.0


def main() -> int:
    """Print the times of both, and the age.

    Returns:
        The exit status: 1 where the ratio is over its target.
    """
    classifier = Classifier.load()
    ratio = loop_over_alone(classifier)
    age(classifier)
    return 0 if ratio <= TARGET else 1


def loop_over_alone(classifier: Classifier) -> float:
    """Time the camera's loop beside the classifier alone, and print both medians.

    Args:
        classifier: The model.

    Returns:
        Their ratio.
    """
    watcher = StreamClassifier("fake://digits", frame_classifier(classifier, 3, None, read=False))
    writer = BackgroundWriter(line_writer(os.open(os.devnull, os.O_WRONLY), "utf-8"), 1000, False, lambda: False)
    alone, loop = [], []
    for index in range(ROUNDS):
        frame = Frame(synthetic.draw(index), "fake://digits", index, time.time())
        start = time.perf_counter()
        classifier.predict(frame.image)
        middle = time.perf_counter()
        writer.put(update_to_json(watcher.process(SourceEvent("ok", time.monotonic(), frame))))
        end = time.perf_counter()
        alone.append((middle - start) * 1000)
        loop.append((end - middle) * 1000)
    writer.close()
    one, other = statistics.median(alone), statistics.median(loop)
    print(f"preprocess and inference alone  {one:.3f} ms")
    print(f"the whole loop                  {other:.3f} ms")
    print(f"ratio                           {other / one:.2f}, target {TARGET}")
    return other / one


def age(classifier: Classifier) -> None:
    """Print how old frames are when they are answered, and how many were answered in time.

    Args:
        classifier: The model.
    """
    source = LiveSource("fake://digits", lambda: open_source("fake://digits", SourceOptions(fps=FPS)))
    watcher = StreamClassifier("fake://digits", frame_classifier(classifier, 3, None, read=False), every_frame=True)
    ages: list[float] = []
    in_time = 0
    for event in source.events(lambda: len(ages) >= LIVE_FRAMES):
        answer = watcher.process(event)
        if answer.result is not None:
            prediction = answer.result.prediction
            ages.append(answer.age_ms)
            in_time += answer.age_ms <= 1000 / FPS + prediction.preprocess_ms + prediction.inference_ms
    source.close()
    print(
        f"age at the answer, {FPS:g} fps       p50 {percentile(ages, 0.5):.3f} ms, p95 {percentile(ages, 0.95):.3f} ms"
    )
    print(
        f"within a frame and processing   {in_time} of {len(ages)}, {source.dropped} frames passed over for newer ones"
    )


if __name__ == "__main__":
    sys.exit(main())
