"""The child's work, done in this process: load, predict, convert."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from convert import parity, worker
from convert.data import calibration_indices
from convert.load import NAME, Source, load
from convert.normalization import PIXELS, SCALES, Normalization
from runtime.errors import ModelMismatch
from runtime.tflite.interpreter import Interpreter
from workbench.dataset import Dataset

PICTURE = (28, 28, 1)
FORMATS = ("model.keras", "model.h5", "saved_model")
# The newest FULLY_CONNECTED that tflite-runtime 2.14, the last for 32-bit Arm, can run.
FULLY_CONNECTED, NEWEST_VERSION = 9, 11


def _convert(source: Source, quantization: str, digits: Dataset) -> bytes:
    assert digits.train is not None
    sample = digits.train.images[calibration_indices(digits.train, 100, 0)]
    return worker.convert(source, PICTURE, quantization, sample)


@pytest.mark.parametrize(
    ("quantization", "dtype"),
    [("int8", "int8"), ("dynamic", "float32"), ("float16", "float32"), ("float32", "float32")],
)
def test_every_quantization_reads_as_keras_does(
    quantization: str, dtype: str, artifacts: Path, digits: Dataset
) -> None:
    source = load(artifacts / "model.keras")
    interpreter = Interpreter.load(_convert(source, quantization, digits))
    assert interpreter.input.shape == (1, *PICTURE)
    assert interpreter.output.shape == (1, 10)
    assert (interpreter.input.dtype, interpreter.output.dtype) == (np.dtype(dtype), np.dtype(dtype))
    reference, raw = worker.predict(source, digits.test.images), parity.run_all(interpreter, digits.test.images)
    assert (reference.argmax(axis=1) == digits.test.labels).mean() > 0.85
    assert (raw.argmax(axis=1) == reference.argmax(axis=1)).mean() >= 0.98


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_an_int8_input_of_pixel_minus_128(name: str, artifacts: Path, digits: Dataset) -> None:
    source = load(artifacts / name)
    interpreter = Interpreter.load(_convert(source, "int8", digits))
    assert (interpreter.input.scale, interpreter.input.zero_point) == (1.0, -128)
    raw, reference = parity.run_all(interpreter, digits.test.images), worker.predict(source, digits.test.images)
    assert (raw.argmax(axis=1) == reference.argmax(axis=1)).mean() >= 0.98


def test_the_name_of_the_model_takes_no_room_in_the_file(artifacts: Path, digits: Dataset) -> None:
    path = artifacts / "model.keras"
    name = keras.models.load_model(path, compile=False).name
    assert len(name) > len(NAME)
    assert name.encode() not in _convert(load(path), "int8", digits)


def test_formats_give_the_same_reference(artifacts: Path, digits: Dataset) -> None:
    outputs = [worker.predict(load(artifacts / name), digits.test.images[:300]) for name in FORMATS]
    assert outputs[0].shape == (300, 10)  # more than a batch, and not a multiple of it
    assert outputs[0].dtype == np.float32
    np.testing.assert_allclose(outputs[1], outputs[0], atol=1e-6)
    np.testing.assert_allclose(outputs[2], outputs[0], atol=1e-6)


@pytest.mark.parametrize("quantization", ["int8", "dynamic"])
def test_the_oldest_runtime_knows_the_operators(quantization: str, artifacts: Path, digits: Dataset) -> None:
    from tensorflow.lite.python import schema_py_generated as schema

    data = _convert(load(artifacts / "model.keras"), quantization, digits)
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    versions = [code.version for code in model.operatorCodes if code.builtinCode == FULLY_CONNECTED]
    assert versions
    assert max(versions) <= NEWEST_VERSION
    assert model.subgraphs[0].tensors[model.subgraphs[0].inputs[0]].shapeSignature is None  # the batch is fixed


def test_batch_normalization_and_convolution_convert(digits: Dataset) -> None:
    """With the variables of a Keras 3 model left in, TensorFlow 2.21 writes files that read at chance."""
    keras.utils.set_random_seed(0)
    body = [layers.Conv2D(4, 3, strides=2), layers.BatchNormalization(), layers.ReLU(), layers.Flatten()]
    model = keras.Sequential([keras.Input(PICTURE), layers.Rescaling(1 / 255), *body, layers.Dense(10)])
    source = Source(lambda x: model(x, training=False), model, PICTURE, True)
    interpreter = Interpreter.load(_convert(source, "float32", digits))
    raw, reference = (
        parity.run_all(interpreter, digits.test.images[:50]),
        worker.predict(source, digits.test.images[:50]),
    )
    np.testing.assert_allclose(raw, reference, atol=1e-4)


def test_a_dim_sample_gives_another_input_scale(artifacts: Path, digits: Dataset) -> None:
    assert digits.train is not None
    dim = np.minimum(digits.train.images[:50], 127).astype(np.uint8)
    data = worker.convert(load(artifacts / "model.keras"), PICTURE, "int8", dim)
    assert Interpreter.load(data).input.scale == pytest.approx(127 / 255, rel=1e-4)


@pytest.mark.parametrize("shape", [(28, 28), (784,)])
def test_a_model_without_channel_axis_gets_one(shape: tuple[int, ...], digits: Dataset) -> None:
    model = keras.Sequential([keras.Input(shape), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(10)])
    bare = Source(lambda x: model(x, training=False), model, shape, True)
    interpreter = Interpreter.load(_convert(worker.fit_shape(bare, PICTURE), "float32", digits))
    assert interpreter.input.shape == (1, *PICTURE)
    images = digits.test.images[:20]
    expected = model(images.reshape(-1, *shape).astype(np.float32))
    np.testing.assert_allclose(parity.run_all(interpreter, images), expected, atol=1e-4)


def test_other_pictures_than_the_models_are_refused() -> None:
    source = Source(lambda x: x, None, (32, 32, 3), True)
    with pytest.raises(ModelMismatch, match=r"shape \(32, 32, 3\); received \(28, 28, 1\)"):
        worker.fit_shape(source, PICTURE)
    assert worker.fit_shape(Source(lambda x: x, None, (None, None, 1), True), PICTURE).shape == (None, None, 1)


@pytest.mark.parametrize("name", ["0..1", "-1..1", "imagenet"])
def test_a_range_goes_into_the_model_and_its_input_takes_pixels(name: str) -> None:
    """The .tflite of a model that was trained on another range takes pixels, exactly pixel - 128 at int8."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(4)])
    bare = Source(lambda x: model(x, training=False), model, (8, 8, 3), None)
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    images[0, 0, 0], images[0, 0, 1] = 0, 255
    row = SCALES[name]
    made = worker.normalized(bare, row)
    expected = model((images - np.array(row.mean)) / np.array(row.std))
    np.testing.assert_allclose(worker.predict(made, images), expected, atol=1e-4)
    exact = Interpreter.load(worker.convert(made, (8, 8, 3), "float32", images[:0]))
    np.testing.assert_allclose(parity.run_all(exact, images), expected, atol=1e-4)
    for io, zero_point in (("int8", -128), ("uint8", 0)):
        interpreter = Interpreter.load(worker.convert(made, (8, 8, 3), "int8", images, io))
        assert (interpreter.input.dtype, interpreter.input.scale) == (np.dtype(io), 1.0)
        assert interpreter.input.zero_point == zero_point
        assert interpreter.output.dtype == np.dtype(io)


def test_pixels_as_they_are_change_nothing() -> None:
    source = Source(lambda x: x, None, PICTURE, True)
    assert worker.normalized(source, PIXELS) is source
    assert worker.normalized(source, Normalization("given", (0.0,), (2.0,))) is not source
