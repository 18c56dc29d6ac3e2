"""The child's work, done in this process: load, predict, convert."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from convert import parity, worker
from convert.data import calibration_indices
from runtime.errors import ModelError, ModelMismatch
from runtime.tflite.interpreter import Interpreter
from workbench.dataset import Dataset

PICTURE = (28, 28, 1)
FORMATS = ("model.keras", "model.h5", "saved_model")
# The newest FULLY_CONNECTED that tflite-runtime 2.14, the last for 32-bit Arm, can run.
FULLY_CONNECTED, NEWEST_VERSION = 9, 11


def _convert(source: worker.Source, quantization: str, digits: Dataset) -> bytes:
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
    source = worker.load(artifacts / "model.keras")
    interpreter = Interpreter.load(_convert(source, quantization, digits))
    assert interpreter.input.shape == (1, *PICTURE)
    assert interpreter.output.shape == (1, 10)
    assert (interpreter.input.dtype, interpreter.output.dtype) == (np.dtype(dtype), np.dtype(dtype))
    reference, raw = worker.predict(source, digits.test.images), parity.run_all(interpreter, digits.test.images)
    assert (reference.argmax(axis=1) == digits.test.labels).mean() > 0.85
    assert (raw.argmax(axis=1) == reference.argmax(axis=1)).mean() >= 0.98


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_an_int8_input_of_pixel_minus_128(name: str, artifacts: Path, digits: Dataset) -> None:
    source = worker.load(artifacts / name)
    interpreter = Interpreter.load(_convert(source, "int8", digits))
    assert (interpreter.input.scale, interpreter.input.zero_point) == (1.0, -128)
    raw, reference = parity.run_all(interpreter, digits.test.images), worker.predict(source, digits.test.images)
    assert (raw.argmax(axis=1) == reference.argmax(axis=1)).mean() >= 0.98


def test_the_name_of_the_model_takes_no_room_in_the_file(artifacts: Path, digits: Dataset) -> None:
    path = artifacts / "model.keras"
    name = keras.models.load_model(path, compile=False).name
    assert len(name) > len(worker.NAME)
    assert name.encode() not in _convert(worker.load(path), "int8", digits)


def test_formats_give_the_same_reference(artifacts: Path, digits: Dataset) -> None:
    outputs = [worker.predict(worker.load(artifacts / name), digits.test.images[:300]) for name in FORMATS]
    assert outputs[0].shape == (300, 10)  # more than a batch, and not a multiple of it
    assert outputs[0].dtype == np.float32
    np.testing.assert_allclose(outputs[1], outputs[0], atol=1e-6)
    np.testing.assert_allclose(outputs[2], outputs[0], atol=1e-6)


@pytest.mark.parametrize("quantization", ["int8", "dynamic"])
def test_the_oldest_runtime_knows_the_operators(quantization: str, artifacts: Path, digits: Dataset) -> None:
    from tensorflow.lite.python import schema_py_generated as schema

    data = _convert(worker.load(artifacts / "model.keras"), quantization, digits)
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
    source = worker.Source(lambda x: model(x, training=False), model, PICTURE, True)
    interpreter = Interpreter.load(_convert(source, "float32", digits))
    raw, reference = (
        parity.run_all(interpreter, digits.test.images[:50]),
        worker.predict(source, digits.test.images[:50]),
    )
    np.testing.assert_allclose(raw, reference, atol=1e-4)


def test_a_dim_sample_gives_another_input_scale(artifacts: Path, digits: Dataset) -> None:
    assert digits.train is not None
    dim = np.minimum(digits.train.images[:50], 127).astype(np.uint8)
    data = worker.convert(worker.load(artifacts / "model.keras"), PICTURE, "int8", dim)
    assert Interpreter.load(data).input.scale == pytest.approx(127 / 255, rel=1e-4)


@pytest.mark.parametrize("shape", [(28, 28), (784,)])
def test_a_model_without_channel_axis_gets_one(shape: tuple[int, ...], digits: Dataset) -> None:
    model = keras.Sequential([keras.Input(shape), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(10)])
    bare = worker.Source(lambda x: model(x, training=False), model, shape, True)
    interpreter = Interpreter.load(_convert(worker.fit_shape(bare, PICTURE), "float32", digits))
    assert interpreter.input.shape == (1, *PICTURE)
    images = digits.test.images[:20]
    expected = model(images.reshape(-1, *shape).astype(np.float32))
    np.testing.assert_allclose(parity.run_all(interpreter, images), expected, atol=1e-4)


def test_other_pictures_than_the_models_are_refused() -> None:
    source = worker.Source(lambda x: x, None, (32, 32, 3), True)
    with pytest.raises(ModelMismatch, match=r"shape \(32, 32, 3\); received \(28, 28, 1\)"):
        worker.fit_shape(source, PICTURE)
    assert worker.fit_shape(worker.Source(lambda x: x, None, (None, None, 1), True), PICTURE).shape == (None, None, 1)


def _arithmetic() -> Any:
    pixels = keras.Input(PICTURE)
    return keras.Model(pixels, layers.Dense(2)(layers.Flatten()(pixels / 255.0)))


@pytest.mark.parametrize(
    ("first", "scales"),
    [
        ([layers.Rescaling(1 / 255)], True),
        ([layers.Flatten(), layers.Rescaling(1 / 255)], True),
        ([layers.RandomRotation(0.1), layers.Rescaling(1 / 255)], True),
        ([layers.BatchNormalization()], True),
        ([keras.Sequential([layers.Rescaling(1 / 255), layers.Flatten()])], True),
        ([], False),
        ([layers.Flatten(), layers.Dense(3), layers.Rescaling(1 / 255)], False),
    ],
)
def test_scales_pixels(first: list[Any], scales: bool) -> None:
    model = keras.Sequential([keras.Input(PICTURE), *first, layers.Flatten(), layers.Dense(2)])
    assert worker.scales_pixels(model) is scales


def test_scales_pixels_by_bare_arithmetic() -> None:
    assert worker.scales_pixels(_arithmetic())


@keras.saving.register_keras_serializable("tests")
class Strange(layers.Layer):  # type: ignore[misc]
    """A layer that only this process knows."""

    def call(self, x: Any) -> Any:
        return x


def test_custom_objects_are_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "strange.keras"
    keras.Sequential([keras.Input(PICTURE), Strange(), layers.Flatten(), layers.Dense(2)]).save(path)
    registered = keras.saving.get_custom_objects()
    name = next(key for key, value in registered.items() if value is Strange)
    monkeypatch.delitem(registered, name)
    with pytest.raises(ModelError, match=r"cannot load .*strange\.keras: .*Strange") as caught:
        worker.load(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_file_damaged_inside_is_one_clear_line(tmp_path: Path, artifacts: Path) -> None:
    path = tmp_path / "cut.h5"
    data = (artifacts / "model.h5").read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelError, match=r"cannot load .*cut\.h5"):
        worker.load(path)


def test_two_inputs_are_refused(tmp_path: Path) -> None:
    one, two = keras.Input((4,)), keras.Input((4,))
    path = tmp_path / "two.keras"
    keras.Model([one, two], layers.Add()([one, two])).save(path)
    with pytest.raises(ModelMismatch, match="1 input and 1 output; received 2 and 1"):
        worker.load(path)


def test_a_saved_model_of_divided_pixels_is_told_apart(digits: Dataset, network: Callable[..., Any]) -> None:
    truth = digits.test.labels
    bare, whole = network(rescale=False), network()
    pixels = digits.test.images.astype(np.float32)
    seen = [np.asarray(model(x)) for model in (bare, whole) for x in (pixels, pixels / 255)]
    with pytest.raises(ModelMismatch, match=r"divided by 255 .*put keras\.layers\.Rescaling\(1/255\) first"):
        parity.check_expects_pixels(seen[0], seen[1], truth)
    parity.check_expects_pixels(seen[2], seen[3], truth)


def test_brief_takes_the_first_line_that_says_something() -> None:
    assert worker.first_line(ValueError("\n  \n first \nsecond")) == "first"
    assert worker.first_line(KeyError()) == "KeyError"
    assert worker.first_line(ValueError("x" * 400), limit=10) == "xxxxxxx..."
