"""The card that goes into the file: train's draft, or a plain one, filled in with what conversion found."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.data import Pixels
from convert.parity import Parity
from runtime.errors import DataError, ModelError, ModelMismatch, OptionError
from runtime.tflite.card import Accuracy, Decision, Golden, InputSpec, ModelCard, parse_labels
from runtime.tflite.interpreter import Interpreter

DRAFT_NAME = "card.json"  # beside the model, where train leaves it
GOLDEN_CLASSES = 4
GOLDEN_BYTES = 64 * 1024  # of inputs; larger pictures get fewer vectors, at least one


@dataclass(frozen=True)
class TestOutputs:
    """The test images as this file saw them. images: uint8 (N, H, W, C). raw: (N, classes) output tensors.
    probabilities: float (N, classes). truth: int64 (N,)."""

    images: Pixels
    raw: NDArray[Any]
    probabilities: NDArray[np.float32]
    truth: NDArray[np.int64]


def read_draft(model: Path, given: Path | None) -> ModelCard | None:
    """The draft card: `given`, else card.json beside the model, else None. Raises ModelError, OptionError."""
    path = given or model.parent / DRAFT_NAME
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        if given is None:
            return None
        raise OptionError(f"--card {given}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"{path}: cannot be read as a card ({error})") from None
    try:
        return ModelCard.from_json(text)
    except ModelError as error:
        raise ModelError(f"{path}: {error}. Train again, or give another with --card FILE") from None


def read_labels(path: Path) -> tuple[str, ...]:
    """A labels file, one class a line. Raises OptionError."""
    try:
        labels = parse_labels(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise OptionError(f"--labels {path}: cannot be read ({error})") from None
    if len(labels) < 2:
        raise OptionError(f"--labels {path}: expected a line for each of 2 or more classes; received {len(labels)}")
    return labels


def default_input_spec(shape: tuple[int | None, ...]) -> InputSpec:
    """The spec of a model without a card: the whole picture, stretched. shape: without the batch axis."""
    height, width, channels = (*shape, 1) if len(shape) == 2 else shape if len(shape) == 3 else (None, None, None)
    if height is None or width is None or channels not in (1, 3):
        raise ModelMismatch(
            f"expected a model that takes (height, width, 1 or 3) pictures; received {shape}. Describe its input "
            "in a card: --card FILE"
        )
    color = "gray" if channels == 1 else "rgb"
    return InputSpec(height, width, channels, color=color, polarity="any", framing="whole")


def check_card(card: ModelCard, interpreter: Interpreter, truth: NDArray[np.int64], output: str) -> None:
    """Raise ModelMismatch or DataError where card, tensors and data do not fit. output: what the Keras model
    was seen to give, "probabilities" or "logits"."""
    classes = interpreter.output.shape[-1]
    if len(card.labels) != classes:
        raise ModelMismatch(
            f"expected a label for each of the model's {classes} classes; received {len(card.labels)}: "
            f"{', '.join(card.labels[:12])}. Give them with --labels FILE"
        )
    if interpreter.input.shape != (1, *card.input.shape):
        raise ModelMismatch(
            f"the card's input is (1, {', '.join(map(str, card.input.shape))}); the .tflite takes {interpreter.input}"
        )
    if int(truth.max()) >= classes:
        raise DataError(f"expected test labels 0 to {classes - 1}; received {int(truth.max())}: other data's labels?")
    if card.decision.output != output:
        raise ModelMismatch(
            f"the card's decision.output is {card.decision.output!r}; the model gives {output}. Mend the card"
        )


def golden_indices(probabilities: NDArray[np.float32], truth: NDArray[np.int64], most: int) -> list[int]:
    """Which test images become self-test vectors, at most `most`: a rightly read one of each of up to
    GOLDEN_CLASSES classes spread over all, then the one with the smallest lead of the best class."""
    right = probabilities.argmax(axis=1) == truth
    present = np.unique(truth[right]) if right.any() else np.unique(truth)
    spread = np.unique(np.linspace(0, len(present) - 1, min(GOLDEN_CLASSES, len(present))).round().astype(int))
    chosen = [int(np.flatnonzero((truth == label) & (right | ~right.any()))[0]) for label in present[spread]]
    best = np.sort(probabilities, axis=1)
    chosen.append(int((best[:, -1] - best[:, -2]).argmin()))
    return list(dict.fromkeys(chosen))[:most]


def goldens(evidence: TestOutputs) -> tuple[Golden, ...]:
    """Self-test vectors: input pixels and the very bytes that this file gave for them."""
    most = max(1, GOLDEN_BYTES // evidence.images[0].nbytes)
    picked = golden_indices(evidence.probabilities, evidence.truth, most)
    return tuple(Golden(evidence.images[i].tobytes(), evidence.raw[i].tobytes()) for i in picked)


def complete_card(
    card: ModelCard,
    quantization: str,
    decision: Decision,
    parity: Parity,
    evidence: TestOutputs,
    conversion: Mapping[str, Any],
) -> ModelCard:
    """The finished card. conversion: notes for a person, kept under training["conversion"]."""
    return dataclasses.replace(
        card,
        quantization=quantization,
        decision=decision,
        training={**card.training, "conversion": dict(conversion)},
        accuracy=Accuracy(parity.float_accuracy, parity.quantized_accuracy, parity.agreement, parity.n),
        golden=goldens(evidence),
    )
