"""How far each layer of the int8 file is from the same layer of the float32 file, on the same pictures.

Both files hold the same operations under the same names, so their tensors are read side by side with all of them
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

from convert.data import Pixels
from runtime.native import captured_stderr
from runtime.tflite.interpreter import Interpreter, find_interpreter
from runtime.tflite.tensors import quantize_input


@dataclass(frozen=True)
class LayerError:
    """An activation tensor. shape: without the batch axis. scale: real value of one int8 step. error_in_steps: root
    mean square difference in such steps, 0.29 (1/sqrt 12) where it is rounding alone. relative_error: the same
    over the root mean square of the float values."""

    name: str
    shape: tuple[int, ...]
    scale: float
    error_in_steps: float
    relative_error: float


def layer_errors(float32: bytes, int8: bytes, images: Pixels) -> list[LayerError]:
    """Of every tensor that both files compute, in order. float32, int8: flatbuffers of one network.
    images: uint8 (N, H, W, C) model inputs, N >= 2."""
    exact, coarse = _Open(float32), _Open(int8)
    shared = [name for name in coarse.tensors if name in exact.tensors]
    sums = {name: np.zeros(2) for name in shared}  # of squares: difference, value
    moved: set[str] = set()
    first: dict[str, NDArray[np.float64]] = {}
    for image in images:
        values, stored = exact.run(image, shared), coarse.run(image, shared)
        for name in shared:
            sums[name] += np.square(values[name] - stored[name]).mean(), np.square(values[name]).mean()
            if not np.array_equal(first.setdefault(name, values[name]), values[name]):
                moved.add(name)
    # What is the same for every picture is a weight.
    return [_error(coarse.tensors[name], *np.sqrt(sums[name] / len(images))) for name in shared if name in moved]


def _error(tensor: Mapping[str, Any], difference: float, value: float) -> LayerError:
    scale = _scale(tensor)
    shape = tuple(int(size) for size in tensor["shape"][1:])
    relative = difference / value if value else 0.0
    return LayerError(readable(tensor["name"]), shape, scale, float(difference / scale), float(relative))


def readable(name: str) -> str:
    """The layer of a tensor's name: "model/re_lu_1/Relu;model/conv2d/..." is re_lu_1; the last one has no name."""
    parts = name.partition(";")[0].split("/")
    if "PartitionedCall" in parts[0]:
        return "output"
    return "/".join(parts[1:-1]) or parts[-1]


class _Open:
    """A .tflite with every tensor kept. tensors: by name; of an int8 file, those with one scale."""

    def __init__(self, model: bytes) -> None:
        make, name = find_interpreter()
        module: Any = sys.modules[make.__module__]
        # XNNPACK fuses, and what it fuses away cannot be read.
        plain = module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        with captured_stderr():
            self._handle: Any = make(
                model_content=model, experimental_preserve_all_tensors=True, experimental_op_resolver_type=plain
            )
            self._handle.allocate_tensors()
        self._own = Interpreter(self._handle, name)
        inputs = {one["index"] for one in self._handle.get_input_details()}
        whole = self._own.input.dtype == np.int8
        self.tensors = {
            one["name"]: one
            for one in self._handle.get_tensor_details()
            if one["index"] not in inputs and len(one["shape"]) and (not whole or _scale(one))
        }

    def run(self, image: NDArray[np.uint8], names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        """Real values of these tensors for one model input."""
        self._own.run(quantize_input(image, self._own.input))
        found = {}
        for name in names:
            tensor = self.tensors[name]
            values = np.asarray(self._handle.get_tensor(tensor["index"]), np.float64)
            scale, zero = _scale(tensor), tensor["quantization"][1]
            found[name] = (values - zero) * scale if scale else values
        return found


def _scale(tensor: Mapping[str, Any]) -> float:
    """0.0 where a tensor is not quantized, or by channel, as weights are."""
    return float(tensor["quantization"][0])
