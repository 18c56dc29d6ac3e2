"""The card inside the .tflite: train's draft, or a plain one, completed with what the conversion measured."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.parity import Parity
from runtime.classifier import Classifier
from runtime.errors import DataError, ModelError, ModelMismatch, OptionError
from runtime.proof import GOLDEN_PICTURES, make_golden_picture
from runtime.tflite import labels as label_files
from runtime.tflite.card import Accuracy, Decision, Golden, GoldenPicture, InputSpec, ModelCard
from runtime.tflite.card_reader import read_card
from runtime.tflite.interpreter import Interpreter
from workbench.dataset import Pixels
from workbench.run_folder import CARD_FILE

MIN_CLASSES = 2
SHOWN_LABELS = 12  # in a message
INK_SHARE = 20 / 28  # of the input, the longer side of a mark, as MNIST has it
GOLDEN_CLASSES = 4
PICTURE_SIDE = 84  # pixels of a self-test picture, its longer side without margins
PICTURES_TRIED = 200  # test images that may become self-test pictures
GOLDEN_BYTES = 64 * 1024  # of inputs; larger pictures get fewer vectors, at least one


@dataclass(frozen=True)
class TestOutputs:
    """What the .tflite gave for the test images.

    Attributes:
        images: uint8 (N, H, W, C), the model inputs.
        raw: (N, classes), the output tensors.
        probabilities: float32 (N, classes), at temperature 1.
        truth: int64 (N,), class numbers.
    """

    images: Pixels
    raw: NDArray[Any]
    probabilities: NDArray[np.float32]
    truth: NDArray[np.int64]


def read_draft(model: Path, given: Path | None) -> ModelCard | None:
    """Read the draft card.

    Args:
        model: The Keras model; train leaves card.json beside it.
        given: Another card, that of --card.

    Returns:
        The card of `given`, else that beside the model, else None.

    Raises:
        ModelError: It is not a card.
        OptionError: It cannot be read.
    """
    path = given or model.parent / CARD_FILE
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        if given is None:
            return None
        raise OptionError(f"--card {given}: no such file") from None
    except OSError as error:
        raise OptionError(f"{path}: cannot be read as a card: {error.strerror}") from None
    except UnicodeDecodeError:
        raise OptionError(f"{path}: expected a card, JSON in UTF-8; received other bytes") from None
    try:
        return read_card(text)
    except ModelError as error:
        raise ModelError(f"{path}: {error}. Train again, or give another with --card FILE") from None


def read_labels(path: Path) -> tuple[str, ...]:
    """Read a labels file.

    Args:
        path: A file in any form that `runtime.tflite.labels` reads.

    Returns:
        The labels, in their order.

    Raises:
        ModelError: It cannot be read.
        OptionError: It has fewer than 2 classes.
    """
    labels = label_files.read_labels(path).labels
    if len(labels) < MIN_CLASSES:
        raise OptionError(f"--labels {path}: expected a line for each of 2 or more classes; received {len(labels)}")
    return labels


def default_input_spec(shape: tuple[int | None, ...], pictures: tuple[int, ...] = ()) -> InputSpec:
    """Guess the input of a model without a card: the whole picture, stretched.

    Args:
        shape: Shape of the model's input, without the batch axis.
        pictures: (height, width) of the test images, for a model that takes any size.

    Returns:
        A spec of gray pictures for 1 channel or none, RGB for 3. Flat pixels are a square.

    Raises:
        ModelMismatch: The shape is not that of a picture.
    """
    sides: tuple[int | None, ...] = shape
    if len(shape) == 1 and shape[0] is not None:
        channels = next((c for c in (1, 3) if is_square(shape[0], c)), 0)
        sides = (math.isqrt(shape[0] // channels), math.isqrt(shape[0] // channels), channels) if channels else shape
    elif len(shape) == 2:
        sides = (*shape, 1)
    if len(sides) == 3 and None in sides[:2] and pictures:
        sides = (*(n or known for n, known in zip(sides[:2], pictures, strict=True)), sides[2])
    height, width, depth = sides if len(sides) == 3 else (None, None, None)
    if height is None or width is None or depth not in (1, 3):
        turned = " It has its channels first: export it with channels last." if shape[:1] in ((1,), (3,)) else ""
        raise ModelMismatch(
            f"expected a model that takes (height, width, 1 or 3) pictures; received {shape}.{turned} Describe its "
            "input in a card: --card FILE"
        )
    color = "gray" if depth == 1 else "rgb"
    return InputSpec(height, width, depth, color=color, polarity="any", framing="whole")


def is_square(count: int, channels: int) -> bool:
    """Whether so many numbers are a square picture.

    Args:
        count: Height times width times channels.
        channels: 1 or 3.

    Returns:
        Whether there is a side that gives them.
    """
    return count % channels == 0 and math.isqrt(count // channels) ** 2 == count // channels


def with_framing(spec: InputSpec, framing: str) -> InputSpec:
    """Ask for another framing of the same input.

    Args:
        spec: Of a model without a card.
        framing: "ink" finds the mark and scales it to MNIST's share of the input, 20 of 28 pixels; "whole" takes the
            whole picture.

    Returns:
        The spec with the framing.

    Raises:
        OptionError: The framing needs another input.
    """
    if framing != "ink":
        return dataclasses.replace(spec, framing=framing)
    if spec.color != "gray":
        raise OptionError(f"--framing ink is for gray pictures; the model takes {spec.color}: leave it out")
    box = max(1, round(min(spec.height, spec.width) * INK_SHARE))
    return dataclasses.replace(spec, framing=framing, ink_box=box, polarity="light-on-dark")


def check_card(card: ModelCard, interpreter: Interpreter, truth: NDArray[np.int64], output: str) -> None:
    """Check that card, tensors and data fit each other.

    Args:
        card: Not completed yet.
        interpreter: Interpreter of the .tflite.
        truth: int64 (N,), the class numbers of the test images.
        output: What the Keras model was seen to give, "probabilities" or "logits".

    Raises:
        ModelMismatch: The card says something else of the model.
        DataError: The test images have labels that the model does not know.
    """
    classes = interpreter.output.shape[-1]
    if len(card.labels) != classes:
        raise ModelMismatch(
            f"expected a label for each of the model's {classes} classes; received {len(card.labels)}: "
            f"{', '.join(card.labels[:SHOWN_LABELS])}. Give them with --labels FILE"
        )
    if interpreter.input.shape != (1, *card.input.shape):
        raise ModelMismatch(
            f"the card's input is (1, {', '.join(map(str, card.input.shape))}); the .tflite takes {interpreter.input}"
        )
    if int(truth.max()) >= classes:
        raise DataError(f"expected test labels 0 to {classes - 1}; received {int(truth.max())}: other data's labels?")
    if card.decision.output != output:
        raise ModelMismatch(
            f"the card's decision.output is {card.decision.output!r}; the model gives {output}. Correct the card"
        )


def golden_indices(probabilities: NDArray[np.float32], truth: NDArray[np.int64], limit: int) -> list[int]:
    """Choose the test images that become self-test vectors.

    Args:
        probabilities: (N, classes).
        truth: (N,) class numbers.
        limit: The most images.

    Returns:
        Indices: one image that is read rightly of each of up to GOLDEN_CLASSES classes spread over all, then the one
        with the smallest margin between the best two classes.
    """
    correct = probabilities.argmax(axis=1) == truth
    eligible = correct if correct.any() else np.ones(len(truth), np.bool_)
    present = np.unique(truth[eligible])
    spread = np.unique(np.linspace(0, len(present) - 1, min(GOLDEN_CLASSES, len(present))).round().astype(int))
    indices = [int(np.flatnonzero((truth == label) & eligible)[0]) for label in present[spread]]
    ranked = np.sort(probabilities, axis=1)
    indices.append(int((ranked[:, -1] - ranked[:, -2]).argmin()))
    return list(dict.fromkeys(indices))[:limit]


def golden_vectors(outputs: TestOutputs) -> tuple[Golden, ...]:
    """Make the self-test vectors.

    Args:
        outputs: Outputs of the .tflite, for the test images.

    Returns:
        Input pixels and the very bytes that this file gave for them; GOLDEN_BYTES of inputs, at least one vector.
    """
    limit = max(1, GOLDEN_BYTES // outputs.images[0].nbytes)
    indices = golden_indices(outputs.probabilities, outputs.truth, limit)
    return tuple(Golden(outputs.images[i].tobytes(), outputs.raw[i].tobytes()) for i in indices)


def golden_pictures(classifier: Classifier, outputs: TestOutputs) -> tuple[GoldenPicture, ...]:
    """Make the self-test pictures: of classes apart, read rightly, and neither of the model's size nor framed yet.

    Args:
        classifier: The .tflite with its completed card.
        outputs: Outputs of the .tflite, for the test images.

    Returns:
        GOLDEN_PICTURES of them; fewer where the model answers less.
    """
    found: dict[str, GoldenPicture] = {}
    for index in np.flatnonzero(outputs.probabilities.argmax(axis=1) == outputs.truth)[:PICTURES_TRIED]:
        label = classifier.card.labels[int(outputs.truth[index])]
        if label not in found:
            picture = make_golden_picture(classifier, _unframed(outputs.images[index], classifier.card.input))
            if picture is not None and picture.label == label:
                found[label] = picture
        if len(found) == GOLDEN_PICTURES:
            break
    return tuple(found.values())


def _unframed(pixels: NDArray[np.uint8], spec: InputSpec) -> NDArray[np.uint8]:
    """A picture that a framing has work with: of another size, in a margin where the framing looks for a mark."""
    picture = pixels[..., 0] if spec.channels == 1 else pixels[..., ::-1] if spec.color == "rgb" else pixels
    factor = PICTURE_SIDE / max(picture.shape[:2])
    size = tuple(max(1, round(side * factor)) for side in (picture.shape[1], picture.shape[0]))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
    resized = cv2.resize(np.ascontiguousarray(picture), size, interpolation=method)
    margin = PICTURE_SIDE // 4 if spec.framing == "ink" else 0
    edge = cv2.BORDER_REPLICATE
    return np.asarray(cv2.copyMakeBorder(resized, margin, margin, margin, margin, edge), np.uint8)


def complete_card(
    card: ModelCard,
    quantization: str,
    decision: Decision,
    parity: Parity,
    outputs: TestOutputs,
    conversion: Mapping[str, Any],
) -> ModelCard:
    """Complete a card with what the conversion measured.

    Args:
        card: The draft, or a plain one.
        quantization: Its name.
        decision: With temperature and reject threshold.
        parity: The .tflite against the Keras model.
        outputs: Outputs of the .tflite, for the test images.
        conversion: Notes for a person, kept under training["conversion"].

    Returns:
        The card as it is attached to the file.
    """
    return dataclasses.replace(
        card,
        quantization=quantization,
        decision=decision,
        training={**card.training, "conversion": dict(conversion)},
        accuracy=Accuracy(parity.float_accuracy, parity.quantized_accuracy, parity.agreement, parity.n),
        golden=golden_vectors(outputs),
    )
