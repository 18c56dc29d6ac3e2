"""The only file that imports a TFLite interpreter: ai_edge_litert, else tflite_runtime, else tensorflow."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.errors import InterpreterMissing, ModelError, ModelMismatch
from runtime.native import MAX_THREADS, captured_stderr
from runtime.tflite.tables import root

PACKAGES = ("ai_edge_litert", "tflite_runtime", "tensorflow")  # the first that works is taken
# What the bindings raise at a model that they cannot take. Beside the interpreter's own complaints: names that are not
# UTF-8, types that numpy does not have, tensors that nothing computed, memory that is not there.
REFUSALS = (ValueError, RuntimeError, TypeError, KeyError, IndexError, OverflowError, MemoryError)
LOOP_LIMIT_S = 30.0  # of a clock, for one picture
SUBGRAPHS = 2  # number of the field in the schema's Model
TENSORS, IS_VARIABLE = 0, 5  # numbers of the fields in the schema's SubGraph and Tensor
MAX_COMPLAINT = 200  # characters of an interpreter's message that are quoted


@dataclass(frozen=True)
class TensorInfo:
    """What the file says of an input or output tensor. real = scale * (stored - zero_point).

    Attributes:
        shape: With the batch axis, which is 1.
        dtype: Dtype of the stored values.
        scale: 0.0 where the tensor is not quantized.
        zero_point: The stored value of 0.

    Example:
        >>> print(TensorInfo((1, 28, 28, 1), np.dtype(np.int8), 1.0, -128))
        int8 of shape (1, 28, 28, 1) (scale 1, zero point -128)
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scale: float
    zero_point: int

    def __str__(self) -> str:
        """Dtype, shape and quantization, for messages."""
        quantized = f" (scale {self.scale:g}, zero point {self.zero_point})" if self.scale else ""
        return f"{self.dtype} of shape {self.shape}{quantized}"


class Interpreter:
    """One loaded model with one input, and one of its outputs. Not for use by several threads at once.

    Attributes:
        name: Package and version, such as "ai-edge-litert 2.3.0".
        input: The input tensor.
        output: The output tensor that `run` returns.
        has_loops: Whether it has more than one graph, which loops and branches run.
        has_state: Whether it keeps values from one run to the next, as an LSTM does. They are cleared before each run:
            one picture's answer does not depend on the picture before it.

    Example:
        >>> from pathlib import Path
        >>> from runtime.tflite.card_file import split_card
        >>> model, _ = split_card(Path("runtime/models/digits.tflite").read_bytes())
        >>> interpreter = Interpreter.load(model)
        >>> interpreter.run(np.zeros(interpreter.input.shape, interpreter.input.dtype)).shape
        (1, 10)
    """

    def __init__(self, handle: Any, name: str, output_index: int = 0) -> None:
        """Read the tensors' facts. `load` is the usual way.

        Args:
            handle: An interpreter of one of PACKAGES whose tensors are allocated.
            name: Package and version.
            output_index: Which of the model's outputs.

        Raises:
            ModelMismatch: The model has not exactly one input, or no such output.
        """
        self._handle = handle
        self.name = name
        self.has_loops = self.has_state = False
        inputs, outputs = handle.get_input_details(), handle.get_output_details()
        if len(inputs) != 1 or output_index >= len(outputs):
            raise ModelMismatch(
                f"expected a model with 1 input and {output_index + 1} or more outputs; "
                f"received {len(inputs)} and {len(outputs)}"
            )
        self._input_index: int = inputs[0]["index"]
        self._output_index: int = outputs[output_index]["index"]
        self.input = _tensor_info(inputs[0])
        self.output = _tensor_info(outputs[output_index])

    @classmethod
    def load(
        cls,
        model: bytes,
        num_threads: int = 1,
        is_verified: bool = False,
        *,
        output_index: int = 0,
        input_shape: tuple[int, ...] | None = None,
    ) -> Interpreter:
        """Make an interpreter for a model.

        Args:
            model: A bare .tflite flatbuffer (see card_file.split_card).
            num_threads: That one run may use, 1 to native.MAX_THREADS.
            is_verified: Whether `verify.verify_model` has passed these bytes, here or earlier.
            output_index: Which of the model's outputs.
            input_shape: Shape that its input gets where the file leaves sides open (-1).

        Returns:
            An interpreter that is ready.

        Raises:
            InterpreterMissing: None is installed that works.
            ModelError: The model cannot be loaded.
            ValueError: The number of threads is out of range.
        """
        if not 1 <= num_threads <= MAX_THREADS:
            raise ValueError(f"expected 1 to {MAX_THREADS} threads; received {num_threads}")
        if not is_verified:
            from runtime.tflite.verify import verify_model  # here: a start on a model that is known needs none of it

            verify_model(model)
        make, name = find_interpreter()
        with captured_stderr() as complaints:
            try:
                handle = make(model_content=model, num_threads=num_threads)
                _fix_open_sides(handle, input_shape)
                handle.allocate_tensors()
                loaded = cls(handle, name, output_index)
            except REFUSALS as error:
                raise ModelError(f"{name} cannot load this model: {_brief(complaints() or error)}") from None
        graphs = root(model).tables(SUBGRAPHS)
        loaded.has_loops = len(graphs) > 1
        loaded.has_state = any(tensor.scalar(IS_VARIABLE, "B") for graph in graphs for tensor in graph.tables(TENSORS))
        return loaded

    def run(self, tensor: NDArray[Any]) -> NDArray[Any]:
        """Run the model once.

        Args:
            tensor: Exactly of the input's shape and dtype.

        Returns:
            A copy of the output tensor, as stored.

        Raises:
            ModelMismatch: The tensor is of another shape or dtype.
            ModelError: The model cannot be run.
        """
        if tensor.shape != self.input.shape or tensor.dtype != self.input.dtype:
            raise ModelMismatch(f"the model takes {self.input}; received {tensor.dtype} of shape {tensor.shape}")
        try:
            if self.has_state:
                self._handle.reset_all_variables()
            # set_tensor, not tensor(): a view would broadcast and wrap without a word.
            self._handle.set_tensor(self._input_index, tensor)
            self._invoke()
            output: NDArray[Any] = self._handle.get_tensor(self._output_index)
        except REFUSALS as error:
            raise ModelError(f"{self.name} cannot run this model: {_brief(error)}") from None
        return output

    def _invoke(self) -> None:
        if not self.has_loops:
            self._handle.invoke()
            return
        from runtime.tflite.bounded import run_bounded  # here: hardly a model needs it

        run_bounded(self._handle.invoke, LOOP_LIMIT_S)


