"""The parent's side: what is refused before TensorFlow starts, the child process, and its failures."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert import converter, parity
from convert.converter import Request
from convert.data import Calibration, calibrate
from convert.normalization import SCALES
from runtime.errors import ModelError, ModelMismatch, OptionError
from runtime.tflite.card import InputSpec
from runtime.tflite.interpreter import Interpreter, TensorInfo
from workbench.dataset import Dataset, Split

ROOT = Path(__file__).resolve().parents[2]
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
        (TensorInfo(SHAPE, np.dtype(np.int8), 1 / 255, -128), (0, 255), "first step is not what scales them"),
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
    made = converter.convert_model(Request(artifacts / "model.keras", "int8"), digits.test, sample)
    interpreter = Interpreter.load(made.tflite)
    converter.check_pixel_input(interpreter.input, sample)
    assert made.outputs.shape == (500, 10)
    assert (made.normalization.name, made.decided_by) == ("0..255", "the model's first step")
    assert set(made.versions) == {"tensorflow", "keras"}
    raw = parity.run_all(interpreter, digits.test.images)
    assert (raw.argmax(axis=1) == made.outputs.argmax(axis=1)).mean() >= 0.98


@pytest.mark.usefixtures("child_here")
@pytest.mark.parametrize("name", ["bare.keras", "bare"])
def test_the_range_of_a_model_without_rescaling_is_found_by_the_test_images(
    name: str, tmp_path: Path, network: Callable[..., Any], digits: Dataset
) -> None:
    bare = network(rescale=False)
    bare.save(tmp_path / name) if "." in name else bare.export(tmp_path / name, verbose=False)
    made = converter.convert_model(Request(tmp_path / name, "float32"), digits.test, None)
    assert made.normalization.name == "0..1"
    assert made.decided_by.startswith("500 test images: 0..1 4")
    np.testing.assert_allclose(made.outputs, network()(digits.test.images.astype(np.float32)), atol=1e-4)
    raw = parity.run_all(Interpreter.load(made.tflite), digits.test.images)
    np.testing.assert_allclose(raw, made.outputs, atol=1e-4)


@pytest.mark.usefixtures("child_here")
def test_where_the_images_cannot_tell_the_range_is_asked_for(
    tmp_path: Path, network: Callable[..., Any], digits: Dataset
) -> None:
    network(rescale=False).save(tmp_path / "bare.keras")
    few = Split(digits.test.images[:5], digits.test.labels[:5])
    with pytest.raises(ModelMismatch, match=r"5 images cannot tell: .* Say it: --scale 0\.\.1 \(most Keras"):
        converter.convert_model(Request(tmp_path / "bare.keras", "float32"), few, None)
    given = Request(tmp_path / "bare.keras", "float32", SCALES["-1..1"])
    made = converter.convert_model(given, few, None)
    assert (made.normalization, made.decided_by) == (SCALES["-1..1"], "given")


@pytest.mark.usefixtures("child_here")
def test_labels_that_the_model_does_not_have_are_told(
    tmp_path: Path, network: Callable[..., Any], digits: Dataset
) -> None:
    network(rescale=False).save(tmp_path / "bare.keras")
    other = Split(digits.test.images, digits.test.labels + 5)
    with pytest.raises(ModelMismatch, match=r"labels 0 to 9, for the model's 10 classes; received 14"):
        converter.convert_model(Request(tmp_path / "bare.keras", "float32"), other, None)


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "m.keras")
    with pytest.raises(ModelError, match="received something else than a file"):
        converter.check_source(tmp_path / "m.keras")


def test_a_full_temporary_folder_is_one_clear_line(
    tmp_path: Path, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **arrays: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numpy.savez", full)
    with pytest.raises(OptionError, match=r"cannot write 0 MiB of pictures into .*TMPDIR=/path"):
        converter.convert_model(Request(tmp_path, "float32"), digits.test, None)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP])
def test_a_kill_ends_the_child_and_leaves_no_folder(end: signal.Signals, tmp_path: Path) -> None:
    """The child here writes its process number and sleeps."""
    fake, place = tmp_path / "python", tmp_path / "tmp"
    place.mkdir()
    fake.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/new && mv {tmp_path}/new {tmp_path}/child && exec sleep 600\n")
    fake.chmod(0o755)
    code = (
        f"import sys, pathlib\nfrom convert import converter\nsys.executable = {str(fake)!r}\n"
        "converter.input_shape(converter.Request(pathlib.Path('.')))"
    )
    environment = {**os.environ, "TMPDIR": str(place)}
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, stderr=subprocess.PIPE) as process:
        while not (tmp_path / "child").exists():
            assert process.poll() is None
        child = int((tmp_path / "child").read_text())
        process.send_signal(end)
        assert process.wait(60) == 128 + end
    assert list(place.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("kill -SEGV $$", r"crashed \(SIGSEGV\) at int8: m\.keras has something .* dynamic, float16 or float32"),
        ("kill -ABRT $$", r"crashed \(SIGABRT\) at int8"),
        ("kill -KILL $$", "was killed, mostly for want of memory"),
    ],
)
def test_a_crash_is_told_with_what_to_try(
    script: str, says: str, tmp_path: Path, digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEBUG", raising=False)
    _fake_child(tmp_path, monkeypatch, script)
    with pytest.raises(ModelError, match=says):
        converter.convert_model(Request(tmp_path / "m.keras", "int8"), digits.test, None)


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
        converter.input_shape(Request(tmp_path))
    assert capfd.readouterr() == ("", "")


def test_debug_shows_what_the_child_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEBUG", "1")
    _fake_child(tmp_path, monkeypatch, DYING)
    with pytest.raises(ModelError, match="died with status 9: see above"):
        converter.input_shape(Request(tmp_path))
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err == "first\nW0000 chatter\nKilled: out of memory\n"


def test_without_tensorflow_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(OptionError, match="pip install --group train"):
        converter.input_shape(Request(tmp_path))
