"""The tensors of a model compared with its card; a card made from the tensors where there is none."""

from __future__ import annotations

import math

import numpy as np

from runtime.errors import ModelMismatch
from runtime.tflite.card import Decision, InputSpec, ModelCard
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import MAX_CLIPPED, clipped_values, dequantize, quantize_input

SUM_TOLERANCE = 0.05  # of probabilities: those of int8 outputs are rounded, each to 1/256
INPUT_TYPES = ("float32", "uint8", "int8", "int16", "int32", "float16", "int64")


def card_from_tensors(interpreter: Interpreter, name: str) -> ModelCard:
    """Make the card of a model that has none, from what its tensors tell.

    Args:
        interpreter: With the model loaded.
        name: Name of the model.

    Returns:
        A card whose labels are the numbers of the classes, with framing "whole" and any polarity.

    Raises:
        ModelMismatch: The input is not a square picture of 1 or 3 channels.

    Example:
        >>> from pathlib import Path
        >>> from runtime.tflite.card_file import split_card
        >>> model, _ = split_card(Path("runtime/models/digits.tflite").read_bytes())
        >>> card_from_tensors(Interpreter.load(model), "unknown").labels[:3]
        ('0', '1', '2')
    """
    shape = interpreter.input.shape
    if len(shape) != 4 or shape[1] != shape[2] or shape[3] not in (1, 3):
        raise ModelMismatch(
            "a model without a card must take a square picture, (1, n, n, 1) or (1, n, n, 3); "
            f"received {interpreter.input}"
        )
    spec = InputSpec(
        height=shape[1],
        width=shape[2],
        channels=shape[3],
        color="gray" if shape[3] == 1 else "rgb",
        polarity="any",
        framing="whole",
    )
    classes = interpreter.output.shape[-1]
    return ModelCard(name, "", tuple(str(i) for i in range(classes)), spec, Decision(_output_activation(interpreter)))


def _output_activation(interpreter: Interpreter) -> str:
    """Probabilities or logits, from one run on a black picture: probabilities are >= 0 and sum to 1."""
    pixels = np.zeros(interpreter.input.shape[1:], np.uint8)
    values = dequantize(interpreter.run(quantize_input(pixels, interpreter.input)), interpreter.output)
    is_distribution = values.min() >= 0 and abs(float(values.sum()) - 1.0) < SUM_TOLERANCE
    return "probabilities" if is_distribution else "logits"


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
