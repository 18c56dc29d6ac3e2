"""What a frame costs from pixels to model input, beside decoding it.

Command: python -m benchmarks.preprocess_speed

Frames are drawn and coded as JPEG: a sheet of paper with a digit, in light that falls off, with a sensor's noise;
at 640x480 also frames with more in them, from a shadow to a page of rows on a cluttered table. All figures of a
line are of the same run, in turns, in one thread: the 20th percentile, which a busy machine moves least. PASS:
preprocessing costs no more than decoding, once from the quality that cv2.imencode gives unless told otherwise, 95,
and once from 90, a smaller file that is decoded faster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.cli.parser import Parser, int_at_least, run
from runtime.preprocess import to_input
from runtime.tflite.card import InputSpec
from samples.draw import BALLPOINT, PAPER, Pen, Place, camera, coverage, light, sheet, write

EXAMPLE = "  python -m benchmarks.preprocess_speed --repeat 200"
SIZES = ((640, 480), (1280, 720), (1920, 1080))
QUALITIES = (95, 90)  # the first is OpenCV's own
WARM_UP = 20  # rounds


def main() -> int:
    """Print a line for each size: decoding, to_input, and their ratio.

    Returns:
        The exit status.
    """
    parser = Parser("python -m benchmarks.preprocess_speed", "Time preprocessing against decoding.", EXAMPLE)
    parser.add_argument("--repeat", type=int_at_least(1), default=50, metavar="N", help="runs of each (50)")
    options = parser.parse()
    cv2.setNumThreads(1)
    spec = InputSpec()
    print(f"OpenCV {cv2.__version__}, one thread, 20th percentiles of {options.repeat} runs, milliseconds")
    columns = "".join(f"{f'imdecode {quality}':>13s}{'ratio':>7s}{'':6s}" for quality in QUALITIES)
    print(f"{'frame':>16s}{'to_input':>10s}{columns}".rstrip())
    frames = {f"{width}x{height}": frame(width, height) for width, height in SIZES}
    for name, image in {**frames, **busy_frames(640, 480)}.items():
        coded = [cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1] for quality in QUALITIES]
        decoding = [partial(cv2.imdecode, file, cv2.IMREAD_COLOR) for file in coded]
        prepare, *decodes = interleaved([partial(to_input, image, spec), *decoding], options.repeat)
        line = f"{name:>16s}{prepare:10.3f}"
        for decode in decodes:
            verdict = ("PASS" if prepare <= decode else "FAIL") if name in frames else ""
            line += f"{decode:13.3f}{prepare / decode:7.2f}  {verdict:4s}"
        print(line.rstrip())
    (small,) = interleaved([partial(to_input, digit(), spec)], options.repeat)
    print(f"{'28x28':>16s}{small:10.3f}")
    return 0


def busy_frames(width: int, height: int) -> dict[str, NDArray[np.uint8]]:
    """Draw frames with something beside, or in place of, one digit.

    Args:
        width: Pixels.
        height: Pixels.

    Returns:
        uint8 (height, width, 3), BGR, by what is in them.
    """
    rng = np.random.default_rng(4)
    shadow = frame(width, height)
    shadow[:, : width // 3] = shadow[:, : width // 3] // 2
    ruled = frame(width, height)
    ruled[24::32, :, :] = ruled[24::32, :, :] // 3 + 120
    squared = ruled.copy()
    squared[:, 24::32] = squared[:, 24::32] // 3 + 120
    rows = sheet(height, width, PAPER, 2.0, rng)
    for number in range(40):
        place = Place((0.08 + 0.12 * (number % 8)) * width, (0.12 + 0.19 * (number // 8)) * height, 0.12 * height, 6)
        rows = write(rows, str(number % 10), place, Pen(0.08, BALLPOINT), rng)
    table = rows.copy()
    wood = cv2.resize(rng.integers(20, 160, (height // 4, 12, 3), np.uint8), (width, height))
    table[: height // 5], table[:, : width // 5] = wood[: height // 5], wood[:, : width // 5]
    noise = rng.normal(128, 40, (height // 2, width // 2, 3)).clip(0, 255).astype(np.uint8)
    return {
        "shadow": shadow,
        "ruled paper": ruled,
        "squared paper": squared,
        "a page of rows": camera(rows, rng),
        "on a table": camera(table, rng),
        "texture": np.asarray(cv2.resize(noise, (width, height)), np.uint8),
    }


def frame(width: int, height: int) -> NDArray[np.uint8]:
    """Draw what a camera sees of a written 7.

    Args:
        width: Pixels.
        height: Pixels.

    Returns:
        uint8 (height, width, 3), BGR.
    """
    rng = np.random.default_rng(3)
    paper = light(sheet(height, width, PAPER, 2.0, rng), (0.6, 0.8), 0.35)
    place = Place(0.52 * width, 0.49 * height, 0.46 * height, 6)
    return camera(write(paper, "7", place, Pen(0.035, BALLPOINT), rng), rng)


def digit() -> NDArray[np.uint8]:
    """Draw a digit as MNIST has it.

    Returns:
        uint8 (28, 28), light on black.
    """
    covered = coverage((28, 28), "7", Place(14, 14, 20, 4), Pen(0.12, BALLPOINT), np.random.default_rng(3))
    return np.asarray(255 * covered, np.uint8)


def interleaved(tasks: Sequence[Callable[[], object]], repeat: int) -> list[float]:
    """Time tasks in turns, so that all meet the same machine.

    Args:
        tasks: What to time.
        repeat: How many runs of each.

    Returns:
        Milliseconds of each task, the 20th percentile.
    """
    times = np.empty((repeat, len(tasks)))
    for _ in range(WARM_UP):  # a camera runs for days; the first frames of a process cost more
        for task in tasks:
            task()
    for i in range(repeat):
        for j, task in enumerate(tasks):
            start = time.perf_counter()
            task()
            times[i, j] = (time.perf_counter() - start) * 1000
    return [float(value) for value in np.percentile(times, 20, axis=0)]


if __name__ == "__main__":
    run(main)
