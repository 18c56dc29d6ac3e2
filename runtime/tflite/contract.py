"""The tensors of a model compared with its card."""

from __future__ import annotations

import math

from runtime.errors import ModelMismatch
from runtime.tflite.card import ModelCard
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import MAX_CLIPPED, clipped_values

INPUT_TYPES = ("float32", "uint8", "int8", "int16", "int32", "float16", "int64")


def check_tensors(interpreter: Interpreter, card: ModelCard) -> None:
    """Compare a model's tensors with its card, and with what this runtime can feed.

    Args:
        interpreter: With the model loaded.
        card: The model's card.

    Raises:
        ModelMismatch: The input is not of the card's shape, cannot hold the pixels as the card scales them, or the
            output is not one score for each label.
    """
    received, expected = interpreter.input, card.input.tensor_shape
    if received.shape != expected:
        raise ModelMismatch(f"expected an input of shape {expected}, as the card says; received {received}")
    if received.dtype.name not in INPUT_TYPES:
        raise ModelMismatch(f"expected an input of {', '.join(INPUT_TYPES)}; received {received}")
    lost = clipped_values(received, card.input.mean, card.input.std)
    if lost > MAX_CLIPPED:
        raise ModelMismatch(
            f"expected an input that holds pixels 0 to 255 with the card's mean {_numbers(card.input.mean)} and std "
            f"{_numbers(card.input.std)}; {lost} of 256 values are outside what it takes: {received}. "
            "Convert its Keras model again, or adopt it"
        )
    scores = math.prod(interpreter.output.shape)
    if scores not in _score_counts(card) or max(interpreter.output.shape) != scores:
        raise ModelMismatch(
            f"expected an output of shape (1, {len(card.labels)}), one score for each label; "
            f"received {interpreter.output}"
        )


def _score_counts(card: ModelCard) -> tuple[int, ...]:
    """How many scores the output may have: one for each label; a sigmoid alone for two of them."""
    classes = len(card.labels)
    return (classes, 1) if card.decision.output == "sigmoid" and classes == 2 else (classes,)


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)
