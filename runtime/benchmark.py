"""python -m runtime.benchmark: time a model on this board."""

from __future__ import annotations

import dataclasses
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.board.machine import check_heat
from runtime.classifier import DEFAULT_MODEL, Classifier
from runtime.cli.foreign_options import add_foreign_options, given_of
from runtime.cli.options import add_model_option
from runtime.cli.parser import Parser, as_called, int_at_least, print_error, print_note, run
from runtime.cli.printing import print_data, print_lines
from runtime.errors import EdgeError
from runtime.native import MAX_THREADS
from runtime.preprocess import to_input
from runtime.proof import selftest
from runtime.text import printable, to_json

if TYPE_CHECKING:
    from runtime.foreign.given import Given

EXAMPLE = """  python -m runtime.benchmark
  python -m runtime.benchmark --compare int8.tflite dynamic.tflite float32.tflite"""
FRAME = (480, 640)  # height, width in pixels: what most cameras give


@dataclass(frozen=True)
class Spread:
    """Milliseconds of many runs, after warm-up.

    Attributes:
        mean: Arithmetic mean.
        std: Standard deviation.
        p5: 5th percentile.
        p50: Median.
        p95: 95th percentile.
    """

    mean: float
    std: float
    p5: float
    p50: float
    p95: float


@dataclass(frozen=True)
class Cost:
    """What one model costs at one number of threads.

    Attributes:
        model: Path of the file.
        interpreter: Name and version.
        threads: Number of threads of the interpreter.
        size_bytes: Size of the file.
        load_ms: Milliseconds from the file to a ready interpreter.
        first_ms: Milliseconds of the first inference.
        preprocess: From a 640x480 color frame to the model's input.
        inference: From the model's input to its scores.
        whole: From the frame to a prediction.
        memory_mib: Peak of the process so far, MiB.
        proven: Whether the self-test passes.
    """

    model: str
    interpreter: str
    threads: int
    size_bytes: int
    load_ms: float
    first_ms: float
    preprocess: Spread
    inference: Spread
    whole: Spread
    memory_mib: float
    proven: bool


def measure(path: str, threads: int, count: int, warmup: int, given: Given | None = None) -> Cost:
    """Load a model and time it.

    Args:
        path: Path of the .tflite file.
        threads: Number of threads of the interpreter.
        count: Timed runs of each step.
        warmup: Runs of each step before them.
        given: What is known of a model without a card, and not said by its file.

    Returns:
        What it costs.

    Raises:
        EdgeError: As `Classifier.load` does.
    """
    start = time.perf_counter()
    classifier = Classifier.load(path, num_threads=threads, given=given)
    loaded = time.perf_counter()
    if classifier.note and threads == 1:
        print_note(f"note: {as_called(classifier.note)}")
    pixels = np.zeros(classifier.card.input.shape, np.uint8)
    classifier.scores(pixels)
    first = time.perf_counter()
    frame = scene()
    spec = classifier.card.input
    steps: list[Callable[[], object]] = [
        lambda: to_input(frame, spec),
        lambda: classifier.scores(pixels),
        lambda: classifier.predict(frame),
    ]
    preprocess, inference, whole = (_time(step, count, warmup) for step in steps)
    return Cost(
        model=path,
        interpreter=classifier.interpreter.name,
        threads=threads,
        size_bytes=Path(path).stat().st_size,
        load_ms=(loaded - start) * 1000,
        first_ms=(first - loaded) * 1000,
        preprocess=preprocess,
        inference=inference,
        whole=whole,
        memory_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024),
        proven=not selftest(classifier).faults,
    )


def scene() -> NDArray[np.uint8]:
    """A frame as a camera gives it: a "7" on grainy paper, with light that falls off to one side.

    Returns:
        uint8, (480, 640, 3) BGR; the same at every call.
    """
    height, width = FRAME
    paper = np.random.default_rng(0).normal(205, 4, (height, width, 3)) * np.linspace(1, 0.7, width)[:, np.newaxis]
    image = np.asarray(np.clip(paper, 0, 255), dtype=np.uint8)
    points = np.array([[240, 130], [400, 130], [300, 350]], np.int32)
    cv2.polylines(image, [points], False, (90, 50, 40), 9, cv2.LINE_AA)
    return image


