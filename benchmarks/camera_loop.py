"""What the camera's loop adds to preprocessing and inference, on 640x480: python -m benchmarks.camera_loop

Frame by frame, in turn: the classifier alone, then the loop's own way (change test, steady reading, JSON line
handed to the writer). The target is a ratio of medians of at most 1.25.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

from runtime import fake
from runtime.classifier import Classifier
from runtime.frames import Frame
from runtime.lines import json_line
from runtime.live import Event
from runtime.watch import Watcher, looker
from runtime.worker import Worker, line_writer

ROUNDS = 600
TARGET = 1.25


def main() -> int:
    """Print both medians and their ratio; 1 where it is over the target."""
    classifier = Classifier.load()
    watcher = Watcher("fake://digits", looker(classifier, 3, None, read=False))
    writer = Worker(line_writer(os.open(os.devnull, os.O_WRONLY), "utf-8"), 1000, False, lambda: False)
    alone, loop = [], []
    for index in range(ROUNDS):
        frame = Frame(fake.draw(index), "fake://digits", index, time.time())
        start = time.perf_counter()
        classifier.predict(frame.image)
        middle = time.perf_counter()
        writer.put(json_line(watcher.see(Event("ok", time.monotonic(), frame))))
        end = time.perf_counter()
        alone.append((middle - start) * 1000)
        loop.append((end - middle) * 1000)
    writer.close()
    one, other = statistics.median(alone), statistics.median(loop)
    print(f"preprocess and inference alone  {one:.3f} ms")
    print(f"the whole loop                  {other:.3f} ms")
    print(f"ratio                           {other / one:.2f}, target {TARGET}")
    return 0 if other / one <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
