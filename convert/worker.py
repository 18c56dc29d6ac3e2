"""The child process, which alone imports TensorFlow. converter.py starts it, nobody by hand.

It reads a request (and arrays) in the folder that it is given and leaves a reply there, with the .tflite and the
Keras model's outputs. It is a process of its own because the converter leaks memory with every call, and because
nothing else keeps the messages of its C++ off the terminal.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from convert.converter import ARRAYS_FILE, MODEL_FILE, OUTPUTS_FILE, REPLY_FILE, REQUEST_FILE
from convert.last_operator import output_kind
from convert.load import LoadOptions, Source, explain, load
from convert.normalization import PIXELS, Normalization, Trial, candidates, choose, describe, try_out
from convert.quantize import DEFAULT, load_configure, load_quantization
from runtime.errors import EdgeError, ModelError, ModelMismatch
from runtime.tflite.interpreter import Interpreter

BATCH = 256  # pictures a step through the Keras model
TRIED = 2000  # test images that a range of pixels is tried on, at most
CHOICES = "--scale 0..1 (most Keras tutorials), -1..1 (Teachable Machine, MobileNet), 0..255, imagenet, or --mean --std"


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
    quantization = request["quantization"]
    is_integer = quantization is not None and load_quantization(quantization).needs_calibration
    source = load(Path(request["model"]), LoadOptions(request["trust"], is_integer, request["classes"]))
    reply: dict[str, Any] = {"shape": source.shape, "tensorflow": tf.__version__, "keras": keras.__version__}
    if quantization is None:  # a request for the shape alone
        return reply
    with np.load(folder / ARRAYS_FILE) as arrays:
        test, truth, calibration = arrays["test"], arrays["truth"], arrays["calibration"]
    source = fit_shape(source, test.shape[1:])
    normalization, how = _range(source, request["normalization"], test, truth)
    source = normalized(source, normalization)
    outputs = predict(source, test)
    if outputs.ndim == 2 and outputs.shape[1] == 1:
        source, outputs = two_scores(source, outputs)
    np.savez(folder / OUTPUTS_FILE, test=outputs)
    model = convert(source, test.shape[1:], quantization, calibration, request["io"])
    interpreter = Interpreter.load(model)  # here: a file that ends the interpreter ends this process alone
    interpreter.run(np.zeros(interpreter.input.shape, interpreter.input.dtype))
    (folder / MODEL_FILE).write_bytes(model)
    return {**reply, "output": output_kind(model), "normalization": {**vars(normalization), "decided_by": how}}


def _range(
    source: Source, given: dict[str, Any] | None, test: NDArray[np.uint8], truth: NDArray[np.int64]
) -> tuple[Normalization, str]:
    """The range that the model was trained on, and how that is known."""
    if given is not None:
        return Normalization(given["name"], tuple(given["mean"]), tuple(given["std"])), "given"
    if source.takes_pixels:
        return PIXELS, "the model's first step"
    few = np.unique(np.linspace(0, len(test) - 1, TRIED).astype(int))
    trials = [_tried(source, row, test[few], truth[few]) for row in candidates(test.shape[-1])]
    best = choose(trials, truth[few])
    if best is None:
        raise ModelMismatch(
            f"the model does not say which range of pixels it takes, and {len(few)} images cannot tell: "
            f"{describe(trials, 2)}. Say it: {CHOICES}"
        )
    return best.normalization, f"{len(few)} test images: {describe(trials)}"


def _tried(source: Source, row: Normalization, test: NDArray[np.uint8], truth: NDArray[np.int64]) -> Trial:
    outputs = predict(normalized(source, row), test)
    if outputs.ndim != 2:
        raise ModelMismatch(f"expected one score for each class; received an output of shape {outputs.shape[1:]}")
    classes = max(2, outputs.shape[1])  # one score is that of the second of two
    if int(truth.max()) >= classes:
        raise ModelMismatch(
            f"expected test labels 0 to {classes - 1}, for the model's {classes} classes; received {int(truth.max())}: "
            "other data's labels?"
        )
    return try_out(row, outputs, truth)


def two_scores(source: Source, outputs: NDArray[np.float32]) -> tuple[Source, NDArray[np.float32]]:
    """Make a model of one score, which is that of the second of two classes, give one for each.

    Args:
        source: The model.
        outputs: float32 (N, 1), what it gives for the test images: sigmoids where all are 0 to 1, else logits.

    Returns:
        (a model that gives [1 - p, p] or [0, logit], the same of `outputs`).
    """
    is_sigmoid, call = bool(((outputs >= 0) & (outputs <= 1)).all()), source.call

    def both(x: Any) -> Any:
        second = call(x)
        return tf.concat([1 - second if is_sigmoid else tf.zeros_like(second), second], axis=1)

    first = 1 - outputs if is_sigmoid else np.zeros_like(outputs)
    return dataclasses.replace(source, call=both), np.concatenate([first, outputs], axis=1)


def normalized(source: Source, normalization: Normalization) -> Source:
    """Put the range of pixels into a model, as its first step.

    Args:
        source: The model.
        normalization: What becomes of a pixel.

    Returns:
        A model that takes pixels 0 to 255; `source` itself where that is what it takes.
    """
    if normalization.is_identity:
        return source
    call, mean, std = source.call, np.array(normalization.mean), np.array(normalization.std)
    scale, offset = np.float32(1 / std), np.float32(-mean / std)

    def wrapped(x: Any) -> Any:
        scaled = x * scale
        return call(scaled + offset if offset.any() else scaled)

    return dataclasses.replace(source, call=wrapped, takes_pixels=True)


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
    is_flat = picture[-1] == 1 or len(source.shape) == 1
    if is_flat and None not in source.shape and np.prod(expected) == np.prod(picture):
        call, batch_shape = source.call, (-1, *expected)
        return dataclasses.replace(source, call=lambda x: call(tf.reshape(x, batch_shape)))
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


def convert(
    source: Source, picture: tuple[int, ...], quantization: str, calibration: NDArray[np.uint8], io: str = DEFAULT
) -> bytes:
    """Make the .tflite flatbuffer, its batch fixed at 1.

    Args:
        source: The model.
        picture: (height, width, channels).
        quantization: A name that load_quantization knows.
        calibration: uint8 (N, H, W, C), empty where the quantization needs none.
        io: "int8", or "uint8" for an integer quantization that takes and gives uint8.

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
    configure(converter, _with_both_ends(calibration) if source.is_unrolled else calibration)
    if io == "uint8":
        converter.inference_input_type = converter.inference_output_type = tf.uint8
    try:
        model: bytes = converter.convert()
    except Exception as error:  # the converter's errors have no common base
        raise ModelError(f"the TFLite converter failed at {quantization}: {explain(error)}") from error
    return model


def _with_both_ends(calibration: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """With a black and a white picture: a step of a recurrent layer that only saw blank rows would have no range."""
    ends = np.zeros((2, *calibration.shape[1:]), np.uint8)
    ends[1] = 255
    return np.concatenate([calibration, ends])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
