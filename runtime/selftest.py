"""python -m runtime.selftest: does this board compute what the host computed?

The card holds a few inputs, and what the model answered to them where it was converted. Here they are
replayed. The case it is for: a runtime that loads a model without a word and answers with 11 % accuracy.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.card import Golden
from runtime.classifier import Classifier, dequantize, quantize_input
from runtime.command import Parser, error_line, run, whole_number

EXAMPLE = """  python -m runtime.selftest
  python -m runtime.selftest -m artifacts/model.tflite"""

# Other kernels round otherwise. Measured between LiteRT 2.3 and tflite-runtime 2.14: up to 9 of 256 steps.
OTHER_KERNELS = 9 / 256  # of the span of all golden outputs
TIMED_RUNS = 50


@dataclass(frozen=True)
class Report:
    """What the replay gave.

    vectors: how many were replayed. exact: how many came back to the byte. worst: the largest difference,
    as a share of the span of the golden outputs. tolerance: what `worst` may be, 0 where interpreter and
    version are those of the host. faults: one line each, empty where all is well. inference_ms: median.
    """

    interpreter: str
    host: str
    vectors: int
    exact: int
    worst: float
    tolerance: float
    faults: tuple[str, ...]
    inference_ms: float


def selftest(classifier: Classifier) -> Report:
    """Replay the card's golden vectors in this interpreter. A model without whole ones has one fault."""
    name, host = classifier.interpreter.name, _host(classifier.card.training)
    problem = _unusable(classifier)
    if problem:
        return Report(name, host, 0, 0, 0.0, 0.0, (problem,), 0.0)
    tolerance = 0.0 if name == host else OTHER_KERNELS
    pairs = [(_expected(classifier, vector), _replay(classifier, vector)) for vector in classifier.card.golden]
    outputs = np.concatenate([expected for expected, _ in pairs])
    span = max(1e-6, float(outputs.max() - outputs.min()))
    differences = [float(np.abs(expected - received).max()) / span for expected, received in pairs]
    faults = tuple(
        _fault(index, classifier, pair, difference, tolerance)
        for index, (pair, difference) in enumerate(zip(pairs, differences, strict=True))
        if not difference <= tolerance  # so that NaN is a fault
    )
    exact = sum(difference == 0 for difference in differences)
    return Report(name, host, len(pairs), exact, max(differences), tolerance, faults, _median_ms(classifier))


def _unusable(classifier: Classifier) -> str:
    """Why the card's golden vectors cannot be replayed; "" where they can."""
    golden, output = classifier.card.golden, classifier.interpreter.output
    if not golden:
        return "the model has no golden vectors, so nothing can be proven; convert it again: python -m convert"
    sizes = math.prod(classifier.interpreter.input.shape), math.prod(output.shape) * output.dtype.itemsize
    if any((len(vector.input), len(vector.output)) != sizes for vector in golden):
        return (
            f"a golden vector is not of {sizes[0]} and {sizes[1]} bytes: the card is damaged, convert the model again"
        )
    return ""


def _host(training: Mapping[str, object]) -> str:
    conversion = training.get("conversion")
    return str(conversion.get("interpreter", "")) if isinstance(conversion, Mapping) else ""


def _expected(classifier: Classifier, vector: Golden) -> NDArray[np.float32]:
    info = classifier.interpreter.output
    return dequantize(np.frombuffer(vector.output, info.dtype), info)


def _replay(classifier: Classifier, vector: Golden) -> NDArray[np.float32]:
    interpreter = classifier.interpreter
    pixels = np.frombuffer(vector.input, np.uint8).reshape(classifier.card.input.shape)
    return dequantize(interpreter.run(quantize_input(pixels, interpreter.input)), interpreter.output).ravel()


def _fault(
    index: int,
    classifier: Classifier,
    pair: tuple[NDArray[np.float32], NDArray[np.float32]],
    difference: float,
    tolerance: float,
) -> str:
    labels = classifier.card.labels
    expected, received = (labels[int(row.argmax())] for row in pair)
    return (
        f"golden vector {index}: expected {expected}, received {received}; outputs differ by {difference:.1%} of their "
        f"span, at most {tolerance:.1%} allowed. This interpreter does not compute what the host computed: "
        "update it, or convert the model again"
    )


def _median_ms(classifier: Classifier) -> float:
    pixels = np.frombuffer(classifier.card.golden[0].input, np.uint8).reshape(classifier.card.input.shape)
    times = []
    for _ in range(TIMED_RUNS):
        start = time.perf_counter()
        classifier.scores(pixels)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def to_text(classifier: Classifier, report: Report) -> str:
    """A few lines for a person."""
    card = classifier.card
    proof = "to the byte" if report.exact == report.vectors else f"within {report.worst:.1%} of their span"
    host = "as on the host" if report.interpreter == report.host else f"converted with {report.host or 'unknown'}"
    return "\n".join(
        (
            f"model        {card.name} {card.version}, {card.quantization}, sha256 {card.sha256[:16]} as on the card",
            f"interpreter  {report.interpreter}, {host}",
            f"golden       {report.vectors} replayed, {proof}" if report.vectors else "golden       none",
            f"time         {report.inference_ms:.3f} ms an image, median of {TIMED_RUNS}",
        )
    )


def main() -> int:
    """Print what was compared; 1 and a line for each fault where this board computes something else."""
    parser = Parser("python -m runtime.selftest", "Prove that this board computes what the host computed.", EXAMPLE)
    parser.add_argument("-m", "--model", metavar="FILE", help="a .tflite model (default: the digits that ship)")
    parser.add_argument("--num-threads", type=whole_number(1), default=1, metavar="N", help="interpreter threads (1)")
    options = parser.parse()
    classifier = Classifier.load(options.model, num_threads=options.num_threads)
    report = selftest(classifier)
    print(to_text(classifier, report))
    for fault in report.faults:
        error_line(fault)
    print("result       " + ("FAILED" if report.faults else "passed"))
    return 1 if report.faults else 0


if __name__ == "__main__":
    run(main)
