"""Our int8 interpreter beside ONNX Runtime on the same network.

Command: python -m benchmarks.onnx_peer [MODEL.keras ...]

Both are made here from one Keras file and one calibration sample, run on one thread and take turns, a picture at a
time. Each gets its input tensor ready made and gives back scores; accuracy on the test images proves that it is the
same network. Of ONNX Runtime's two int8 schemes the faster one counts.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import peers
from benchmarks.page import add_page_option, write_section
from benchmarks.timing import Timing, processor, side_by_side
from convert.converter import Request, check_source, convert_model
from convert.data import calibrate, to_inputs
from convert.quantize import DEFAULT
from runtime.cli.parser import Parser, int_at_least, run
from runtime.errors import DataError
from runtime.tflite.card import InputSpec
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import quantize_input
from workbench.dataset import Dataset, Split, read_dataset
from workbench.run_folder import DATASET_FILE
from workbench.tables import markdown_table

EXAMPLE = """\
  MNIST_NPZ=mnist.npz python -m benchmarks.onnx_peer train/digits.keras
  python -m benchmarks.onnx_peer artifacts/model.keras --page"""
SHIPPED = Path(__file__).parent.parent / "train" / "digits.keras"
BOUND = 1.15  # times what ONNX Runtime takes
CALIBRATION_IMAGES = 500
OURS = "ours, int8"

Call = Callable[[int], NDArray[Any]]  # the number of a run, which picks the picture, to scores


@dataclass(frozen=True)
class Row:
    """One network in one interpreter.

    Attributes:
        model: Its file's name.
        engine: The interpreter, and what it computes in.
        time: Time of a picture.
        accuracy: On the test images, 0 to 1.
    """

    model: str
    engine: str
    time: Timing
    accuracy: float


def main() -> int:
    """Print a row for each engine and the ratio, and write them with --page.

    Returns:
        The exit status.
    """
    parser = Parser("python -m benchmarks.onnx_peer", "Time our interpreter beside ONNX Runtime.", EXAMPLE)
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL.keras", help="default: the model that ships")
    parser.add_argument(
        "--data", type=Path, metavar="FILE.npz", help=f"default: {DATASET_FILE} beside it, else $MNIST_NPZ"
    )
    parser.add_argument("--count", type=int_at_least(25), default=2000, metavar="N", help="runs of each (2000)")
    parser.add_argument("--images", type=int_at_least(1), metavar="N", help="to measure accuracy on (default: all)")
    add_page_option(parser)
    options = parser.parse()

    from train.quiet import import_tensorflow

    import_tensorflow()
    rows = []
    for model in options.models or [SHIPPED]:
        check_source(model)
        rows += measure(model, read_dataset(_data(model, options.data)), options.count, options.images)
    text = report(rows)
    print(text)
    if options.page:
        write_section("onnx", text)
    return 0


def measure(model: Path, dataset: Dataset, count: int, images: int | None) -> list[Row]:
    """Run one network in every engine, in turns.

    Args:
        model: A .keras file.
        dataset: Its pictures.
        count: Timed runs of each.
        images: How many test images to measure accuracy on; None for all.

    Returns:
        A row an engine.
    """
    spec = dataset.spec or InputSpec()
    calibration = calibrate(dataset, spec, CALIBRATION_IMAGES, 0)
    pixels = to_inputs(dataset, dataset.test.images[:images], spec)
    truth = dataset.test.labels[:images]
    converted = convert_model(Request(model, DEFAULT), Split(pixels[:1], truth[:1]), calibration)
    interpreter = Interpreter.load(converted.tflite)
    inputs = [quantize_input(image, interpreter.input) for image in pixels]
    floats = pixels.astype(np.float32)[:, np.newaxis]
    engines: dict[str, Call] = {OURS: lambda number: interpreter.run(inputs[number % len(inputs)])}
    with tempfile.TemporaryDirectory() as folder:
        for name, call in peers.sessions(model, calibration.images, Path(folder)).items():
            engines[f"ONNX Runtime, {name}"] = _cycling(call, floats)
    times = side_by_side(engines, count)
    answers = {name: [int(call(i).argmax()) for i in range(len(truth))] for name, call in engines.items()}
    return [Row(model.stem, name, times[name], float(np.mean(answers[name] == truth))) for name in engines]


def report(rows: Sequence[Row]) -> str:
    """Write the table, and the ratio to the faster of ONNX Runtime's int8 schemes.

    Args:
        rows: Rows of all models.

    Returns:
        Markdown.
    """
    lines = [
        [row.model, row.engine, f"{row.time.median:.1f}", f"{row.time.p90:.1f}", f"{row.accuracy:.2%}"] for row in rows
    ]
    parts = [markdown_table(["model", "engine", "µs an image, median", "90th percentile", "test accuracy"], lines)]
    for model in dict.fromkeys(row.model for row in rows):
        own = {row.engine: row.time.median for row in rows if row.model == model}
        best = min(time for name, time in own.items() if "Runtime, int8" in name)
        ratio = own[OURS] / best
        parts.append(f"{model}: {ratio:.2f} times what ONNX Runtime takes in int8 (bound: at most {BOUND:g}).")
    parts.append(f"{processor()}, one thread, {rows[0].time.calls:,} runs of each, taking turns; {versions()}.")
    return "\n\n".join(parts)


def versions() -> str:
    """Name the versions of what was timed.

    Returns:
        One line.
    """
    import onnxruntime

    from runtime.tflite.interpreter import find_interpreter

    return f"{find_interpreter()[1]}, onnxruntime {onnxruntime.__version__}"


def _cycling(call: peers.Run, floats: NDArray[np.float32]) -> Call:
    return lambda number: call(floats[number % len(floats)])


def _data(model: Path, given: Path | None) -> Path:
    beside = model.parent / DATASET_FILE
    if given is not None or beside.exists():
        return given or beside
    if not os.environ.get("MNIST_NPZ"):
        raise DataError(f"expected the pictures in {beside}, by --data FILE.npz or MNIST_NPZ=mnist.npz; there are none")
    return Path(os.environ["MNIST_NPZ"])


if __name__ == "__main__":
    run(main)
