"""The tensors of a model compared with its card; a card made from the tensors where there is none."""

from __future__ import annotations

import numpy as np

from runtime.errors import ModelMismatch
from runtime.tflite.card import Decision, InputSpec, ModelCard
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import dequantize, quantize_input


def card_from_tensors(interpreter: Interpreter, name: str) -> ModelCard:
    """What can be known of a model without a card: classes are numbers, framing is "whole".

    Raises ModelMismatch where the input is not a square picture of 1 or 3 channels.
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
    return ModelCard(name, "", tuple(str(i) for i in range(classes)), spec, Decision(_output_kind(interpreter)))


def _output_kind(interpreter: Interpreter) -> str:
    """Probabilities or logits, from one run on a black picture: probabilities are >= 0 and sum to 1."""
    pixels = np.zeros(interpreter.input.shape[1:], np.uint8)
    values = dequantize(interpreter.run(quantize_input(pixels, interpreter.input)), interpreter.output)
    return "probabilities" if values.min() >= 0 and abs(float(values.sum()) - 1.0) < 0.05 else "logits"


def check_tensors(interpreter: Interpreter, card: ModelCard) -> None:
    """Raise ModelMismatch where the tensors are not what the card, or this runtime, expects."""
    received, expected = interpreter.input, (1, *card.input.shape)
    if received.shape != expected:
        raise ModelMismatch(f"expected an input of shape {expected}, as the card says; received {received}")
    pixels = {np.dtype(np.int8): (1.0, -128), np.dtype(np.uint8): (1.0, 0), np.dtype(np.float32): (0.0, 0)}
    if pixels.get(received.dtype) != (received.scale, received.zero_point):
        raise ModelMismatch(
            "expected an input that takes pixels 0 to 255: float32, uint8 (scale 1, zero point 0) or int8 "
            f"(scale 1, zero point -128); received {received}. Convert it with: python -m convert --quantization int8"
        )
    if interpreter.output.shape != (1, len(card.labels)):
        raise ModelMismatch(
            f"expected an output of shape (1, {len(card.labels)}), one score for each label; "
            f"received {interpreter.output}"
        )
