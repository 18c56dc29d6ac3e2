"""Which pixels, which way to resize, which order of colors: the ways to feed a model, compared on labeled pictures.

By loss (mean negative log-likelihood) and not by accuracy, which tells ways apart much later; and only where the best
beats the next by more than the standard error of their paired difference.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.adoption.examples import Examples
from runtime.foreign.normalization import SCALES, Scale
from runtime.preprocess import to_input
from runtime.tflite.card import Decision, InputSpec
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import InputEncoder, to_probabilities

MIN_PICTURES, MIN_CLASSES = 10, 2  # fewer decide nothing
MIN_PROBABILITY = 1e-7  # its logarithm is finite


@dataclass(frozen=True)
class Way:
    """One way to feed a model.

    Attributes:
        scale: Which pixels.
        resize: How a picture is made to fit.
        color: Order of the channels.
    """

    scale: Scale
    resize: str
    color: str

    def applied_to(self, spec: InputSpec) -> InputSpec:
        """The card's input for this way.

        Args:
            spec: The rest of it.

        Returns:
            The same with this scale, resize and color.
        """
        changes = {"resize": self.resize, "color": self.color, "mean": self.scale.mean, "std": self.scale.std}
        return dataclasses.replace(spec, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)  # == of arrays is no single truth value
class Result:
    """What a model gave when it was fed one way.

    Attributes:
        way: How it was fed.
        scores: float32 (n, classes).
        seen: Indices of the pictures, (n,): those in which the framing found something.
    """

    way: Way
    scores: NDArray[np.float32]
    seen: NDArray[np.int64]

    def losses(self, truth: NDArray[np.int64]) -> NDArray[np.float64]:
        """The negative log-likelihood of each picture's class.

        Args:
            truth: int64 of all pictures, classes.

        Returns:
            float64 (n,), nats.
        """
        probabilities = self.scores[np.arange(len(self.seen)), truth[self.seen]].astype(np.float64)
        return np.asarray(-np.log(np.clip(probabilities, MIN_PROBABILITY, 1.0)))

    def answers(self) -> NDArray[np.int64]:
        """The best class of each picture.

        Returns:
            int64 (n,).
        """
        return np.asarray(self.scores.argmax(axis=1), dtype=np.int64)

    def right(self, truth: NDArray[np.int64]) -> int:
        """Count right answers.

        Args:
            truth: int64 of all pictures, classes.

        Returns:
            How many.
        """
        return int((self.answers() == truth[self.seen]).sum())


def ways(spec: InputSpec, scale: Scale | None, has_resize: bool, has_color: bool) -> list[Way]:
    """Every way to feed a model that nothing has decided between.

    Args:
        spec: The card's input, with the usual resize and color.
        scale: The scale where it is known.
        has_resize: Whether the resize is known.
        has_color: Whether the order of colors is known.

    Returns:
        The usual ones first.
    """
    scales = [scale] if scale else [one for one in SCALES.values() if len(one.mean) in (1, spec.channels)]
    is_whole = spec.framing == "whole"
    resizes = [spec.resize] if has_resize or not is_whole else ["stretch", "crop"]
    colors = [spec.color] if has_color or spec.channels == 1 else ["rgb", "bgr"]
    return [Way(*one) for one in itertools.product(scales, resizes, colors)]


def try_ways(
    interpreter: Interpreter, spec: InputSpec, decision: Decision, examples: Examples, options: Sequence[Way]
) -> list[Result]:
    """Run a model on every picture in every way.

    Args:
        interpreter: With the model loaded.
        spec: The card's input.
        decision: The card's: what the output holds.
        examples: The pictures.
        options: Ways to feed it.

    Returns:
        What it gave in each way.

    Raises:
        ImageError: A picture cannot be read.
        ModelError: The model cannot be run.
    """
    encoders = [InputEncoder.make(interpreter.input, way.applied_to(spec)) for way in options]
    scores: list[list[NDArray[np.float32]]] = [[] for _ in options]
    seen = []
    for number, picture in enumerate(examples.pictures()):
        inputs = {}
        for way in options:
            if (way.resize, way.color) not in inputs:
                inputs[way.resize, way.color] = to_input(picture, way.applied_to(spec))
        if any(pixels is None for pixels in inputs.values()):
            continue
        seen.append(number)
        for index, way in enumerate(options):
            pixels = np.asarray(inputs[way.resize, way.color], np.uint8)
            raw = interpreter.run(encoders[index].encode(pixels))
            scores[index].append(to_probabilities(raw, interpreter.output, decision))
    found = np.array(seen, np.int64)
    return [Result(way, np.array(rows, np.float32), found) for way, rows in zip(options, scores, strict=True)]


def is_better(one: Result, other: Result, truth: NDArray[np.int64]) -> bool:
    """Whether one way's losses are smaller, by more than the standard error of their paired difference.

    Args:
        one: A result.
        other: Another, on the same pictures.
        truth: int64 of all pictures, classes.

    Returns:
        False where the pictures cannot tell.
    """
    difference = other.losses(truth) - one.losses(truth)
    if len(difference) < 2:
        return False
    return float(difference.mean()) > float(difference.std(ddof=1)) / math.sqrt(len(difference))


def best_by(results: Sequence[Result], field: str, truth: NDArray[np.int64]) -> list[Result]:
    """The best result of each value that a field of the ways has.

    Args:
        results: On the same pictures.
        field: "scale", "resize" or "color".
        truth: int64 of all pictures, classes.

    Returns:
        One for each value, the least loss first.
    """
    best: dict[object, Result] = {}
    for result in sorted(results, key=lambda result: float(result.losses(truth).mean())):
        best.setdefault(getattr(result.way, field), result)
    return list(best.values())