def find_interpreter() -> tuple[Callable[..., Any], str]:
    """Import the first interpreter of PACKAGES that works here.

    Returns:
        (its Interpreter class, "package version").

    Raises:
        InterpreterMissing: None works; the message says what is wrong with each, and the command that repairs it.
    """
    problems = []
    for package in installed():
        if package == "tflite_runtime" and int(np.__version__.split(".")[0]) >= 2:
            problems.append(f"tflite-runtime needs numpy 1 and this is numpy {np.__version__}: pip install 'numpy<2'")
            continue
        try:
            return _import_interpreter(package)
        except (ImportError, AttributeError, OSError) as error:
            problems.append(f"{package} is installed and does not import ({error})")
    remedy = "; ".join(problems) or "none is installed: pip install ai-edge-litert (32-bit Arm: tflite-runtime)"
    raise InterpreterMissing(f"expected a TFLite interpreter for {sys.executable}; {remedy}")


def installed() -> Iterator[str]:
    """The packages with an interpreter that are there, whether they work or not.

    Returns:
        Their names in Python, in the order of PACKAGES.
    """
    return (package for package in PACKAGES if importlib.util.find_spec(package) is not None)


def _import_interpreter(package: str) -> tuple[Callable[..., Any], str]:
    with captured_stderr():
        if package == "tensorflow":
            module = importlib.import_module(package).lite
        else:
            module = importlib.import_module(f"{package}.interpreter")
    # Not importlib.metadata: reading it costs more than importing the interpreter.
    version = getattr(sys.modules[package], "__version__", "")
    return module.Interpreter, f"{package.replace('_', '-')} {version}".strip()


def _brief(complaint: object) -> str:
    """An interpreter's message as one line that a person can read: it quotes names of the file, of any length."""
    if isinstance(complaint, MemoryError):
        return "it takes more memory than there is"
    text = " ".join(str(complaint).split()) or "it gives no reason, perhaps for want of memory"
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return text if len(text) <= MAX_COMPLAINT else f"{text[:MAX_COMPLAINT]} ... ({len(text):,} characters)"


def _fix_open_sides(handle: Any, shape: tuple[int, ...] | None) -> None:
    """Give a model's input the shape, where it leaves exactly the sides open in which it differs."""
    details = handle.get_input_details()
    if shape is None or len(details) != 1 or tuple(details[0]["shape"]) == shape:
        return
    signature = tuple(details[0].get("shape_signature", ()))
    if len(signature) == len(shape) and all(a in (-1, b) for a, b in zip(signature, shape, strict=True)):
        handle.resize_tensor_input(details[0]["index"], shape)


def _tensor_info(details: dict[str, Any]) -> TensorInfo:
    parameters = details["quantization_parameters"]
    scales, zeros = parameters["scales"], parameters["zero_points"]
    return TensorInfo(
        shape=tuple(int(n) for n in details["shape"]),
        dtype=np.dtype(details["dtype"]),
        scale=float(scales[0]) if len(scales) else 0.0,
        zero_point=int(zeros[0]) if len(zeros) else 0,
    )
