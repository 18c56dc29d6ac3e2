"""Whether the .tflite does what the Keras model does: both on every test image. Pure but for `run_all`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.errors import ModelError, ModelMismatch
from runtime.tflite.card import OUTPUTS
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import quantize_input
from workbench.dataset import Pixels
from workbench.progress import Advance

Probabilities = NDArray[np.float32]  # (N, classes), rows sum to 1
SUM_TOLERANCE = 1e-3  # float32 softmax over some hundred classes
ROUNDING = 1e-12  # of fractions of counts
ALLOWED_SHARE, ALLOWED_IMAGES = 0.002, 3  # that may differ: the share, or so many of a small test set


@dataclass(frozen=True)
class Limits:
    """What a conversion must meet.

    Attributes:
        max_accuracy_drop: The most that accuracy may drop, as a fraction; None for 0.002, or 3 images where that is
            more.
        min_agreement: The least top-1 agreement, as a fraction; None for all but 0.002, or but 3 images.
    """

    max_accuracy_drop: float | None = None
    min_agreement: float | None = None

    def on(self, n: int) -> tuple[float, float]:
        """The limits on a test set.

        Args:
            n: Its number of images.

        Returns:
            (max_accuracy_drop, min_agreement), fractions.

        Example:
            >>> Limits().on(100)
            (0.03, 0.97)
        """
        allowed = max(ALLOWED_SHARE, ALLOWED_IMAGES / n)
        drop = allowed if self.max_accuracy_drop is None else self.max_accuracy_drop
        return drop, (1 - allowed if self.min_agreement is None else self.min_agreement)


@dataclass(frozen=True)
class ClassRow:
    """One class. Fractions are None where it has no test images.

    Attributes:
        label: Its name.
        n: The number of its test images.
        float_accuracy: The fraction of them that the Keras model reads rightly.
        quantized_accuracy: The fraction of them that the .tflite reads rightly.
        agreement: The fraction of them to which both give the same answer.
    """

    label: str
    n: int
    float_accuracy: float | None
    quantized_accuracy: float | None
    agreement: float | None


@dataclass(frozen=True)
class Disagreement:
    """A test picture on which the two models give different answers.

    Attributes:
        index: Its place in the test set.
        truth: The name of its class.
        float_label: The Keras model's answer.
        float_score: The probability that the Keras model gives its own answer.
        quantized_label: The .tflite's answer.
        quantized_score: The probability that the .tflite gives its own answer.
    """

    index: int
    truth: str
    float_label: str
    float_score: float
    quantized_label: str
    quantized_score: float


@dataclass(frozen=True)
class Parity:
    """Keras against the .tflite on the same pictures. Fractions are 0 to 1.

    Attributes:
        n: The number of pictures.
        float_accuracy: The fraction that the Keras model reads rightly.
        quantized_accuracy: The fraction that the .tflite reads rightly.
        drop: The first less the second; negative where the .tflite is the better one.
        agreement: The fraction to which both give the same answer.
        max_difference: Largest difference of any probability of any picture, at temperature 1.
        classes: A row a class.
        disagreements: The pictures with different answers.
    """

    n: int
    float_accuracy: float
    quantized_accuracy: float
    drop: float
    agreement: float
    max_difference: float
    classes: tuple[ClassRow, ...]
    disagreements: tuple[Disagreement, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the attributes for JSON.

        Returns:
            Values by the names of the attributes.
        """
        return dataclasses.asdict(self)


def run_all(interpreter: Interpreter, images: Pixels, advance: Advance | None = None) -> NDArray[Any]:
    """Run a .tflite on pictures, one by one as on the device.

    Args:
        interpreter: The .tflite.
        images: uint8 (N, H, W, C) model inputs.
        advance: Told of each picture.

    Returns:
        (N, classes) of the output's dtype: raw output tensors.
    """
    rows = []
    for image in images:
        rows.append(interpreter.run(quantize_input(image, interpreter.input)).reshape(-1))
        if advance is not None:
            advance(1)
    return np.stack(rows) if rows else np.empty((0, interpreter.output.shape[-1]), interpreter.output.dtype)


