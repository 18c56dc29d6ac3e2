"""What `python -m runtime.classify` costs from start to finish.

Command: python -m benchmarks.startup

Beside it, in the same run, a bare script that imports numpy, cv2 and the interpreter, reads the same
picture, squeezes it to the model's size and runs one inference. Wall time and peak memory, medians.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from runtime.classifier import DEFAULT_MODEL
from runtime.cli.parser import Parser, int_at_least, run
from runtime.tflite.card_file import split_card

ROOT = Path(__file__).parent.parent
PICTURE = "samples/photo_7.jpg"
BARE = """
import sys
import cv2
import numpy as np
try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    from tflite_runtime.interpreter import Interpreter
interpreter = Interpreter(model_path=sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
pixels = cv2.resize(255 - cv2.imread(sys.argv[2], cv2.IMREAD_GRAYSCALE), (28, 28), interpolation=cv2.INTER_AREA)
tensor = (pixels.astype(np.int16) - 128).astype(np.int8)[None, :, :, None]
interpreter.set_tensor(interpreter.get_input_details()[0]["index"], tensor)
interpreter.invoke()
print(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).argmax())
"""


@dataclass(frozen=True)
class Cost:
    """Medians of several starts.

    Attributes:
        seconds: Wall time.
        mebibytes: Peak resident memory, MiB.
    """

    seconds: float
    mebibytes: float


def main() -> int:
    """Print both costs and their ratios.

    Returns:
        The exit status.
    """
    parser = Parser("python -m benchmarks.startup", "Time a start of classify.", "  python -m benchmarks.startup")
    parser.add_argument("--count", type=int_at_least(1), default=15, metavar="N", help="starts of each (15)")
    count = parser.parse().count
    with tempfile.TemporaryDirectory() as name:
        bare_script, model = Path(name, "bare.py"), Path(name, "model.tflite")
        bare_script.write_text(BARE)
        model.write_bytes(split_card(DEFAULT_MODEL.read_bytes())[0])
        words = [[str(bare_script), str(model), PICTURE], ["-m", "runtime.classify", PICTURE]]
        bare, ours = _compare(words, count)
    print(f"{'':28s}{'wall':>10s}{'peak memory':>14s}")
    print(f"{'bare script':28s}{bare.seconds * 1000:>7.0f} ms{bare.mebibytes:>10.1f} MiB")
    print(f"{'python -m runtime.classify':28s}{ours.seconds * 1000:>7.0f} ms{ours.mebibytes:>10.1f} MiB")
    print(f"{'ratio':28s}{ours.seconds / bare.seconds:>10.2f}{ours.mebibytes / bare.mebibytes:>14.2f}")
    return 0


def _compare(commands: list[list[str]], count: int) -> list[Cost]:
    """Each command's cost; they take turns, so that both meet the same machine."""
    measured: list[list[tuple[float, float]]] = [[] for _ in commands]
    for round_number in range(count + 1):
        for index, words in enumerate(commands):
            cost = _once(words)
            if round_number:  # the first fills the disk cache
                measured[index].append(cost)
    return [Cost(*(statistics.median(column) for column in zip(*rows, strict=True))) for rows in measured]


def _once(words: list[str]) -> tuple[float, float]:
    start = time.perf_counter()
    child = subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"error: {' '.join(words)} ended with status {child.returncode}")
    return seconds, usage.ru_maxrss / 1024


if __name__ == "__main__":
    run(main)
