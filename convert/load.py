"""Load a Keras model of any form: .keras, .h5, SavedModel, Keras 2 and 3. Only the child process imports this module.

What a file says of itself is read first (convert.keras_file, convert.saved_model): loading can run code, and the
messages of Keras name the fault less well.
"""

from __future__ import annotations

import importlib.util
import re
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from convert import keras_config
from convert.first_layer import takes_pixels
from convert.keras_file import KerasFile, read_keras_file, rewritten
from convert.saved_model import check_saved_model
from runtime.errors import EdgeError, ModelError, ModelMismatch, OptionError

NAME = "m"  # of a loaded model: the name of every tensor starts with it, and all of them go into the file
SAFE_KERAS = (3, 12)  # before it, an .h5 file could run code (CVE-2025-9905)
KERAS_2 = "tf_keras"  # the package that reads files of Keras 2
QAT = "tensorflow_model_optimization"
TRUST = "Convert it with --trust if you know who made it: its code then runs as you"


@dataclass(frozen=True)
class LoadOptions:
    """How a model is loaded.

    Attributes:
        trust: True where code in the file may run (--trust).
        unroll: True where recurrent layers are laid out step by step.
        classes: How many classes the labels have, to choose one of several outputs by; None where it is not known.
    """

    trust: bool = False
    unroll: bool = False
    classes: int | None = None


@dataclass(frozen=True)
class Source:
    """A loaded model.

    Attributes:
        call: float32 (N, *shape) -> float32 (N, classes), in inference mode.
        owner: The object that owns its variables: it must outlive the conversion.
        shape: Shape of its input, without the batch axis; None for an axis of any size.
        takes_pixels: True where its first step brings pixels 0 to 255 into range; None where that is not known.
        is_unrolled: True where it has recurrent layers, which are laid out step by step.
    """

    call: Callable[[Any], Any]
    owner: Any
    shape: tuple[int | None, ...]
    takes_pixels: bool | None
    is_unrolled: bool = False


def load(path: Path, options: LoadOptions | None = None) -> Source:
    """Load a Keras model.

    Args:
        path: A .keras or .h5 file, or a SavedModel folder.
        options: As the command line has them.

    Returns:
        The model, ready to be called and converted.

    Raises:
        ModelError: It cannot be loaded.
        ModelMismatch: It has other than one picture as its input, or no output with a score for each class.
        OptionError: A package that it needs is missing or too old.
    """
    options = options or LoadOptions()
    if tuple(map(int, re.findall(r"\d+", keras.__version__)[:2])) < SAFE_KERAS:
        raise OptionError(f"expected keras 3.12 or newer; received {keras.__version__}: pip install -U keras")
    try:
        if path.is_dir():
            check_saved_model(path)
            return _from_saved_model(path, options)
        return _from_file(path, options)
    except EdgeError:
        raise
    except Exception as error:  # Keras and TensorFlow raise nearly everything, KeyError and TypeError included
        raise ModelError(f"cannot load {path.name}: {explain(error)}") from error


def _from_saved_model(path: Path, options: LoadOptions) -> Source:
    loaded = tf.saved_model.load(str(path))
    signatures = dict(loaded.signatures)
    if not signatures or (len(signatures) > 1 and "serving_default" not in signatures):
        raise ModelMismatch(
            f"{path}: expected a SavedModel with the signature serving_default; received "
            f"{', '.join(signatures) or 'none'}. Export it with: model.export(folder)"
        )
    serve = signatures.get("serving_default") or next(iter(signatures.values()))
    inputs, outputs = serve.structured_input_signature[1], serve.structured_outputs
    (name, spec), *_ = _one_input(path, [(name, spec) for name, spec in inputs.items()])
    results = list(outputs)
    result = results[_one_output(path, [outputs[key] for key in results], options.classes)]
    return Source(lambda x: serve(**{name: x})[result], loaded, _shape(path, spec.shape), None)


def _from_file(path: Path, options: LoadOptions) -> Source:
    file = read_keras_file(path)
    _check_config(file, options)
    config = keras_config.in_float32(file.config)
    config = keras_config.unrolled(config) if options.unroll else config
    with tempfile.TemporaryDirectory(prefix="convert-") as folder:
        model = _load_by_any(file, config, Path(folder), options)
    inputs, outputs = (list(tf.nest.flatten(getattr(model, name, None) or [])) for name in ("inputs", "outputs"))
    if not inputs or not outputs:
        raise ModelMismatch(
            f"{path.name} does not know the shape of its input: call model.build((None, height, width, channels)), or "
            "export it with model.export(folder), and convert that"
        )
    (_, tensor), *_ = _one_input(path, [(tensor.name, tensor) for tensor in inputs])
    index = _one_output(path, outputs, options.classes)
    with suppress(AttributeError):  # a model of Keras 2 keeps its name
        model.name = NAME
    call = _inference(model)
    shape, is_unrolled = _shape(path, tensor.shape), options.unroll and keras_config.is_recurrent(file.config)
    return Source(lambda x: tf.nest.flatten(call(x))[index], model, shape, takes_pixels(model), is_unrolled)


def _inference(model: Any) -> Callable[[Any], Any]:
    return lambda x: model(x, training=False)