def output_activation(outputs: NDArray[np.float32], said: str = "") -> str:
    """Tell what the scores of a model are.

    Args:
        outputs: float (N, classes >= 2), of the Keras model.
        said: What the last operator of its .tflite says; "" where it says nothing.

    Returns:
        `said`; without it "probabilities" where every row is a distribution, else "logits".

    Raises:
        ModelMismatch: They have another shape.
        ModelError: One of them is not finite.
    """
    if outputs.ndim != 2 or outputs.shape[1] < 2:
        raise ModelMismatch(
            f"expected one score for each of 2 or more classes; received outputs of shape {outputs.shape[1:]} per "
            "picture. Give the last layer a unit for each class, with softmax or linear activation"
        )
    if not np.isfinite(outputs).all():
        bad = int((~np.isfinite(outputs).all(axis=1)).sum())
        raise ModelError(f"the Keras model gives nan or infinite scores for {bad} of {len(outputs)} test images")
    if said in OUTPUTS:
        return said
    sums = outputs.sum(axis=1, dtype=np.float64)
    return "probabilities" if (outputs >= 0).all() and np.abs(sums - 1).max() <= SUM_TOLERANCE else "logits"


def compare(
    reference: Probabilities, quantized: Probabilities, truth: NDArray[np.int64], labels: Sequence[str]
) -> Parity:
    """Compare the answers of two models to the same pictures.

    Args:
        reference: float32 (N, classes), N >= 1, of the Keras model.
        quantized: float32 (N, classes), of the .tflite.
        truth: int64 (N,), class numbers.
        labels: A name a class.

    Returns:
        The figures, by class too, and every picture with different answers.
    """
    first, second = reference.argmax(axis=1), quantized.argmax(axis=1)
    n, agrees = len(truth), first == second
    correct, quantized_correct = first == truth, second == truth
    hits = (correct, quantized_correct, agrees)
    return Parity(
        n=n,
        float_accuracy=int(correct.sum()) / n,
        quantized_accuracy=int(quantized_correct.sum()) / n,
        # From the counts: the difference of two rounded fractions can miss a limit that it meets.
        drop=(int(correct.sum()) - int(quantized_correct.sum())) / n,
        agreement=int(agrees.sum()) / n,
        max_difference=float(np.abs(reference.astype(np.float64) - quantized).max()),
        classes=tuple(_class_row(label, truth == number, *hits) for number, label in enumerate(labels)),
        disagreements=tuple(
            _disagreement(int(i), labels, int(truth[i]), reference[i], quantized[i]) for i in np.flatnonzero(~agrees)
        ),
    )


def violations(parity: Parity, limits: Limits) -> tuple[str, ...]:
    """Compare the figures with the limits.

    Args:
        parity: What was measured.
        limits: What must be met.

    Returns:
        A phrase for each limit that is missed, and by how much; empty where parity holds.
    """
    found = []
    max_drop, min_agreement = limits.on(parity.n)
    if parity.drop > max_drop + ROUNDING:
        found.append(
            f"accuracy drops by {parity.drop:.4f} ({parity.float_accuracy:.4f} to {parity.quantized_accuracy:.4f}), "
            f"{parity.drop - max_drop:.4f} more than the {max_drop:g} allowed"
        )
    if parity.agreement < min_agreement - ROUNDING:
        found.append(
            f"top-1 agreement is {parity.agreement:.4f} ({len(parity.disagreements)} of {parity.n} pictures differ), "
            f"{min_agreement - parity.agreement:.4f} less than the {min_agreement:g} required"
        )
    return tuple(found)


def _class_row(label: str, members: NDArray[np.bool_], *hits: NDArray[np.bool_]) -> ClassRow:
    n = int(members.sum())
    return ClassRow(label, n, *(int(hit[members].sum()) / n if n else None for hit in hits))


def _disagreement(
    index: int, labels: Sequence[str], truth: int, reference: Probabilities, quantized: Probabilities
) -> Disagreement:
    answer, quantized_answer = int(reference.argmax()), int(quantized.argmax())
    return Disagreement(
        index=index,
        truth=labels[truth],
        float_label=labels[answer],
        float_score=round(float(reference[answer]), 4),
        quantized_label=labels[quantized_answer],
        quantized_score=round(float(quantized[quantized_answer]), 4),
    )
