"""Which pixels a model takes, by what its file says: real = (pixel - mean) / std."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runtime.foreign.forms import NEUTRAL, InputForm
from runtime.foreign.graph import Graph, Tensor
from runtime.foreign.metadata import Metadata

LEAST = {"uint8": 0, "int8": -128}  # stored values of the darkest pixel
CLOSE = 0.02  # of a range's span: a calibration saw no picture with the very last value
CLOSE_TO_IMAGENET = 0.06  # of a real value: three channels share one range
USUAL_SIZE = (0.4, 6.0)  # largest magnitude of what the first layer with weights takes
TEACHABLE_DEPTHWISE = 10  # depthwise convolutions at least; its MobileNet has 17
TEACHABLE_UNITS = 100  # of its own first layer
CLASSIFY = "classify"  # Ultralytics' task


@dataclass(frozen=True)
class Scale:
    """Which pixels a model takes.

    Attributes:
        name: Such as "0..1", for a person.
        mean: One number, or one for each channel.
        std: As many.
    """

    name: str
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def of_byte(self) -> tuple[float, float]:
        """What the darkest and the brightest pixel become.

        Returns:
            (the least, the greatest) of all channels.
        """
        pairs = list(zip(self.mean, self.std, strict=True))
        return min(-mean / std for mean, std in pairs), max((255 - mean) / std for mean, std in pairs)


SCALES: Mapping[str, Scale] = {
    scale.name: scale
    for scale in (
        Scale("0..255", (0.0,), (1.0,)),
        Scale("0..1", (0.0,), (255.0,)),
        Scale("-1..1", (127.5,), (127.5,)),
        # Means and standard deviations of ImageNet's pixels, in RGB (torchvision's).
        Scale("imagenet", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
    )
}


@dataclass(frozen=True)
class Finding:
    """A scale that the file says, and where.

    Attributes:
        scale: What it says.
        by: Where it says so, such as "input quantization".
        doubt: Why a person should look at it; "" where it is sure.
        resize: How the exporter that was recognized trains, such as "crop"; "" where none was.
    """

    scale: Scale
    by: str
    doubt: str = ""
    resize: str = ""


def find_scale(graph: Graph, form: InputForm, metadata: Metadata) -> Finding | None:
    """Look for what the file says about the pixels that it takes.

    Args:
        graph: Of the model, which has one input.
        form: Of that input.
        metadata: Of the file.

    Returns:
        What it says; None where it does not say.
    """
    tensor = graph.tensors[graph.inputs[0]]
    if tensor.dtype in LEAST or (tensor.dtype.startswith(("int", "uint")) and not tensor.scales):
        found = _of_integers(tensor, form.channels)
        resize = _trained_with(graph, form, metadata)[1]
        return Finding(found.scale, found.by, found.doubt, resize)
    if metadata.normalization:
        return _of_metadata(metadata.normalization, form.channels)
    if metadata.task == CLASSIFY:
        return Finding(SCALES["0..1"], "Ultralytics metadata", resize="crop")
    by, resize = _trained_with(graph, form, metadata)
    steps = _of_first_operators(graph, form.channels)
    if steps is not None:
        return Finding(steps.scale, steps.by, steps.doubt, resize)
    return Finding(SCALES["-1..1"], by, resize=resize) if by else None


def scale_of_range(low: float, high: float, channels: int) -> Scale | None:
    """Recognize the range of real values that pixels are brought to.

    Args:
        low: What the darkest pixel becomes.
        high: What the brightest becomes.
        channels: 1 or 3.

    Returns:
        The scale; None where the range is none of the usual ones.

    Example:
        >>> scale_of_range(0.0, 0.998, 3).name
        '0..1'
    """
    for scale in SCALES.values():
        least, greatest = scale.of_byte()
        if len(scale.mean) == 1:
            near = CLOSE * (greatest - least)
        else:
            near = CLOSE_TO_IMAGENET if channels == len(scale.mean) else -1.0
        if abs(low - least) <= near and abs(high - greatest) <= near:
            return scale
    return None


def _range(low: float, high: float) -> str:
    return f"{low:.4g}..{high:.4g}"


def _doubt(low: float, high: float) -> str:
    return f"an unusual range, {low:.2f}..{high:.2f}: check it on pictures you know"


def _of_integers(tensor: Tensor, channels: int) -> Finding:
    """Of an integer input: pixels in the order of the stored values, whatever they stand for."""
    if not tensor.scales:
        return Finding(SCALES["0..255"], f"{tensor.dtype} input without quantization")
    by = "input quantization"
    least, scale, zero = LEAST[tensor.dtype], tensor.scales[0], tensor.zero_points[0]
    low, high = (least - zero) * scale, (least + 255 - zero) * scale
    known = scale_of_range(low, high, channels)
    if known and len(known.mean) > 1:
        return Finding(known, by)
    # (pixel - mean) / std / scale + zero is exactly pixel + least.
    byte = Scale(known.name if known else _range(low, high), (float(zero - least),), (1.0 / scale,))
    doubt = "" if known else _doubt(low, high)
    return Finding(byte, by, doubt)


def _of_metadata(normalization: tuple[tuple[float, ...], tuple[float, ...]], channels: int) -> Finding | None:
    mean, std = normalization
    is_usable = {len(mean), len(std)} <= {1, channels} and all(np.isfinite([*mean, *std])) and min(std) > 0
    if not is_usable:
        return None
    size = max(len(mean), len(std))
    mean, std = mean * (size // len(mean)), std * (size // len(std))
    if len(set(mean)) == len(set(std)) == 1:
        mean, std = mean[:1], std[:1]
    scale = Scale("", mean, std)
    low, high = scale.of_byte()
    known = scale_of_range(low, high, channels)
    is_usual = known or USUAL_SIZE[0] <= max(abs(low), abs(high)) <= USUAL_SIZE[1]
    name = known.name if known else _range(low, high)
    return Finding(Scale(name, mean, std), "TFLite metadata", "" if is_usual else _doubt(low, high))


def _of_first_operators(graph: Graph, channels: int) -> Finding | None:
    """Of a float input: by the arithmetic before the first layer with weights, or the QUANTIZE that it goes into."""
    index = graph.inputs[0]
    factor, offset = np.ones(channels), np.zeros(channels)
    names: list[str] = []
    for _ in graph.operators:
        users = graph.users(index)
        if len(users) != 1:
            break
        step = users[0]
        if step.name == "QUANTIZE":
            return _of_quantize(graph.tensors[step.outputs[0]], channels, (factor, offset), names)
        if step.name not in NEUTRAL:
            constant = _constant(graph, step.inputs, index, channels)
            if constant is None or step.name not in _STEPS or (step.name in ("DIV", "SUB") and step.inputs[0] != index):
                break
            with np.errstate(all="ignore"):
                factor, offset = _STEPS[step.name](factor, offset, constant)
            names.append(f"{step.name} {constant.mean():.4g}")
        index = step.outputs[0]
    if not names or not np.isfinite([factor, offset]).all():
        return None
    scale = _that_fits(factor, offset, channels)
    return Finding(scale, f"first operator {', '.join(names)}") if scale else None


_STEPS = {
    "MUL": lambda factor, offset, c: (factor * c, offset * c),
    "DIV": lambda factor, offset, c: (factor / c, offset / c),
    "ADD": lambda factor, offset, c: (factor, offset + c),
    "SUB": lambda factor, offset, c: (factor, offset - c),
}


def _constant(graph: Graph, inputs: tuple[int, ...], index: int, channels: int) -> NDArray[np.float64] | None:
    """The other input of a step where it is a number, or one for each channel: float64 (channels,)."""
    others = [other for other in inputs if other != index]
    if len(others) != 1 or not 0 <= others[0] < len(graph.tensors):
        return None
    values = graph.tensors[others[0]].values()
    if values is None or values.size not in (1, channels):
        return None
    return np.broadcast_to(values.reshape(-1), channels)


def _of_quantize(
    tensor: Tensor, channels: int, before: tuple[NDArray[np.float64], NDArray[np.float64]], names: list[str]
) -> Finding | None:
    """By the range that the first QUANTIZE was calibrated to."""
    if tensor.dtype not in LEAST or len(tensor.scales) != 1:
        return None
    factor, offset = before
    least = LEAST[tensor.dtype]
    ends = ((least + end - tensor.zero_points[0]) * tensor.scales[0] for end in (0, 255))
    low, high = ((float(end) - offset.mean()) / factor.mean() for end in ends)
    by = " after ".join(["first operator QUANTIZE", *([", ".join(names)] if names else [])])
    known = scale_of_range(low, high, channels)
    if known:
        return Finding(known, by)
    std = 255 / (high - low) if high > low else 0.0
    if not (np.isfinite([low, high]).all() and std > 0):
        return None
    doubt = _doubt(low, high)
    return Finding(Scale(_range(low, high), (-low * std,), (std,)), by, doubt)


def _that_fits(factor: NDArray[np.float64], offset: NDArray[np.float64], channels: int) -> Scale | None:
    """The pixels that the first operators bring to what layers with weights usually take."""
    fitting = []
    for name in ("0..255", "0..1", "-1..1"):
        scale = SCALES[name]
        ends = np.array([end * factor + offset for end in scale.of_byte()])  # (2, channels)
        low, high = float(ends.min()), float(ends.max())
        span, size = high - low, max(abs(low), abs(high))
        if scale_of_range(low, high, channels) not in (None, SCALES["0..255"]):
            return scale
        if 2 * span >= size:  # else all pixels become nearly the same number
            fitting.append((USUAL_SIZE[0] <= size <= USUAL_SIZE[1], scale))
    usual = [scale for is_usual, scale in fitting if is_usual]
    chosen = usual or [scale for _, scale in fitting]
    return chosen[0] if len(chosen) == 1 else None


def _trained_with(graph: Graph, form: InputForm, metadata: Metadata) -> tuple[str, str]:
    """(exporter, how it resizes) of a file that shows who made it; ("", "") of others."""
    if metadata.task == CLASSIFY:
        return "", "crop"
    return ("Teachable Machine", "crop") if is_teachable_machine(graph, form) else ("", "")


def is_teachable_machine(graph: Graph, form: InputForm) -> bool:
    """Recognize Teachable Machine's image models: MobileNet, and two layers of its own.

    Args:
        graph: Of the model.
        form: Of its input.

    Returns:
        Whether name and size of the input, and the operators, are those of its exports.
    """
    name = graph.tensors[graph.inputs[0]].name
    if not re.search(r"(?:^|_)sequential_\d+_input(?::\d+)?$", name):
        return False
    if (form.height, form.width, form.channels) not in ((224, 224, 3), (96, 96, 1)):
        return False
    layers = [operator for operator in graph.operators if operator.name == "FULLY_CONNECTED"]
    depthwise = sum(operator.name == "DEPTHWISE_CONV_2D" for operator in graph.operators)
    if depthwise < TEACHABLE_DEPTHWISE or len(layers) < 2:
        return False
    weights = graph.tensors[layers[-2].inputs[1]] if len(layers[-2].inputs) > 1 else None
    return form.channels == 1 or (weights is not None and weights.shape[:1] == (TEACHABLE_UNITS,))