def _time(step: Callable[[], object], count: int, warmup: int) -> Spread:
    times = []
    for index in range(warmup + count):
        start = time.perf_counter()
        step()
        if index >= warmup:
            times.append((time.perf_counter() - start) * 1000)
    p5, p50, p95 = (float(value) for value in np.percentile(times, (5, 50, 95)))
    return Spread(float(np.mean(times)), float(np.std(times)), p5, p50, p95)


def to_text(cost: Cost) -> str:
    """One model as a table for a person.

    Args:
        cost: What was measured.

    Returns:
        Six lines; times in milliseconds.
    """
    lines = [
        f"{printable(cost.model)}: {cost.size_bytes:,} bytes, {cost.interpreter}, {cost.threads} thread(s)",
        f"  load {cost.load_ms:.1f} ms, first inference {cost.first_ms:.2f} ms, {cost.memory_mib:.0f} MiB peak",
    ]
    lines.append(f"  {'milliseconds':12s}{'mean':>9s}{'std':>9s}{'p5':>9s}{'p50':>9s}{'p95':>9s}")
    for name in ("preprocess", "inference", "whole"):
        values = dataclasses.astuple(getattr(cost, name))
        lines.append(f"  {name:12s}" + "".join(f"{value:9.3f}" for value in values))
    return "\n".join(lines)


def cost_to_json(cost: Cost) -> str:
    """One model as JSON.

    Args:
        cost: What was measured.

    Returns:
        One object on one line; times in milliseconds, rounded to microseconds.
    """
    raw = dataclasses.asdict(
        cost, dict_factory=lambda pairs: {k: round(v, 3) if isinstance(v, float) else v for k, v in pairs}
    )
    return to_json(raw)


def main() -> int:
    """Measure one model at 1 to N threads, or compare several at one thread.

    Returns:
        The exit status: 1 where one of several models could not be measured or proven, else 0.

    Raises:
        EdgeError: The one model cannot be used.
    """
    parser = build_parser()
    options = parser.parse()
    given = given_of(options)
    if options.compare and given:
        parser.error("argument --compare: takes models with a card, which say how they are fed; adopt the others")
    for check in check_heat():
        if check.state != "ok":
            print_note(f"warning: {check.name}: {check.value}; these times are not this board's best")
    if options.compare:
        return _rank(options.compare, options.count, options.warmup, options.json)
    threads = 1
    while threads <= (options.num_threads or min(os.cpu_count() or 1, MAX_THREADS)):
        cost = measure(options.model or str(DEFAULT_MODEL), threads, options.count, options.warmup, given)
        if options.json:
            print_data(cost_to_json(cost))
        else:
            print_lines(to_text(cost))
        threads *= 2
    return 0


def _rank(models: list[str], count: int, warmup: int, as_json: bool) -> int:
    """Print the models, fastest first; one whose self-test fails is named and dropped, however fast it is."""
    costs = []
    for path in models:
        try:
            costs.append(measure(path, 1, count, warmup))
        except EdgeError as error:
            print_error(f"{path}: {error}")
    for cost in costs:
        if not cost.proven:
            print_error(f"{cost.model}: dropped, its selftest fails here (python -m runtime.selftest -m {cost.model})")
    ranked = sorted((cost for cost in costs if cost.proven), key=lambda cost: cost.inference.p50)
    for rank, cost in enumerate(ranked, start=1):
        if as_json:
            print_data(cost_to_json(cost))
        else:
            print_lines(f"{rank}. {to_text(cost)}")
    return 0 if len(ranked) == len(models) else 1


def build_parser() -> Parser:
    """The options of this command.

    Returns:
        A parser of the command line.
    """
    parser = Parser("python -m runtime.benchmark", "Time a model on this board.", EXAMPLE)
    add_model_option(parser)
    parser.add_argument("--compare", nargs="+", metavar="FILE", help="rank these models instead, fastest first")
    threads = int_at_least(1, MAX_THREADS)
    parser.add_argument("--num-threads", type=threads, metavar="N", help="up to N threads (default: all cores)")
    parser.add_argument("--count", type=int_at_least(1), default=200, metavar="N", help="timed runs (200)")
    parser.add_argument("--warmup", type=int_at_least(0), default=20, metavar="N", help="runs before them (20)")
    parser.add_argument("--json", action="store_true", help="one JSON object for each measurement")
    add_foreign_options(parser)
    return parser


if __name__ == "__main__":
    run(main)
