"""The self-test: replay a card's golden vectors, to prove that this interpreter computes what the host computed.

The card holds a few inputs and what the model answered to them where it was converted. This finds a runtime that loads
a model without complaint and then answers with 11 % accuracy.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.tflite.card import Golden, ModelCard
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import InputEncoder, dequantize, to_probabilities

# Other kernels round differently. Measured between LiteRT 2.3 and tflite-runtime 2.14: up to 9 of 256 steps.
KERNEL_TOLERANCE = 9 / 256  # of the span of all golden outputs
MIN_SPAN = 1e-6  # of golden outputs that are all alike; it keeps differences finite
TIMED_RUNS = 50
SUM_TOLERANCE = 0.01  # of probabilities


@dataclass(frozen=True)
class Report:
    """What the replay gave.

    Attributes:
        interpreter: Name and version of this machine's.
        host: Name and version of the one that the model was converted with; "" where the card does not say.
        vectors: How many were replayed.
        exact: How many came back to the byte.
        worst: The largest difference, as a share of the span of the golden outputs.
        tolerance: What `worst` may be; 0 where interpreter and version are those of the host.
        faults: One line each; empty where the test passes.
        pictures: How many golden pictures were replayed, see runtime.proof.
    """

    interpreter: str
    host: str
    vectors: int
    exact: int
    worst: float
    tolerance: float
    faults: tuple[str, ...]
    pictures: int = 0


def selftest(interpreter: Interpreter, card: ModelCard) -> Report:
    """Replay the card's golden vectors in this interpreter.

    Args:
        interpreter: With the model loaded.
        card: The model's card. One without golden vectors, or with damaged ones, has one fault.

    Returns:
        What the replay gave.

    Raises:
        ModelError: The model cannot be run.

    Example:
        >>> from runtime import Classifier
        >>> classifier = Classifier.load()
        >>> selftest(classifier.interpreter, classifier.card).faults
        ()
    """
    name, host = interpreter.name, _conversion_interpreter(card.training)
    fault = _explain_unusable(interpreter, card)
    if fault:
        return Report(name, host, 0, 0, 0.0, 0.0, (fault,))
    tolerance = 0.0 if name == host else KERNEL_TOLERANCE
    encoder = InputEncoder.make(interpreter.input, card.input)
    pairs = [(_expected(interpreter, vector), _replay(interpreter, card, vector, encoder)) for vector in card.golden]
    outputs = np.concatenate([expected for expected, _ in pairs])
    span = max(MIN_SPAN, float(outputs.max() - outputs.min()))
    differences = [float(np.abs(expected - received).max()) / span for expected, received in pairs]
    faults = tuple(
        _describe_fault(index, card.labels, pair, difference, tolerance)
        for index, (pair, difference) in enumerate(zip(pairs, differences, strict=True))
        if not difference <= tolerance  # so that NaN is a fault
    )
    exact = sum(difference == 0 for difference in differences)
    return Report(name, host, len(pairs), exact, max(differences), tolerance, faults)


def median_ms(interpreter: Interpreter, card: ModelCard) -> float:
    """Time the interpreter on the card's first golden vector.

    Apart from `selftest`, which the camera runs at its start: a large model would delay the first frame by seconds.

    Args:
        interpreter: With the model loaded.
        card: The model's, whose `selftest` replayed a vector or more.

    Returns:
        Milliseconds from pixels to real outputs, median of TIMED_RUNS.

    Raises:
        ModelError: The model cannot be run.
    """
    encoder = InputEncoder.make(interpreter.input, card.input)
    times = []
    for _ in range(TIMED_RUNS):
        start = time.perf_counter()
        _replay(interpreter, card, card.golden[0], encoder)
        times.append((time.perf_counter() - start) * 1000)
    return float(np.median(times))


def _explain_unusable(interpreter: Interpreter, card: ModelCard) -> str:
    """Why the card's golden vectors cannot be replayed; "" where they can."""
    if not card.golden:
        return "the model has no golden vectors, so nothing can be proven; convert it again: python -m convert"
    output = interpreter.output
    sizes = math.prod(interpreter.input.shape), math.prod(output.shape) * output.dtype.itemsize
    if any((len(vector.input), len(vector.output)) != sizes for vector in card.golden):
        return (
            f"a golden vector is not of {sizes[0]} and {sizes[1]} bytes: the card is damaged, convert the model again"
        )
    return _explain_output(interpreter, card)


def _explain_output(interpreter: Interpreter, card: ModelCard) -> str:
    """Why the golden outputs are not what the card says of the output; "" where they are."""
    raw = [np.frombuffer(vector.output, interpreter.output.dtype) for vector in card.golden]
    for values in raw:
        to_probabilities(values, interpreter.output, card.decision)  # raises where it is no probability
    if card.decision.output != "logits":
        return ""
    real = [dequantize(values, interpreter.output) for values in raw]
    if all(values.min() >= 0 and abs(float(values.sum()) - 1) < SUM_TOLERANCE for values in real):
        return "the card says that the model gives logits; all its golden outputs are probabilities. Convert it again"
    return ""


def _conversion_interpreter(training: Mapping[str, object]) -> str:
    """Name and version of the interpreter that the model was converted with; "" where the card does not say."""
    conversion = training.get("conversion")
    return str(conversion.get("interpreter", "")) if isinstance(conversion, Mapping) else ""


def _expected(interpreter: Interpreter, vector: Golden) -> NDArray[np.float32]:
    return dequantize(np.frombuffer(vector.output, interpreter.output.dtype), interpreter.output)


def _replay(interpreter: Interpreter, card: ModelCard, vector: Golden, encoder: InputEncoder) -> NDArray[np.float32]:
    pixels = np.frombuffer(vector.input, np.uint8).reshape(card.input.shape)
    return dequantize(interpreter.run(encoder.encode(pixels)), interpreter.output).ravel()


def _describe_fault(
    index: int,
    labels: Sequence[str],
    pair: tuple[NDArray[np.float32], NDArray[np.float32]],
    difference: float,
    tolerance: float,
) -> str:
    expected, received = (labels[int(row.argmax())] for row in pair)
    return (
        f"golden vector {index}: expected {expected}, received {received}; outputs differ by {difference:.1%} of their "
        f"span, at most {tolerance:.1%} allowed. This interpreter does not compute what the host computed: "
        "update it, or convert the model again"
    )
