"""The whole self-test: golden vectors prove the interpreter, golden pictures prove everything before and after it.

A golden vector begins after framing. A golden picture begins with the bytes of a file: replayed, it proves decoding,
framing, color order, scaling, labels and decision on this machine, and shows a card that was changed since.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.classifier import Classifier
from runtime.errors import EdgeError
from runtime.image.files import decode_image
from runtime.results import Prediction
from runtime.tflite import golden
from runtime.tflite.card import GoldenPicture
from runtime.tflite.card_file import digest_of

SCORE_TOLERANCE = 0.1  # of a score, between interpreters; see golden.KERNEL_TOLERANCE
ROUNDING = 1e-4  # of a score, where the interpreter is the host's
GOLDEN_PICTURES = 3
SHOWN = "golden picture"  # what a fault calls it


def selftest(classifier: Classifier) -> golden.Report:
    """Replay a card's golden vectors and golden pictures.

    Args:
        classifier: The model, its card and the interpreter of this machine.

    Returns:
        What the replay gave.

    Raises:
        ModelError: The model cannot be run.

    Example:
        >>> selftest(Classifier.load()).faults
        ()
    """
    report = golden.selftest(classifier.interpreter, classifier.card)
    tolerance = ROUNDING if report.tolerance == 0 and report.vectors else SCORE_TOLERANCE
    pictures = classifier.card.golden_pictures
    faults = [_fault(classifier, index, picture, tolerance) for index, picture in enumerate(pictures)]
    return dataclasses.replace(
        report, pictures=len(pictures), faults=(*report.faults, *(fault for fault in faults if fault))
    )


def make_golden_picture(classifier: Classifier, picture: NDArray[np.uint8]) -> GoldenPicture | None:
    """Make a golden picture.

    Args:
        classifier: The model and its card.
        picture: uint8, (h, w) gray or (h, w, 3) BGR.

    Returns:
        The picture with what this machine answers; None where it abstains.
    """
    data = cv2.imencode(".png", picture)[1].tobytes()
    tensor, prediction = _replay(classifier, data)
    if prediction.label is None:
        return None
    return GoldenPicture(data, tensor, prediction.label, round(prediction.score, 6))


def _replay(classifier: Classifier, data: bytes) -> tuple[str, Prediction]:
    """(digest of the input tensor, answer) of a picture file; "" where nothing is there to classify."""
    image = decode_image(data, SHOWN)
    tensor = classifier.input_tensor(image)
    return digest_of(tensor.tobytes()) if tensor is not None else "", classifier.predict(image)


def _fault(classifier: Classifier, index: int, picture: GoldenPicture, tolerance: float) -> str:
    """What is wrong with the replay of a picture; "" where nothing is."""
    where = f"{SHOWN} {index}"
    try:
        tensor, prediction = _replay(classifier, picture.picture)
    except EdgeError as error:
        return f"{where}: expected {picture.label}; {error}"
    if tensor != picture.tensor:
        return (
            f"{where}: the model's input is not what it was where the file was made: decoding or framing differs here, "
            "or the card was changed. Update OpenCV and this package, or convert the model again"
        )
    if prediction.label != picture.label or abs(prediction.score - picture.score) > tolerance:
        received = prediction.label or prediction.reason
        return (
            f"{where}: expected {picture.label} ({picture.score:.1%}); received {received} ({prediction.score:.1%}): "
            "the interpreter or the card's labels and decision are not what they were. "
            "Convert the model again"
        )
    return ""
