"""The tensors of a model compared with its card; a card made from the tensors where there is none."""

from __future__ import annotations

import numpy as np

from runtime.errors import ModelMismatch
from runtime.tflite.card import Decision, InputSpec, ModelCard
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import dequantize, quantize_input

SUM_TOLERANCE = 0.05  # of probabilities: those of int8 outputs are rounded, each to 1/256

# Inputs that take pixels 0 to 255 as they are: (scale, zero point) by dtype; scale 0 is not quantized.
PIXEL_INPUTS = {
    np.dtype(np.int8): (1.0, -128),
    np.dtype(np.uint8): (1.0, 0),
    np.dtype(np.float32): (0.0, 0),
}


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
        ModelMismatch: The input is not of the card's shape, does not take pixels 0 to 255, or the output is not one
            score for each label.
    """
    received, expected = interpreter.input, (1, *card.input.shape)
    if received.shape != expected:
        raise ModelMismatch(f"expected an input of shape {expected}, as the card says; received {received}")
    if PIXEL_INPUTS.get(received.dtype) != (received.scale, received.zero_point):
        raise ModelMismatch(
            "expected an input that takes pixels 0 to 255: float32, uint8 (scale 1, zero point 0) or int8 "
            f"(scale 1, zero point -128); received {received}. "
            "Convert its Keras model with: python -m convert --quantization int8"
        )
    if interpreter.output.shape != (1, len(card.labels)):
        raise ModelMismatch(
            f"expected an output of shape (1, {len(card.labels)}), one score for each label; "
            f"received {interpreter.output}"
        )
