"""The one place with a TFLite interpreter."""

from __future__ import annotations

import importlib.util
import os

import numpy as np
import pytest

from runtime import native
from runtime.errors import InterpreterMissing, ModelError, ModelMismatch
from runtime.tflite import interpreter
from runtime.tflite.interpreter import Interpreter
from tests.runtime.tflite.flatbuffers import endless_loop


def test_tensors_say_what_they_are(bare_model: bytes) -> None:
    loaded = Interpreter.load(bare_model)
    assert loaded.input.shape == (1, 28, 28, 1)
    assert loaded.input.dtype == np.int8
    assert (loaded.input.scale, loaded.input.zero_point) == (1.0, -128)
    assert loaded.output.shape == (1, 10)
    assert loaded.name.split()[0] in ("ai-edge-litert", "tflite-runtime", "tensorflow")


def test_its_chatter_stays_off_the_terminal(bare_model: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    loaded = Interpreter.load(bare_model)
    loaded.run(np.zeros((1, 28, 28, 1), np.int8))
    assert capfd.readouterr() == ("", "")


def test_what_it_says_with_debug_comes_through(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEBUG", "1")
    with native.captured_stderr():
        os.write(2, b"heard")
    monkeypatch.delenv("DEBUG")
    with native.captured_stderr() as said:
        os.write(2, b"kept")
        assert said() == "kept"
    assert capfd.readouterr().err == "heard"


def test_results_are_copies(bare_model: bytes) -> None:
    loaded = Interpreter.load(bare_model)
    first = loaded.run(np.full((1, 28, 28, 1), -128, np.int8))
    kept = first.copy()
    loaded.run(np.random.default_rng(0).integers(-128, 128, (1, 28, 28, 1), dtype=np.int8))
    assert np.array_equal(first, kept)


@pytest.mark.parametrize(
    "tensor", [np.zeros((1, 28, 28, 1), np.float32), np.zeros((28, 28, 1), np.int8), np.zeros((2, 28, 28, 1), np.int8)]
)
def test_another_tensor_is_refused(bare_model: bytes, tensor: np.ndarray) -> None:
    with pytest.raises(ModelMismatch, match=r"the model takes int8 of shape \(1, 28, 28, 1\).*; received"):
        Interpreter.load(bare_model).run(tensor)


def test_garbage_behind_a_right_beginning_is_an_error(bare_model: bytes) -> None:
    with pytest.raises(ModelError):
        Interpreter.load(bare_model[:8] + bytes(len(bare_model) - 8))


def test_none_installed_names_the_remedy(monkeypatch: pytest.MonkeyPatch, bare_model: bytes) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InterpreterMissing, match="pip install ai-edge-litert"):
        Interpreter.load(bare_model)


def test_tflite_runtime_with_numpy_2_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"tflite_runtime": object()}
    monkeypatch.setattr(importlib.util, "find_spec", found.get)
    monkeypatch.setattr(np, "__version__", "2.4.6")
    with pytest.raises(InterpreterMissing, match=r"needs numpy 1 and this is numpy 2\.4\.6: pip install 'numpy<2'"):
        interpreter.find_interpreter()


ODD = (
    ValueError("Invalid data-type for array"),
    RuntimeError("custom op \x1b[31mred\n" + "A" * 5000),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    MemoryError(),
    TypeError("incompatible"),
    KeyError(18),
)


@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)
def test_whatever_an_interpreter_raises_is_one_readable_line(
    monkeypatch: pytest.MonkeyPatch, bare_model: bytes, error: Exception
) -> None:
    def odd(**_: object) -> object:
        raise error

    monkeypatch.setattr(interpreter, "find_interpreter", lambda: (odd, "some interpreter 1.0"))
    with pytest.raises(ModelError, match=r"some interpreter 1\.0 cannot load this model: \S") as caught:
        Interpreter.load(bare_model)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) <= 300


def test_an_error_while_it_runs_is_one_line_too(bare_model: bytes) -> None:
    class Odd:
        def __init__(self, whole: object) -> None:
            self._whole = whole

        def __getattr__(self, name: str) -> object:
            if name == "get_tensor":
                raise ValueError("Tensor data is null")
            return getattr(self._whole, name)

    make, name = interpreter.find_interpreter()
    handle = make(model_content=bare_model)
    handle.allocate_tensors()
    with pytest.raises(ModelError, match="cannot run this model: Tensor data is null"):
        Interpreter(Odd(handle), name).run(np.zeros((1, 28, 28, 1), np.int8))


@pytest.mark.parametrize("count", [0, -1, 65, 100_000])
def test_threads_out_of_range_are_refused(bare_model: bytes, count: int) -> None:
    with pytest.raises(ValueError, match=rf"expected 1 to 64 threads; received {count}"):
        Interpreter.load(bare_model, count)


def test_a_loop_without_an_end_is_an_error_within_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "LOOP_LIMIT_S", 0.01)
    loaded = Interpreter.load(endless_loop())
    assert loaded.has_loops
    with pytest.raises(ModelError, match=r"does not end within 0\.01 s"):
        loaded.run(np.zeros((1, 4), np.float32))


def test_a_model_of_one_graph_has_no_loops(bare_model: bytes) -> None:
    assert not Interpreter.load(bare_model).has_loops


class Remembering:
    """An interpreter's handle whose output is the sum of all inputs since its variables were reset."""

    def __init__(self) -> None:
        self._sum, self._given = 0.0, 0.0

    def get_input_details(self) -> list[dict[str, object]]:
        quantization: dict[str, list[float]] = {"scales": [], "zero_points": []}
        return [{"index": 0, "shape": (1, 1), "dtype": np.float32, "quantization_parameters": quantization}]

    get_output_details = get_input_details

    def set_tensor(self, index: int, value: np.ndarray) -> None:
        self._given = float(value.item())

    def reset_all_variables(self) -> None:
        self._sum = 0.0

    def invoke(self) -> None:
        self._sum += self._given

    def get_tensor(self, index: int) -> np.ndarray:
        return np.array([[self._sum]], np.float32)


def test_an_answer_does_not_depend_on_the_picture_before() -> None:
    """An LSTM keeps its state from run to run; the model's file says so."""
    interpreter = Interpreter(Remembering(), "a test 1.0")
    interpreter.has_state = True
    one = np.ones((1, 1), np.float32)
    assert [interpreter.run(one).item() for _ in range(3)] == [1.0, 1.0, 1.0]


def test_the_shipped_model_keeps_no_state(bare_model: bytes) -> None:
    assert not Interpreter.load(bare_model).has_state
