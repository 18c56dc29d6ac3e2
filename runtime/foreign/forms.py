"""The form of a model's input and outputs: which axis is what, and what the numbers mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.foreign.graph import Graph, Operator, Tensor

SMALLEST_SIDE = 8  # pixels; smaller is no picture
CHANNELS = (1, 3)

# Operators that change no value that matters here: what a score means, or the order of scores.
NEUTRAL = {
    *("QUANTIZE", "DEQUANTIZE", "RESHAPE", "SQUEEZE", "CAST", "EXPAND_DIMS", "TRANSPOSE", "FAKE_QUANT"),
    *("STABLEHLO_RESHAPE", "STABLEHLO_CONVERT", "STABLEHLO_TRANSPOSE"),
}
KINDS = {
    "SOFTMAX": "probabilities",
    "LOGISTIC": "sigmoid",
    "STABLEHLO_LOGISTIC": "sigmoid",
    "LOG_SOFTMAX": "log-probabilities",
}
# What a model without a classifier's last layer ends with.
FEATURES = {"AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D", "MEAN", "REDUCE_MAX", "L2_NORMALIZATION"}
CLASS_NUMBERS = {"ARG_MAX", "ARG_MIN", "TOPK_V2"}


@dataclass(frozen=True)
class InputForm:
    """How a picture lies in the input tensor.

    Attributes:
        layout: "nhwc", "nchw", "hw" or "flat"; "" where the tensor is no picture.
        height: Pixels; 0 where the model leaves it open or it cannot be told.
        width: Pixels; 0 likewise.
        channels: 1 or 3.
    """

    layout: str
    height: int = 0
    width: int = 0
    channels: int = 1


def input_form(tensor: Tensor) -> InputForm:
    """Tell how a picture lies in an input tensor.

    Args:
        tensor: The model's input.

    Returns:
        Its form. (1, n) is a flat picture whose sides are equal where n is a square, and else of open size.

    Example:
        >>> input_form(Tensor("x", (1, 3, 224, 224), (-1, 3, 224, 224), "float32"))
        InputForm(layout='nchw', height=224, width=224, channels=3)
    """
    shape = tensor.signature
    if not shape or shape[0] not in (1, -1):
        return InputForm("")
    if len(shape) == 4:
        for layout, (height, width, channels) in {"nhwc": shape[1:], "nchw": (*shape[2:], shape[1])}.items():
            if channels in CHANNELS and _is_side(height) and _is_side(width):
                return InputForm(layout, max(height, 0), max(width, 0), channels)
    elif len(shape) == 3 and _is_side(shape[1]) and _is_side(shape[2]):
        return InputForm("hw", max(shape[1], 0), max(shape[2], 0))
    elif len(shape) == 2 and shape[1] >= SMALLEST_SIDE**2:
        side = math.isqrt(shape[1])
        return InputForm("flat", side, side) if side**2 == shape[1] else InputForm("flat")
    return InputForm("")


def _is_side(size: int) -> bool:
    return size >= SMALLEST_SIDE or size == -1


@dataclass(frozen=True)
class OutputForm:
    """What an output holds.

    Attributes:
        classes: Number of scores; 0 where it is no list of scores.
        kind: "probabilities", "logits", "sigmoid" or "log-probabilities".
        last: Name of the last operator that changes values; "" where there is none.
        shape: Shape of the tensor.
        dtype: Such as "float32".
    """

    classes: int
    kind: str
    last: str
    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        """Shape and last operator, for messages."""
        return f"{self.shape} {self.last}".rstrip()


def output_form(graph: Graph, index: int) -> OutputForm:
    """Tell what an output holds, by the operators that make it and never by its values.

    Args:
        graph: Of the model.
        index: Index of the output's tensor.

    Returns:
        Its form.
    """
    tensor = graph.tensors[index]
    shape = tuple(max(size, 1) for size in tensor.shape)
    lengths = [size for size in shape if size != 1]
    classes = (
        (lengths or [1])[0] if len(lengths) <= 1 and "int32" not in tensor.dtype and "64" not in tensor.dtype else 0
    )
    last = last_operator(graph, index)
    return OutputForm(classes, _kind(graph, last), last.name if last else "", shape, tensor.dtype)


def last_operator(graph: Graph, index: int) -> Operator | None:
    """Follow a tensor back to the last operator that changes values.

    Args:
        graph: Of the model.
        index: Index of the tensor.

    Returns:
        The operator; None where the tensor is an input or a constant.
    """
    for _ in range(len(graph.operators) + 1):  # a damaged file may go round in a circle
        operator = graph.maker(index)
        if operator is None or operator.name not in NEUTRAL or not operator.inputs:
            return operator
        index = operator.inputs[0]
    return None


def _kind(graph: Graph, last: Operator | None) -> str:
    if last is None:
        return "logits"
    if last.name == "CONCATENATION":  # of several heads
        kinds = {_kind_of_tensor(graph, index) for index in last.inputs}
        return "sigmoid" if kinds == {"sigmoid"} else "logits"
    if last.name in ("DIV", "STABLEHLO_DIVIDE") and _is_softmax(graph, last.inputs):
        return "probabilities"
    if last.name == "LOG" and last.inputs and _kind_of_tensor(graph, last.inputs[0]) == "probabilities":
        return "log-probabilities"
    return KINDS.get(last.name, "logits")


def _kind_of_tensor(graph: Graph, index: int) -> str:
    operator = last_operator(graph, index)
    return KINDS.get(operator.name, "logits") if operator else "logits"


def _is_softmax(graph: Graph, inputs: Sequence[int]) -> bool:
    """Whether a quotient is exp(x) / sum(exp(x)), as converters write softmax over another axis than the last."""
    if len(inputs) != 2:
        return False
    above, below = (last_operator(graph, index) for index in inputs)
    if above is None or below is None or above.name != "EXP" or below.name != "SUM":
        return False
    return last_operator(graph, below.inputs[0]) == above if below.inputs else False
