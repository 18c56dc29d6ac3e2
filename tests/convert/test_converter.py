"""The parent's side: what is refused before TensorFlow starts, the child process, and its failures."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert import converter, parity
from convert.data import Calibration, calibrate
from runtime.errors import ModelError, ModelMismatch, OptionError
from runtime.tflite.card import InputSpec
from runtime.tflite.interpreter import Interpreter, TensorInfo
from workbench.dataset import Dataset

FRAME = InputSpec(framing="whole", polarity="any")
SHAPE = (1, 28, 28, 1)


def _calibration(darkest: int, brightest: int) -> Calibration:
    return Calibration(np.zeros((1, 28, 28, 1), np.uint8), 0, {0: 1}, darkest, brightest)


def test_pixel_minus_128_is_accepted() -> None:
    converter.check_pixel_input(TensorInfo(SHAPE, np.dtype(np.int8), 1.0, -128), _calibration(0, 255))


@pytest.mark.parametrize(
    ("info", "span", "says"),
    [
        (TensorInfo(SHAPE, np.dtype(np.int8), 127 / 255, -128), (0, 127), r"span 0\.\.127, not 0\.\.255"),
        (TensorInfo(SHAPE, np.dtype(np.int8), 1 / 255, -128), (0, 255), r"does not start with Rescaling\(1/255\)"),
        (TensorInfo(SHAPE, np.dtype(np.int8), 1.0, -127), (0, 255), r"received int8 of shape .*zero point -127"),
        (TensorInfo(SHAPE, np.dtype(np.float32), 0.0, 0), (0, 255), "received float32"),
    ],
)
def test_other_inputs_are_refused_with_the_reason(info: TensorInfo, span: tuple[int, int], says: str) -> None:
    with pytest.raises(ModelMismatch, match=says) as caught:
        converter.check_pixel_input(info, _calibration(*span))
    assert "scale 1.0, zero point -128" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("cut.keras", b"PK\x03\x04 and no more", "is a zip and this is not a whole one"),
        ("empty.keras", b"", "is a zip and this is not a whole one"),
        ("text.h5", b"hello, world", "expected an HDF5 file; received one that starts with b'hello, w'"),
        ("model.tflite", b"\0\0\0\0TFL3", r"received a file named \.tflite"),
        ("model", b"", "without a suffix"),
    ],
)
def test_what_is_no_model_is_told_without_tensorflow(name: str, data: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ModelError, match=says):
        converter.check_source(tmp_path / name)


def test_missing_models_and_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no such file; .*python -m train"):
        converter.check_source(tmp_path / "none.keras")
    with pytest.raises(ModelError, match=r"a folder without saved_model\.pb"):
        converter.check_source(tmp_path)


def test_the_child_converts_and_gives_the_reference(artifacts: Path, digits: Dataset) -> None:
    sample = calibrate(digits, FRAME, 100, 0)
    made = converter.convert_model(artifacts / "model.keras", "int8", digits.test.images, sample)
    interpreter = Interpreter.load(made.tflite)
    converter.check_pixel_input(interpreter.input, sample)
    assert made.outputs.shape == (500, 10)
    assert made.outputs_divided is None
    assert set(made.versions) == {"tensorflow", "keras"}
    raw = parity.run_all(interpreter, digits.test.images)
    assert (raw.argmax(axis=1) == made.outputs.argmax(axis=1)).mean() >= 0.98


def test_a_model_without_rescaling_is_refused(
    tmp_path: Path, network: Callable[..., Any], digits: Dataset, capfd: pytest.CaptureFixture[str]
) -> None:
    network(rescale=False).save(tmp_path / "bare.keras")
    with pytest.raises(ModelMismatch, match=r"keras\.layers\.Rescaling\(1/255\) first; received one without"):
        converter.convert_model(tmp_path / "bare.keras", "float32", digits.test.images[:5], None)
    assert capfd.readouterr().err == ""


def _fake_child(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    fake = folder / "python"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))


DYING = "echo first >&2; echo W0000 chatter; echo 'Killed: out of memory' >&2; exit 9"


def test_a_dead_child_leaves_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DEBUG", raising=False)
    _fake_child(tmp_path, monkeypatch, DYING)
    with pytest.raises(ModelError, match=r"died with status 9: .*Killed: out of memory \(DEBUG=1 shows"):
        converter.input_shape(tmp_path)
    assert capfd.readouterr() == ("", "")


def test_debug_shows_what_the_child_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEBUG", "1")
    _fake_child(tmp_path, monkeypatch, DYING)
    with pytest.raises(ModelError, match="died with status 9: see above"):
        converter.input_shape(tmp_path)
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err == "first\nW0000 chatter\nKilled: out of memory\n"


def test_without_tensorflow_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(OptionError, match="pip install --group train"):
        converter.input_shape(tmp_path)
