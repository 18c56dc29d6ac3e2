"""A card is compared with the model's tensors; a model without a card gets one from them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from runtime.errors import ModelMismatch
from runtime.tflite.card import InputSpec, ModelCard
from runtime.tflite.contract import check_tensors
from runtime.tflite.interpreter import Interpreter


class Handle:
    """An interpreter's handle with tensors of any kind, which answers the same to every input."""

    def __init__(self, input_: dict[str, Any], answer: np.ndarray) -> None:
        self._input = {"index": 0, **input_}
        self._answer = answer

    def get_input_details(self) -> list[dict[str, Any]]:
        return [self._input]

    def get_output_details(self) -> list[dict[str, Any]]:
        return [tensor(self._answer.shape, self._answer.dtype) | {"index": 1}]

    def set_tensor(self, index: int, value: np.ndarray) -> None:
        assert index == 0

    def invoke(self) -> None:
        pass

    def get_tensor(self, index: int) -> np.ndarray:
        assert index == 1
        return self._answer


def tensor(shape: tuple[int, ...], dtype: Any, scale: float = 0.0, zero_point: int = 0) -> dict[str, Any]:
    scales, zero_points = ([scale], [zero_point]) if scale else ([], [])
    quantization = {"scales": scales, "zero_points": zero_points}
    return {"shape": shape, "dtype": dtype, "quantization_parameters": quantization}


def loaded(input_: dict[str, Any], *answer: float) -> Interpreter:
    return Interpreter(Handle(input_, np.array([answer], np.float32)), "a test 1.0")


GRAY = tensor((1, 28, 28, 1), np.float32)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"labels": ("yes", "no")}, r"expected an output of shape \(1, 2\).*received int8 of shape \(1, 10\)"),
        ({"input": InputSpec(height=32, width=32)}, r"expected an input of shape \(1, 32, 32, 1\), as the card says"),
        (
            {"input": InputSpec(channels=3, color="rgb", framing="whole")},
            r"expected an input of shape \(1, 28, 28, 3\)",
        ),
    ],
)
def test_a_card_that_lies_is_caught(
    bare_model: bytes, shipped_card: ModelCard, change: dict[str, Any], complaint: str
) -> None:
    interpreter = Interpreter.load(bare_model)
    check_tensors(interpreter, shipped_card)
    with pytest.raises(ModelMismatch, match=complaint):
        check_tensors(interpreter, dataclasses.replace(shipped_card, **change))


@pytest.mark.parametrize(
    "accepted",
    [
        GRAY,
        tensor((1, 28, 28, 1), np.uint8, 1.0, 0),
        tensor((1, 28, 28, 1), np.int8, 1.0, -128),
    ],
)
def test_inputs_that_take_pixels_as_they_are(shipped_card: ModelCard, accepted: dict[str, Any]) -> None:
    check_tensors(loaded(accepted, *range(10)), shipped_card)


@pytest.mark.parametrize(
    "refused",
    [
        tensor((1, 28, 28, 1), np.int8, 1 / 255, -128),  # takes 0 to 1
        tensor((1, 28, 28, 1), np.int8, 0.5, -128),
        tensor((1, 28, 28, 1), np.uint8, 1.0, 128),
    ],
)
def test_inputs_that_cannot_hold_pixels_are_refused(shipped_card: ModelCard, refused: dict[str, Any]) -> None:
    with pytest.raises(ModelMismatch, match=r"holds pixels 0 to 255 with the card's mean 0 and std 1; \d+ of 256"):
        check_tensors(loaded(refused, *range(10)), shipped_card)


@pytest.mark.parametrize("dtype", [np.float64, np.bool_, np.complex64])
def test_inputs_of_other_types_are_refused(shipped_card: ModelCard, dtype: Any) -> None:
    with pytest.raises(ModelMismatch, match=r"expected an input of float32, .*received"):
        check_tensors(loaded(tensor((1, 28, 28, 1), dtype), *range(10)), shipped_card)


@pytest.mark.parametrize(
    ("spec", "received"),
    [
        (InputSpec(20, 32, 3, "rgb", framing="whole", mean=(127.5,), std=(127.5,)), ((1, 20, 32, 3), 1 / 128, 0)),
        (InputSpec(20, 32, 3, "bgr", framing="whole", layout="nchw", std=(255.0,)), ((1, 3, 20, 32), 1 / 255, -128)),
        (InputSpec(28, 28, framing="whole", layout="hw", std=(255.0,)), ((1, 28, 28), 1 / 255, -128)),
        (InputSpec(28, 28, framing="whole", layout="flat", std=(255.0,)), ((1, 784), 1 / 255, -128)),
    ],
)
def test_inputs_that_fit_the_cards_scale_and_layout(
    shipped_card: ModelCard, spec: InputSpec, received: tuple[tuple[int, ...], float, int]
) -> None:
    card = dataclasses.replace(shipped_card, input=spec)
    shape, scale, zero_point = received
    check_tensors(loaded(tensor(shape, np.int8, scale, zero_point), *range(10)), card)
    with pytest.raises(ModelMismatch, match="as the card says"):
        check_tensors(loaded(tensor((*shape, 2), np.int8, scale, zero_point), *range(10)), card)


def test_one_sigmoid_is_two_labels(shipped_card: ModelCard) -> None:
    decision = dataclasses.replace(shipped_card.decision, output="sigmoid")
    card = dataclasses.replace(shipped_card, labels=("no", "yes"), decision=decision)
    check_tensors(loaded(GRAY, 0.5), card)
    check_tensors(loaded(GRAY, 0.5, 0.5), card)
    with pytest.raises(ModelMismatch, match="one score for each label"):
        check_tensors(loaded(GRAY, 0.5, 0.5, 0.5), card)