def _check_config(file: KerasFile, options: LoadOptions) -> None:
    """Refuse by name what would fail, or would run code, when it is loaded."""
    classes = keras_config.class_names(file.config)
    if classes & set(keras_config.QUANTIZED_POLICIES):
        raise ModelError(
            f"{file.path.name} was quantized by Keras (model.quantize), which the TFLite converter does not take: save "
            "it before that call, and convert it with --quantization int8"
        )
    functions = keras_config.foreign_functions(file.config)
    if functions and not options.trust:
        raise ModelError(f"{file.path.name} calls {', '.join(functions[:3])} of TensorFlow. {TRUST}")
    if "Lambda" in classes and file.is_keras_2 and not options.trust:
        raise ModelError(f"{file.path.name} has a Lambda layer, which is Python code inside the file. {TRUST}")
    if classes & set(keras_config.QUANTIZATION_AWARE):
        missing = [name for name in (KERAS_2, QAT) if importlib.util.find_spec(name) is None]
        if missing:
            raise OptionError(
                f"{file.path.name} was trained for quantization by tensorflow-model-optimization, which is needed to "
                f"load it: pip install {' '.join(missing).replace('_model_o', '-model-o')}. Or export it as a "
                "SavedModel (model.export(folder)), and convert that"
            )


def _load_by_any(file: KerasFile, config: Any, folder: Path, options: LoadOptions) -> Any:
    """The model, by the Keras that wrote it where that is there, else by this one."""
    is_keras_2 = file.is_keras_2 or "tf_keras" in str(config)[:4000]
    is_qat = bool(keras_config.class_names(config) & set(keras_config.QUANTIZATION_AWARE))
    if (is_keras_2 or is_qat) and importlib.util.find_spec(KERAS_2) is not None:
        with rewritten(file, config, folder) as path:
            return _load_by_keras_2(path, options, is_qat)
    try:
        with rewritten(file, config, folder) as path:
            return keras.models.load_model(path, compile=False, safe_mode=not options.trust)
    except Exception as error:
        plain = keras_config.without_leftovers(config)
        if plain != config:
            with rewritten(file, plain, folder) as path:
                return keras.models.load_model(path, compile=False, safe_mode=not options.trust)
        if is_keras_2:
            raise OptionError(
                f"{file.path.name} was saved by Keras {file.version}, and Keras {keras.__version__} cannot load it "
                f"({explain(error, 120)}): pip install tf_keras"
            ) from None
        raise


def _load_by_keras_2(path: Path, options: LoadOptions, is_qat: bool) -> Any:
    import tf_keras

    scope: AbstractContextManager[Any] = nullcontext()
    if is_qat:
        import tensorflow_model_optimization

        scope = tensorflow_model_optimization.quantization.keras.quantize_scope()
    with scope:
        return tf_keras.models.load_model(path, compile=False, safe_mode=not options.trust)


def _one_input(path: Path, inputs: Sequence[tuple[str, Any]]) -> Sequence[tuple[str, Any]]:
    if len(inputs) != 1:
        listed = ", ".join(f"{name} {_sides(tensor)}" for name, tensor in inputs)
        raise ModelMismatch(f"{path.name} takes {len(inputs)} inputs ({listed}); a classifier here takes one picture")
    dtype = inputs[0][1].dtype
    dtype = dtype if isinstance(dtype, str) else dtype.name
    if dtype != "float32":
        raise ModelMismatch(f"{path.name}: expected a float32 input; received {dtype}. Export it in float32")
    return inputs


def _one_output(path: Path, outputs: Sequence[Any], classes: int | None) -> int:
    """Index of the output with a score for each class."""
    if len(outputs) == 1:
        return 0
    shapes = [tuple(output.shape)[1:] for output in outputs]
    fitting = [i for i, shape in enumerate(shapes) if len(shape) == 1 and shape[0] == classes]
    if len(fitting) != 1:
        listed = ", ".join(map(_sides, outputs))
        wanted = f"with {classes} scores, one for each class" if classes else "for each class"
        raise ModelMismatch(
            f"{path.name} gives {len(outputs)} outputs ({listed}); expected one {wanted}. Save the part of it that "
            "classifies: keras.Model(model.input, model.outputs[N]).save(FILE)"
        )
    return fitting[0]


def _sides(tensor: Any) -> str:
    shape = tensor.shape
    rank = getattr(shape, "rank", len(shape) if shape is not None else None)
    return "of any shape" if rank is None else "x".join("?" if n is None else str(n) for n in tuple(shape)[1:]) or "()"


def _shape(path: Path, shape: Any) -> tuple[int | None, ...]:
    if getattr(shape, "rank", 0) is None:
        raise ModelMismatch(f"{path.name} does not say the shape of its input; export it with keras.Input(shape)")
    return tuple(shape)[1:]


def explain(error: BaseException, limit: int = 200) -> str:
    """Say in one line why Keras could not load or convert something.

    Args:
        error: Any exception. Keras prints a whole configuration before what went wrong, and another after it; both
            are left out.
        limit: The most characters.

    Returns:
        What is known of the fault and its remedy, else the first line that says something, else the exception's class.
    """
    text = str(error)
    custom = re.search(
        r"(?:Could not locate (?:class|function) '|Unknown (?:layer|object|\w+ function): ?')([^']+)", text
    )
    if custom:
        return (
            f"it has {custom[1]}, which is not one of Keras's own; its code is not in the file. Export the model where "
            "that code is: model.export(folder), and convert the folder"
        )
    if "Lambda" in text and "safe_mode" in text:
        return f"it has a Lambda layer, which is Python code inside the file. {TRUST}"
    cause = text.rpartition("Exception encountered:")[2].partition("Full object config:")[0]
    lines = [line.strip() for line in cause.splitlines() if line.strip() and "error message for object" not in line]
    found = lines[0] if lines else type(error).__name__
    return found if len(found) <= limit else found[: limit - 3] + "..."
