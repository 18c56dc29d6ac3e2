"""The child process: the only file here that imports tensorflow. Run by quantize.py, never by hand.

It reads request.json (and arrays.npz) in the folder it is given and leaves reply.json there, with
model.tflite and outputs.npz. It is a process of its own because the converter leaks memory with every
call, and because nothing else keeps the chatter of its C++ off the terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from runtime.errors import EdgeError, ModelError, ModelMismatch

BATCH = 256  # pictures a step through the Keras model
NAME = "m"  # of a loaded model: the name of every tensor starts with it, and all of them go into the file

# Layers that bring pixels into the model's own range, and those that may stand before them.
SCALERS = {"Rescaling", "Normalization", "BatchNormalization", "Multiply", "TrueDivide", "Divide", "Subtract"}
TRANSPARENT = {"InputLayer", "Reshape", "Flatten", "Permute", "Resizing", "CenterCrop", "ZeroPadding2D"}


@dataclass(frozen=True)
class Source:
    """A loaded model. call: float32 (N, *shape) -> float32 (N, classes), in inference mode.
    keep: what owns its variables. scaled: whether it brings pixels into range itself; None where
    that cannot be read off (a SavedModel has no layers)."""

    call: Callable[[Any], Any]
    keep: Any
    shape: tuple[int | None, ...]
    scaled: bool | None


def main(folder: Path) -> None:
    """Answer the request in `folder`. What is no EdgeError ends the process; its last words are in the log."""
    request = json.loads((folder / "request.json").read_text("utf-8"))
    try:
        reply = _answer(folder, request)
    except EdgeError as error:
        reply = {"error": type(error).__name__, "message": str(error)}
    (folder / "reply.json").write_text(json.dumps(reply), "utf-8")


def _answer(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    source = load(Path(request["model"]))
    reply: dict[str, Any] = {"shape": source.shape, "tensorflow": tf.__version__, "keras": keras.__version__}
    if request["quantization"] is None:  # only asked what it takes
        return reply
    if source.scaled is False:
        raise ModelMismatch(
            "expected a model that takes pixels 0 to 255 and has keras.layers.Rescaling(1/255) first; received one "
            "without a rescaling or normalizing first layer. Put Rescaling first and train again (or wrap it: "
            "keras.Sequential([Input, Rescaling(1/255), model]))"
        )
    with np.load(folder / "arrays.npz") as arrays:
        test, calibration = arrays["test"], arrays["calibration"]
    source = fit_shape(source, test.shape[1:])
    outputs: dict[str, Any] = {"test": predict(source, test)}
    if source.scaled is None:  # the parent judges by what it reads better
        outputs["test_divided"] = predict(source, test / np.float32(255))
    (folder / "model.tflite").write_bytes(convert(source, test.shape[1:], request["quantization"], calibration))
    np.savez(folder / "outputs.npz", **outputs)
    return reply


def load(path: Path) -> Source:
    """A .keras or .h5 file, or a SavedModel folder. Raises ModelError, ModelMismatch."""
    try:
        if path.is_dir():
            return _load_saved_model(path)
        model = keras.models.load_model(path, compile=False)
    except EdgeError:
        raise
    except Exception as error:  # Keras and TensorFlow raise nearly everything, KeyError and TypeError included
        raise ModelError(f"cannot load {path}: {brief(error)}") from error
    inputs, outputs = list(getattr(model, "inputs", None) or ()), list(getattr(model, "outputs", None) or ())
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelMismatch(
            f"{path}: expected a built model with 1 input and 1 output; received {len(inputs)} and {len(outputs)}. "
            "Build a subclassed model as a functional one, with keras.Input"
        )
    _check_dtype(path, inputs[0].dtype)
    model.name = NAME
    shape = tuple(inputs[0].shape)[1:]
    return Source(lambda x: model(x, training=False), model, shape, scales_pixels(model))


def _load_saved_model(path: Path) -> Source:
    loaded = tf.saved_model.load(str(path))
    signatures = dict(loaded.signatures)
    if not signatures or (len(signatures) > 1 and "serving_default" not in signatures):
        raise ModelMismatch(
            f"{path}: expected a SavedModel with the signature serving_default; received "
            f"{', '.join(signatures) or 'none'}. Export it with: model.export(folder)"
        )
    serve = signatures.get("serving_default") or next(iter(signatures.values()))
    inputs, outputs = serve.structured_input_signature[1], serve.structured_outputs
    if len(inputs) != 1 or len(outputs) != 1:
        raise ModelMismatch(f"{path}: expected 1 input and 1 output; received {len(inputs)} and {len(outputs)}")
    (name, spec), result = next(iter(inputs.items())), next(iter(outputs))
    _check_dtype(path, spec.dtype.name)
    return Source(lambda x: serve(**{name: x})[result], loaded, tuple(spec.shape)[1:], None)


def _check_dtype(path: Path, dtype: str) -> None:
    if dtype != "float32":
        raise ModelMismatch(f"{path}: expected a float32 input; received {dtype}")


def scales_pixels(model: Any) -> bool:
    """Is the first step of a Keras model that does anything one that brings pixels into its range?"""
    # A functional model's `operations` also hold bare arithmetic (x / 255); a Sequential has layers alone.
    for step in getattr(model, "operations", None) or model.layers:
        kind = type(step).__name__
        if getattr(step, "layers", None):
            return scales_pixels(step)
        if kind not in TRANSPARENT and not kind.startswith("Random"):
            return kind in SCALERS
    return False


def fit_shape(source: Source, picture: tuple[int, ...]) -> Source:
    """`source` taking (N, *picture). A model without the channel axis, or of flat pixels, gets a reshape."""
    wanted = tuple(have if want is None else want for want, have in zip(source.shape, picture, strict=False))
    if len(source.shape) == len(picture) and wanted == picture:
        return source
    if picture[-1] == 1 and None not in source.shape and np.prod(wanted) == np.prod(picture):
        call, flat = source.call, (-1, *wanted)
        return Source(lambda x: call(tf.reshape(x, flat)), source.keep, source.shape, source.scaled)
    raise ModelMismatch(
        f"expected pictures of the model's input shape {source.shape}; received {picture} from the card and the data"
    )


def predict(source: Source, images: NDArray[Any]) -> NDArray[np.float32]:
    """float32 outputs for images (N, H, W, C), pixels 0 to 255, in batches."""
    call = tf.function(source.call, reduce_retracing=True)
    batches = (images[start : start + BATCH].astype(np.float32) for start in range(0, len(images), BATCH))
    return np.concatenate([np.asarray(call(tf.constant(batch)), np.float32) for batch in batches])


def convert(source: Source, picture: tuple[int, ...], quantization: str, calibration: NDArray[np.uint8]) -> bytes:
    """The .tflite flatbuffer, its batch fixed at 1. calibration: uint8 (N, H, W, C), used by int8 alone."""
    signature = [tf.TensorSpec((1, *picture), tf.float32, name="pixels")]
    traced = tf.function(source.call, input_signature=signature).get_concrete_function()
    # Frozen by hand: with the variables of a Keras 3 model in it, the converter of TensorFlow 2.21 writes
    # READ_VARIABLE ops that nothing initializes (int8 fails, float files give chance accuracy).
    frozen = convert_variables_to_constants_v2(traced)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], source.keep)
    if quantization != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantization == "dynamic":
        # Dense weights by channel would need FULLY_CONNECTED version 12, which tflite-runtime 2.14 has not.
        converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    if quantization == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if quantization == "int8":
        converter.representative_dataset = lambda: _singly(calibration)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    try:
        model: bytes = converter.convert()
    except Exception as error:  # the converter's errors have no common base
        raise ModelError(f"the TFLite converter failed at {quantization}: {brief(error)}") from error
    return model


def _singly(images: NDArray[np.uint8]) -> Iterator[list[NDArray[np.float32]]]:
    for image in images:
        yield [image[np.newaxis].astype(np.float32)]


def brief(error: BaseException, limit: int = 300) -> str:
    """The first line of an exception's text that says something, at most `limit` characters."""
    # Keras prints a whole configuration before what went wrong, and another after it.
    cause = str(error).rpartition("Exception encountered:")[2].partition("Full object config:")[0]
    lines = [line.strip() for line in cause.splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= limit else text[: limit - 3] + "..."


if __name__ == "__main__":
    main(Path(sys.argv[1]))
