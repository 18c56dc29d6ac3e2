"""What a frame costs from pixels to model input, beside decoding it: python -m benchmarks.preprocess_speed

Each frame is a drawn sheet of paper with a digit, light that falls off and a sensor's noise, coded as JPEG
of quality 90. Both figures are medians of the same run, in one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.card import InputSpec
from runtime.command import Parser, run, whole_number
from runtime.preprocess import to_input
from samples.draw import BALLPOINT, PAPER, Pen, Place, camera, coverage, light, sheet, write

EXAMPLE = "  python -m benchmarks.preprocess_speed --repeat 200"
SIZES = ((640, 480), (1280, 720), (1920, 1080))
QUALITY = 90


def main() -> int:
    """Print a line for each size: decoding, to_input, and their ratio."""
    parser = Parser("python -m benchmarks.preprocess_speed", "Time preprocessing against decoding.", EXAMPLE)
    parser.add_argument("--repeat", type=whole_number(1), default=50, metavar="N", help="runs of each (50)")
    options = parser.parse()
    cv2.setNumThreads(1)
    spec = InputSpec()
    print(f"OpenCV {cv2.__version__}, one thread, medians of {options.repeat} runs, milliseconds")
    print(f"{'frame':>12s}{'imdecode':>10s}{'to_input':>10s}{'ratio':>8s}")
    for width, height in SIZES:
        image = frame(width, height)
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
        decode, prepare = interleaved(
            [partial(cv2.imdecode, coded, cv2.IMREAD_COLOR), partial(to_input, image, spec)], options.repeat
        )
        print(f"{f'{width}x{height}':>12s}{decode:10.3f}{prepare:10.3f}{prepare / decode:8.2f}")
    (small,) = interleaved([partial(to_input, digit(), spec)], options.repeat)
    print(f"{'28x28':>12s}{'':>10s}{small:10.3f}")
    return 0


def frame(width: int, height: int) -> NDArray[np.uint8]:
    """(height, width, 3) BGR: what a camera sees of a written 7."""
    rng = np.random.default_rng(3)
    paper = light(sheet(height, width, PAPER, 2.0, rng), (0.6, 0.8), 0.35)
    place = Place(0.52 * width, 0.49 * height, 0.46 * height, 6)
    return camera(write(paper, "7", place, Pen(0.035, BALLPOINT), rng), rng)


def digit() -> NDArray[np.uint8]:
    """(28, 28) gray: a digit as MNIST has it."""
    covered = coverage((28, 28), "7", Place(14, 14, 20, 4), Pen(0.12, BALLPOINT), np.random.default_rng(3))
    return np.asarray(255 * covered, np.uint8)


def interleaved(tasks: Sequence[Callable[[], object]], repeat: int) -> list[float]:
    """Median milliseconds of each task, run in turns so that the machine's moods meet all alike."""
    times = np.empty((repeat, len(tasks)))
    for task in tasks:
        task()
    for i in range(repeat):
        for j, task in enumerate(tasks):
            start = time.perf_counter()
            task()
            times[i, j] = (time.perf_counter() - start) * 1000
    return [float(value) for value in np.median(times, axis=0)]


if __name__ == "__main__":
    run(main)
