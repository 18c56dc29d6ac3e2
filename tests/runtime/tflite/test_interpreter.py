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
