"""Does the .tflite do what the Keras model does? Both on every test image, compared. Pure but for `run_all`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.data import Pixels
from runtime.errors import ModelError, ModelMismatch
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import quantize_input

Probabilities = NDArray[np.float32]  # (N, classes), rows sum to 1
SAME_ACCURACY = 0.02  # a ReLU network reads scaled pictures nearly as well: the loss tells
SUM_TOLERANCE = 1e-3  # float32 softmax over some hundred classes


@dataclass(frozen=True)
class Limits:
    """The most that accuracy may drop and the least top-1 agreement, as fractions."""

    max_accuracy_drop: float = 0.002
    min_agreement: float = 0.998


@dataclass(frozen=True)
class ClassRow:
    """One class. n: its test images; the rest are fractions of them, None where there are none."""

    label: str
    n: int
    float_accuracy: float | None
    quantized_accuracy: float | None
    agreement: float | None


@dataclass(frozen=True)
class Disagreement:
    """A test picture on which the two give different answers. index: its place in the test set.
    Each score is the probability that the model gives its own answer."""

    index: int
    truth: str
    float_label: str
    float_score: float
    quantized_label: str
    quantized_score: float


@dataclass(frozen=True)
class Parity:
    """Keras against the .tflite on the same n pictures. Fractions 0 to 1; drop is negative where the .tflite
    is the better one; max_difference: of any probability of any picture, at temperature 1."""

    n: int
    float_accuracy: float
    quantized_accuracy: float
    drop: float
    agreement: float
    max_difference: float
    classes: tuple[ClassRow, ...]
    disagreements: tuple[Disagreement, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dataclasses.asdict(self)


def run_all(interpreter: Interpreter, images: Pixels, step: Callable[[int], None] | None = None) -> NDArray[Any]:
    """Raw output tensors, (N, classes) of the output's dtype, for uint8 (N, H, W, C) model inputs, one by one
    as on the device. step: told how many are done."""
    rows = []
    for index, image in enumerate(images):
        rows.append(interpreter.run(quantize_input(image, interpreter.input)).reshape(-1))
        if step is not None:
            step(index + 1)
    return np.stack(rows) if rows else np.empty((0, interpreter.output.shape[-1]), interpreter.output.dtype)


def output_activation(outputs: NDArray[np.float32]) -> str:
    """ "probabilities" where every row is a distribution, else "logits". outputs: float (N, classes >= 2).

    Raises ModelMismatch for another shape, ModelError where a value is not finite.
    """
    if outputs.ndim != 2 or outputs.shape[1] < 2:
        raise ModelMismatch(
            f"expected one score for each of 2 or more classes; received outputs of shape {outputs.shape[1:]} per "
            "picture. Give the last layer a unit for each class, with softmax or linear activation"
        )
    if not np.isfinite(outputs).all():
        bad = int((~np.isfinite(outputs).all(axis=1)).sum())
        raise ModelError(f"the Keras model gives nan or infinite scores for {bad} of {len(outputs)} test images")
    sums = outputs.sum(axis=1, dtype=np.float64)
    return "probabilities" if (outputs >= 0).all() and np.abs(sums - 1).max() <= SUM_TOLERANCE else "logits"


def check_expects_pixels(reference: Probabilities, divided: Probabilities, truth: NDArray[np.int64]) -> None:
    """Raise ModelMismatch where a model reads pixels divided by 255 (`divided`) and not pixels (`reference`): as
    well, with less loss (mean negative log-likelihood), and far above chance. For models without layers to ask.
    A model that rescales sees black in the former; one that does not is beside itself at the latter.
    """
    given, wanted = ((float((p.argmax(axis=1) == truth).mean()), _nll(p, truth)) for p in (reference, divided))
    chance = float(np.bincount(truth).max() / len(truth))
    if wanted[0] >= given[0] - SAME_ACCURACY and wanted[1] < given[1] and wanted[0] > (1 + chance) / 2:
        raise ModelMismatch(
            f"expected a model that takes pixels 0 to 255; this one reads them {given[0]:.1%} right (loss "
            f"{given[1]:.3g}), and divided by 255 {wanted[0]:.1%} (loss {wanted[1]:.3g}): "
            "put keras.layers.Rescaling(1/255) first and export it again"
        )


def compare(
    reference: Probabilities, quantized: Probabilities, truth: NDArray[np.int64], labels: Sequence[str]
) -> Parity:
    """reference, quantized: float32 (N, classes), N >= 1. truth: int64 (N,). labels: one a class."""
    first, second = reference.argmax(axis=1), quantized.argmax(axis=1)
    n, same = len(truth), first == second
    right, still_right = first == truth, second == truth
    return Parity(
        n=n,
        float_accuracy=int(right.sum()) / n,
        quantized_accuracy=int(still_right.sum()) / n,
        # From the counts: the difference of two rounded fractions can miss a limit that it meets.
        drop=(int(right.sum()) - int(still_right.sum())) / n,
        agreement=int(same.sum()) / n,
        max_difference=float(np.abs(reference.astype(np.float64) - quantized).max()),
        classes=tuple(
            _class_row(label, truth == number, right, still_right, same) for number, label in enumerate(labels)
        ),
        disagreements=tuple(
            _disagreement(int(i), labels, int(truth[i]), reference[i], quantized[i]) for i in np.flatnonzero(~same)
        ),
    )


def violations(parity: Parity, limits: Limits) -> tuple[str, ...]:
    """A phrase for each limit that is missed, and by how much; empty where parity holds."""
    found = []
    if parity.drop > limits.max_accuracy_drop:
        found.append(
            f"accuracy drops by {parity.drop:.4f} ({parity.float_accuracy:.4f} to {parity.quantized_accuracy:.4f}), "
            f"{parity.drop - limits.max_accuracy_drop:.4f} more than the {limits.max_accuracy_drop:g} allowed"
        )
    if parity.agreement < limits.min_agreement:
        found.append(
            f"top-1 agreement is {parity.agreement:.4f} ({len(parity.disagreements)} of {parity.n} pictures differ), "
            f"{limits.min_agreement - parity.agreement:.4f} less than the {limits.min_agreement:g} required"
        )
    return tuple(found)


def _class_row(label: str, mine: NDArray[np.bool_], *hits: NDArray[np.bool_]) -> ClassRow:
    n = int(mine.sum())
    return ClassRow(label, n, *(int(hit[mine].sum()) / n if n else None for hit in hits))


def _disagreement(
    index: int, labels: Sequence[str], truth: int, reference: Probabilities, quantized: Probabilities
) -> Disagreement:
    first, second = int(reference.argmax()), int(quantized.argmax())
    return Disagreement(
        index=index,
        truth=labels[truth],
        float_label=labels[first],
        float_score=round(float(reference[first]), 4),
        quantized_label=labels[second],
        quantized_score=round(float(quantized[second]), 4),
    )


def _nll(probabilities: Probabilities, truth: NDArray[np.int64]) -> float:
    picked = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    return float(-np.log(np.maximum(picked, 1e-12)).mean())
