"""The child process, which alone imports TensorFlow. converter.py starts it, nobody by hand.

It reads a request (and arrays) in the folder that it is given and leaves a reply there, with the .tflite and the
Keras model's outputs. It is a process of its own because the converter leaks memory with every call, and because
nothing else keeps the messages of its C++ off the terminal.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from convert.converter import ARRAYS_FILE, MODEL_FILE, OUTPUTS_FILE, REPLY_FILE, REQUEST_FILE
from convert.quantize import load_configure, load_quantization
from runtime.errors import EdgeError, ModelError, ModelMismatch

BATCH = 256  # pictures a step through the Keras model
NAME = "m"  # of a loaded model: the name of every tensor starts with it, and all of them go into the file

# Layers that bring pixels into the model's own range, and those that may come before them.
SCALERS = {"Rescaling", "Normalization", "BatchNormalization", "Multiply", "TrueDivide", "Divide", "Subtract"}
TRANSPARENT = {"InputLayer", "Reshape", "Flatten", "Permute", "Resizing", "CenterCrop", "ZeroPadding2D"}


@dataclass(frozen=True)
class Source:
    """A loaded model.

    Attributes:
        call: float32 (N, *shape) -> float32 (N, classes), in inference mode.
        owner: The object that owns its variables: it must outlive the conversion.
        shape: Shape of its input, without the batch axis; None for an axis of any size.
        is_scaled: Whether it brings pixels into range itself; None where its layers cannot be listed (a SavedModel
            has none).
    """

    call: Callable[[Any], Any]
    owner: Any
    shape: tuple[int | None, ...]
    is_scaled: bool | None


def main(folder: Path) -> None:
    """Answer the request in a folder.

    An EdgeError becomes the reply. Other exceptions crash the child; the parent quotes the end of its log.

    Args:
        folder: Has request.json and, for a conversion, arrays.npz.
    """
    request = json.loads((folder / REQUEST_FILE).read_text("utf-8"))
    try:
        reply = _answer(folder, request)
    except EdgeError as error:
        reply = {"error": type(error).__name__, "message": str(error)}
    (folder / REPLY_FILE).write_text(json.dumps(reply), "utf-8")


def _answer(folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    source = load(Path(request["model"]))
    reply: dict[str, Any] = {"shape": source.shape, "tensorflow": tf.__version__, "keras": keras.__version__}
    if request["quantization"] is None:  # a request for the shape alone
        return reply
    if source.is_scaled is False:
        raise ModelMismatch(
            "expected a model that takes pixels 0 to 255 and has keras.layers.Rescaling(1/255) first; received one "
            "without a rescaling or normalizing first layer. Put Rescaling first and train again (or wrap it: "
            "keras.Sequential([Input, Rescaling(1/255), model]))"
        )
    with np.load(folder / ARRAYS_FILE) as arrays:
        test, calibration = arrays["test"], arrays["calibration"]
    source = fit_shape(source, test.shape[1:])
    outputs: dict[str, Any] = {"test": predict(source, test)}
    if source.is_scaled is None:  # the parent compares the two
        outputs["test_divided"] = predict(source, test / np.float32(255))
    (folder / MODEL_FILE).write_bytes(convert(source, test.shape[1:], request["quantization"], calibration))
    np.savez(folder / OUTPUTS_FILE, **outputs)
    return reply


def load(path: Path) -> Source:
    """Load a Keras model.

    Args:
        path: A .keras or .h5 file, or a SavedModel folder.

    Returns:
        The model, ready to be called and converted.

    Raises:
        ModelError: It cannot be loaded.
        ModelMismatch: It has other than one float32 input and one output, or no usable signature.
    """
    try:
        if path.is_dir():
            return _load_saved_model(path)
        model = keras.models.load_model(path, compile=False)
    except EdgeError:
        raise
    except Exception as error:  # Keras and TensorFlow raise nearly everything, KeyError and TypeError included
        raise ModelError(f"cannot load {path}: {first_line(error)}") from error
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
    """Find out whether a model brings pixels into its own range.

    Args:
        model: A keras.Model with layers.

    Returns:
        Whether the first step that changes values is one of SCALERS.
    """
    # A functional model's `operations` also hold bare arithmetic (x / 255); a Sequential has layers alone.
    for step in getattr(model, "operations", None) or model.layers:
        kind = type(step).__name__
        if getattr(step, "layers", None):
            return scales_pixels(step)
        if kind not in TRANSPARENT and not kind.startswith("Random"):
            return kind in SCALERS
    return False


def fit_shape(source: Source, picture: tuple[int, ...]) -> Source:
    """Make a model take (N, *picture). One without the channel axis, or of flat pixels, gets a reshape.

    Args:
        source: The model.
        picture: (height, width, channels).

    Returns:
        `source`, or one that reshapes before it.

    Raises:
        ModelMismatch: Its input has another shape, or another number of pixels.
    """
    expected = tuple(have if want is None else want for want, have in zip(source.shape, picture, strict=False))
    if len(source.shape) == len(picture) and expected == picture:
        return source
    if picture[-1] == 1 and None not in source.shape and np.prod(expected) == np.prod(picture):
        call, batch_shape = source.call, (-1, *expected)
        return Source(lambda x: call(tf.reshape(x, batch_shape)), source.owner, source.shape, source.is_scaled)
    raise ModelMismatch(
        f"expected pictures of the model's input shape {source.shape}; received {picture} from the card and the data"
    )


def predict(source: Source, images: NDArray[Any]) -> NDArray[np.float32]:
    """Run the Keras model, in batches.

    Args:
        source: The model.
        images: (N, H, W, C), pixels 0 to 255.

    Returns:
        float32 (N, classes), its outputs.
    """
    call = tf.function(source.call, reduce_retracing=True)
    batches = (images[start : start + BATCH].astype(np.float32) for start in range(0, len(images), BATCH))
    return np.concatenate([np.asarray(call(tf.constant(batch)), np.float32) for batch in batches])


def convert(source: Source, picture: tuple[int, ...], quantization: str, calibration: NDArray[np.uint8]) -> bytes:
    """Make the .tflite flatbuffer, its batch fixed at 1.

    Args:
        source: The model.
        picture: (height, width, channels).
        quantization: A name that load_quantization knows.
        calibration: uint8 (N, H, W, C), empty where the quantization needs none.

    Returns:
        The file's bytes, without a card.

    Raises:
        ModelError: The converter failed.
        OptionError: There is no such quantization.
    """
    configure = load_configure(load_quantization(quantization))
    signature = [tf.TensorSpec((1, *picture), tf.float32, name="pixels")]
    traced = tf.function(source.call, input_signature=signature).get_concrete_function()
    # Frozen by hand: with the variables of a Keras 3 model in it, the converter of TensorFlow 2.21 writes
    # READ_VARIABLE ops that nothing initializes (int8 fails, float files give chance accuracy).
    frozen = convert_variables_to_constants_v2(traced)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen], source.owner)
    configure(converter, calibration)
    try:
        model: bytes = converter.convert()
    except Exception as error:  # the converter's errors have no common base
        raise ModelError(f"the TFLite converter failed at {quantization}: {first_line(error)}") from error
    return model


def first_line(error: BaseException, limit: int = 300) -> str:
    """Shorten an exception's text to the first line that is not empty.

    Args:
        error: Any exception. Keras prints a whole configuration before what went wrong, and another after it; both
            are left out.
        limit: The most characters.

    Returns:
        The line, or the name of the exception's class where it has no text.
    """
    cause = str(error).rpartition("Exception encountered:")[2].partition("Full object config:")[0]
    lines = [line.strip() for line in cause.splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= limit else text[: limit - 3] + "..."


if __name__ == "__main__":
    main(Path(sys.argv[1]))
