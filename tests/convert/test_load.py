"""Keras models of every form: loaded, or refused by name in one line."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from convert import parity, worker
from convert.load import LoadOptions, explain, load
from runtime.errors import EdgeError, ModelError, ModelMismatch, OptionError
from runtime.tflite.interpreter import Interpreter
from workbench.dataset import Dataset

PICTURE = (28, 28, 1)
TRUSTED = LoadOptions(trust=True)


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
        load(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_file_damaged_inside_is_one_clear_line(tmp_path: Path, artifacts: Path) -> None:
    path = tmp_path / "cut.h5"
    data = (artifacts / "model.h5").read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelError, match=r"cannot read cut\.h5"):
        load(path)


def _refused(path: Path, options: LoadOptions | None = None) -> str:
    with pytest.raises(EdgeError) as caught:
        load(path, options)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) <= 420
    return text


def test_two_inputs_are_named(tmp_path: Path) -> None:
    one, two = keras.Input((4,), name="left"), keras.Input((5,), name="right")
    path = tmp_path / "two.keras"
    keras.Model([one, two], layers.Dense(2)(layers.Concatenate()([one, two]))).save(path)
    assert "takes 2 inputs (left 4, right 5); a classifier here takes one picture" in _refused(path)


def test_the_output_with_a_score_for_each_class_is_taken(tmp_path: Path) -> None:
    pixels = keras.Input((6, 6, 1))
    flat = layers.Flatten()(pixels)
    model = keras.Model(pixels, [layers.Dense(7)(flat), layers.Dense(3)(flat)])
    for name in ("two.keras", "two.h5"):
        model.save(tmp_path / name)
    model.export(tmp_path / "two", verbose=False)
    images = np.random.default_rng(0).integers(0, 256, (5, 6, 6, 1)).astype(np.float32)
    for name in ("two.keras", "two.h5", "two"):
        source = load(tmp_path / name, LoadOptions(classes=3))
        np.testing.assert_allclose(source.call(images), model(images)[1], atol=1e-5)
        assert " outputs (" in _refused(tmp_path / name, LoadOptions(classes=4))


def test_weights_alone_are_named(tmp_path: Path, network: Callable[..., Any]) -> None:
    network().save_weights(tmp_path / "m.weights.h5")
    assert "m.weights.h5 has weights alone, without the model's layers" in _refused(tmp_path / "m.weights.h5")


def test_a_model_that_keras_quantized_is_named(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    model.quantize("int8")
    model.save(tmp_path / "q.keras")
    assert "q.keras was quantized by Keras (model.quantize)" in _refused(tmp_path / "q.keras")


@pytest.mark.parametrize("name", ["l.keras", "l.h5"])
def test_code_in_a_file_runs_only_where_it_is_trusted(name: str, tmp_path: Path) -> None:
    keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: 2 * x), layers.Dense(3)]).save(tmp_path / name)
    assert "has a Lambda layer, which is Python code inside the file. Convert it with --trust" in _refused(
        tmp_path / name
    )
    assert load(tmp_path / name, TRUSTED).call(np.ones((1, 4), np.float32)).shape == (1, 3)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16"])
def test_low_precision_is_loaded_in_float32(policy: str, tmp_path: Path, digits: Dataset) -> None:
    body = [layers.Rescaling(1 / 255, dtype=policy), layers.Flatten(), layers.Dense(10, dtype=policy)]
    keras.Sequential([keras.Input(PICTURE), *body]).save(tmp_path / "m.keras")
    source = load(tmp_path / "m.keras")
    assert source.takes_pixels is True
    images = digits.test.images[:20]
    interpreter = Interpreter.load(worker.convert(source, PICTURE, "float32", images[:0]))
    np.testing.assert_allclose(parity.run_all(interpreter, images), worker.predict(source, images), atol=1e-4)


@pytest.mark.parametrize("kind", [layers.LSTM, layers.GRU, layers.SimpleRNN])
def test_recurrent_layers_convert_to_int8(kind: Any, tmp_path: Path, digits: Dataset) -> None:
    """The converter ends by SIGSEGV at the loop of an LSTM in int8; it converts the steps."""
    keras.utils.set_random_seed(0)
    steps = [layers.Reshape((28, 28)), layers.Rescaling(1 / 255), kind(6), layers.Dense(10, activation="softmax")]
    model = keras.Sequential([keras.Input(PICTURE), *steps])
    model.save(tmp_path / "r.keras")
    source = load(tmp_path / "r.keras", LoadOptions(unroll=True))
    images = digits.test.images[:40]
    np.testing.assert_allclose(worker.predict(source, images), model(images.astype(np.float32)), atol=1e-5)
    interpreter = Interpreter.load(worker.convert(source, PICTURE, "int8", images))
    assert (interpreter.input.scale, interpreter.input.zero_point) == (1.0, -128)
    raw = (parity.run_all(interpreter, images).astype(np.float32) + 128) / 256
    assert np.abs(raw - worker.predict(source, images)).max() < 0.1


def _with_config(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change(config)
        file.attrs["model_config"] = json.dumps(config)


def test_arguments_of_keras_2_that_say_nothing_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "keras_model.h5"
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.DepthwiseConv2D(3), layers.Flatten(), layers.Dense(2)])
    model.save(path)

    def older(config: dict[str, Any]) -> None:
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "DepthwiseConv2D":
                layer["config"]["groups"] = 1

    _with_config(path, older)
    with pytest.raises(Exception, match="groups"):
        keras.models.load_model(path, compile=False)
    images = np.ones((1, 8, 8, 3), np.float32)
    np.testing.assert_allclose(load(path).call(images), model(images), atol=1e-6)


def test_a_model_of_keras_2_is_read_by_the_keras_that_wrote_it(tmp_path: Path) -> None:
    """Nested models, preprocessing by functions of TensorFlow, and a BatchNormalization, as transfer learning has."""
    tf_keras = pytest.importorskip("tf_keras")
    old = tf_keras.layers
    pixels = tf_keras.Input((16, 16, 3))
    inner = tf_keras.Sequential([old.Conv2D(4, 3), old.BatchNormalization(), old.DepthwiseConv2D(3)])
    features = old.GlobalAveragePooling2D()(inner(tf.math.subtract(pixels / 127.5, 1.0)))
    model = tf_keras.Model(pixels, old.Dense(2, activation="softmax")(features))
    images = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3)).astype(np.float32)
    for name in ("k2.h5", "k2.keras"):
        model.save(tmp_path / name)
        source = load(tmp_path / name)
        np.testing.assert_allclose(source.call(images), model(images, training=False), atol=1e-6)
        assert source.takes_pixels is True
        assert len(worker.convert(source, (16, 16, 3), "int8", images.astype(np.uint8))) > 1000


def test_a_file_of_keras_2_that_names_a_function_of_files_is_refused(tmp_path: Path) -> None:
    tf_keras = pytest.importorskip("tf_keras")
    pixels = tf_keras.Input((4,))
    path = tmp_path / "k2.h5"
    tf_keras.Model(pixels, tf_keras.layers.Dense(2)(tf.math.abs(pixels))).save(path)

    def hostile(config: dict[str, Any]) -> None:
        for layer in config["config"]["layers"]:
            if layer["class_name"] == "TFOpLambda":
                layer["config"]["function"] = "io.write_file"

    _with_config(path, hostile)
    assert "k2.h5 calls io.write_file of TensorFlow. Convert it with --trust" in _refused(path)


def test_a_lambda_of_keras_2_is_refused(tmp_path: Path) -> None:
    tf_keras = pytest.importorskip("tf_keras")
    path = tmp_path / "k2.h5"
    tf_keras.Sequential([tf_keras.Input((4,)), tf_keras.layers.Lambda(lambda x: x * 2)]).save(path)
    assert "has a Lambda layer" in _refused(path)
    assert load(path, TRUSTED).shape == (4,)


def test_without_tf_keras_the_remedy_is_named(
    tmp_path: Path, network: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.h5"
    network().save(path)
    with h5py.File(path, "r+") as file:
        file.attrs["keras_version"] = "2.12.0"
        file.attrs["model_config"] = file.attrs["model_config"].replace("Rescaling", "OldScaling")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(OptionError, match=r"saved by Keras 2\.12\.0, and Keras 3.*: pip install tf_keras"):
        load(path)


def test_quantization_aware_models_say_what_they_need(
    tmp_path: Path, network: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "qat.h5"
    network().save(path)
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace('"Rescaling"', '"QuantizeLayer"')
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(OptionError, match="pip install tf_keras tensorflow-model-optimization"):
        load(path)


def test_fake_quantization_in_a_saved_model_converts(tmp_path: Path, digits: Dataset) -> None:
    """What quantization-aware training leaves in an exported model."""
    weights = tf.constant(np.random.default_rng(0).normal(0, 0.05, (784, 10)).astype(np.float32))

    class Aware(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec((None, 28, 28, 1), tf.float32)])  # type: ignore[untyped-decorator]
        def serve(self, x: Any) -> Any:
            flat = tf.quantization.fake_quant_with_min_max_vars(tf.reshape(x / 255.0, (-1, 784)), 0.0, 1.0)
            kept = tf.quantization.fake_quant_with_min_max_vars(weights, -0.2, 0.2, narrow_range=True)
            return tf.nn.softmax(flat @ kept)

    module = Aware()
    tf.saved_model.save(module, tmp_path / "qat", signatures={"serving_default": module.serve})
    source = load(tmp_path / "qat")
    images = digits.test.images[:40]
    interpreter = Interpreter.load(worker.convert(source, PICTURE, "int8", images))
    assert (interpreter.input.scale, interpreter.input.zero_point) == (1.0, -128)


def test_weights_that_do_not_fit_say_why(tmp_path: Path, network: Callable[..., Any]) -> None:
    path = tmp_path / "m.keras"
    network().save(path)
    other = tmp_path / "other.keras"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'"units": 24', b'"units": 25'))
    text = _refused(other)
    assert "error message for object" not in text
    assert "shape" in text


def test_an_unbuilt_model_says_what_to_do(tmp_path: Path) -> None:
    keras.Sequential([layers.Flatten(), layers.Dense(3)]).save(tmp_path / "u.keras")
    assert "does not know the shape of its input: call model.build" in _refused(tmp_path / "u.keras")


def test_an_old_keras_is_refused(artifacts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before 3.12 an .h5 file could run code."""
    monkeypatch.setattr(keras, "__version__", "3.11.2")
    with pytest.raises(OptionError, match=r"expected keras 3\.12 or newer; received 3\.11\.2"):
        load(artifacts / "model.h5")


def test_explain_takes_the_first_line_that_says_something() -> None:
    assert explain(ValueError("\n  \n first \nsecond")) == "first"
    assert explain(KeyError()) == "KeyError"
    assert explain(ValueError("x" * 400), limit=10) == "xxxxxxx..."
    assert explain(ValueError("A\nExample error message for object <Dense>:\nwhy")) == "A"
    assert explain(ValueError("Example error message for object <Dense>:\n\nwhy")) == "why"
    assert "model.export(folder)" in explain(ValueError("Unknown layer: 'Strange'. Please ensure"))


def test_errors_are_model_errors(tmp_path: Path) -> None:
    (tmp_path / "x.keras").write_bytes(b"")
    with pytest.raises(ModelError):
        load(tmp_path / "x.keras")
    assert issubclass(ModelMismatch, ModelError)
