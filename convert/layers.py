"""How far each layer of the int8 file is from the same layer of the float32 file, on the same pictures.

Both files hold the same operations under the same names, so their tensors are read side by side, with all of them
kept, in LiteRT's plain kernels. TensorFlow's QuantizationDebugger finds such figures too, but in files of its own
making, with an interpreter that TensorFlow is about to drop; these are of the very file that is shipped.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.native import captured_stderr
from runtime.tflite.interpreter import Interpreter, find_interpreter
from runtime.tflite.tensors import quantize_input
from workbench.dataset import Pixels


@dataclass(frozen=True)
class LayerError:
    """The error of one activation tensor.

    Attributes:
        name: Name of the layer, as Keras has it.
        shape: Without the batch axis.
        scale: The real value of one int8 step.
        error_in_steps: The root mean square difference in such steps; 0.29 (1/sqrt 12) where it is rounding alone.
        relative_error: The root mean square difference over the root mean square of the float values.
    """

    name: str
    shape: tuple[int, ...]
    scale: float
    error_in_steps: float
    relative_error: float


def layer_errors(float32: bytes, int8: bytes, images: Pixels) -> list[LayerError]:
    """Compare every tensor that both files compute.

    Args:
        float32: The flatbuffer of a network.
        int8: The flatbuffer of the same network, quantized.
        images: uint8 (N, H, W, C) model inputs, N >= 2.

    Returns:
        An error a tensor, in the order of the int8 file.
    """
    exact, quantized = _TensorReader(float32), _TensorReader(int8)
    shared = [name for name in quantized.tensors if name in exact.tensors]
    square_sums = {name: np.zeros(2) for name in shared}  # of the difference, of the float value
    activations: set[str] = set()
    first: dict[str, NDArray[np.float64]] = {}
    for image in images:
        values, quantized_values = exact.run(image, shared), quantized.run(image, shared)
        for name in shared:
            difference = values[name] - quantized_values[name]
            square_sums[name] += np.square(difference).mean(), np.square(values[name]).mean()
            # What is the same for every picture is a weight.
            if not np.array_equal(first.setdefault(name, values[name]), values[name]):
                activations.add(name)
    roots = {name: np.sqrt(square_sums[name] / len(images)) for name in shared if name in activations}
    return [_layer_error(quantized.tensors[name], *root) for name, root in roots.items()]


def _layer_error(tensor: Mapping[str, Any], difference: float, value: float) -> LayerError:
    scale = _scale(tensor)
    shape = tuple(int(size) for size in tensor["shape"][1:])
    relative = difference / value if value else 0.0
    return LayerError(layer_name(tensor["name"]), shape, scale, float(difference / scale), float(relative))


def layer_name(tensor: str) -> str:
    """Find the layer that a tensor belongs to.

    Args:
        tensor: The tensor's name in the file. That of the last one says nothing.

    Returns:
        The layer's name; "output" for the last tensor.

    Example:
        >>> layer_name("model/re_lu_1/Relu;model/conv2d/convolution")
        're_lu_1'
    """
    parts = tensor.partition(";")[0].split("/")
    if "PartitionedCall" in parts[0]:
        return "output"
    return "/".join(parts[1:-1]) or parts[-1]


class _TensorReader:
    """A .tflite whose tensors can all be read. tensors: by name; of an int8 file, those with one scale."""

    def __init__(self, model: bytes) -> None:
        make, name = find_interpreter()
        module: Any = sys.modules[make.__module__]
        # XNNPACK fuses operations, and the tensors between fused ones cannot be read.
        plain = module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        with captured_stderr():
            self._handle: Any = make(
                model_content=model, experimental_preserve_all_tensors=True, experimental_op_resolver_type=plain
            )
            self._handle.allocate_tensors()
        self._interpreter = Interpreter(self._handle, name)
        inputs = {tensor["index"] for tensor in self._handle.get_input_details()}
        is_int8 = self._interpreter.input.dtype == np.int8
        self.tensors = {
            tensor["name"]: tensor
            for tensor in self._handle.get_tensor_details()
            if tensor["index"] not in inputs and len(tensor["shape"]) and (not is_int8 or _scale(tensor))
        }

    def run(self, image: NDArray[np.uint8], names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        """Real values of these tensors for one model input."""
        self._interpreter.run(quantize_input(image, self._interpreter.input))
        found = {}
        for name in names:
            tensor = self.tensors[name]
            values = np.asarray(self._handle.get_tensor(tensor["index"]), np.float64)
            scale, zero_point = _scale(tensor), tensor["quantization"][1]
            found[name] = (values - zero_point) * scale if scale else values
        return found


def _scale(tensor: Mapping[str, Any]) -> float:
    """0.0 where a tensor is not quantized, or by channel, as weights are."""
    return float(tensor["quantization"][0])
