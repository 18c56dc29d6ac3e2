"""A Keras model's configuration, the JSON inside its file: what it names, and copies of it that convert. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Config = Mapping[str, Any]

# What Keras 2 wrote and Keras 3 no longer takes, at the one value that says nothing: (a class, or "" for any; the
# key; its value).
LEFT_OVER = (
    ("DepthwiseConv2D", "groups", 1),
    ("DepthwiseConv1D", "groups", 1),
    ("SeparableConv2D", "groups", 1),
    ("SeparableConv1D", "groups", 1),
    ("Conv2DTranspose", "groups", 1),
    ("BatchNormalization", "renorm", False),
    ("", "time_major", False),
    ("", "rng_type", "stateful"),
    ("", "batch_input_shape", None),
)
LOW_PRECISION = ("mixed_float16", "mixed_bfloat16", "float16", "bfloat16")
QUANTIZED_POLICIES = ("QuantizedDTypePolicy", "QuantizedFloat8DTypePolicy", "GPTQDTypePolicy", "AWQDTypePolicy")
QUANTIZATION_AWARE = ("QuantizeLayer", "QuantizeWrapper", "QuantizeWrapperV2")  # tensorflow-model-optimization's

# The functions of TensorFlow that a layer of Keras 2 may name (TFOpLambda): arithmetic, and nothing of files or code.
TF_FUNCTIONS = ("math.", "nn.", "image.", "linalg.", "__operators__.", "keras.backend.", "compat.v1.nn.")
TF_NAMES = {
    *("add", "subtract", "multiply", "divide", "reshape", "cast", "concat", "expand_dims", "squeeze", "transpose"),
    *("split", "stack", "unstack", "slice", "strided_slice", "pad", "tile", "identity", "shape", "size", "rank"),
    *("broadcast_to", "convert_to_tensor", "clip_by_value", "matmul", "reduce_mean", "reduce_sum", "reduce_max"),
    *("maximum", "minimum", "abs", "exp", "sqrt", "square", "pow", "tanh", "sigmoid", "gather", "ones_like"),
    *("zeros_like", "reverse", "stop_gradient", "where", "einsum"),
}


def objects(config: object) -> Iterator[Config]:
    """Walk through a configuration.

    Args:
        config: A value of JSON.

    Yields:
        Every object that names a class, layers within layers too.
    """
    values: list[object] = [config]
    while values:
        value = values.pop()
        if isinstance(value, Mapping):
            if isinstance(value.get("class_name"), str):
                yield value
            values.extend(value.values())
        elif isinstance(value, (list, tuple)):
            values.extend(value)


def class_names(config: object) -> set[str]:
    """Collect the classes that a configuration names.

    Args:
        config: A value of JSON.

    Returns:
        Names such as "Sequential", "Dense", "Lambda".
    """
    return {str(found["class_name"]).rpartition(">")[2] for found in objects(config)}


def foreign_functions(config: object) -> list[str]:
    """Collect TensorFlow functions that a file may not have called by naming them.

    Args:
        config: A value of JSON; Keras 2 writes a function that is no layer as a TFOpLambda.

    Returns:
        The names that are no arithmetic, such as "io.write_file".
    """
    found = []
    for layer in objects(config):
        if layer["class_name"] in ("TFOpLambda", "ClassMethod", "SlicingOpLambda", "InstanceMethod"):
            details = layer.get("config")
            name = str(details.get("function", "")) if isinstance(details, Mapping) else ""
            if layer["class_name"] != "TFOpLambda" or not (name.startswith(TF_FUNCTIONS) or name in TF_NAMES):
                is_slice = layer["class_name"] == "SlicingOpLambda" and name.startswith("__operators__.")
                found += [] if is_slice else [name or str(layer["class_name"])]
    return found


def in_float32(config: Any) -> Any:
    """Copy a configuration so that all of it is computed in float32, as the converter needs; weights are kept so.

    Args:
        config: A value of JSON.

    Returns:
        The copy.
    """

    def changed(value: dict[str, Any]) -> dict[str, Any]:
        if isinstance(value.get("dtype"), str) and value["dtype"] in LOW_PRECISION:
            value["dtype"] = "float32"
        details, kind = value.get("config"), str(value.get("class_name", ""))
        if "Policy" in kind and isinstance(details, dict) and details.get("name") in LOW_PRECISION:
            value["config"] = {**details, "name": "float32"}
        if kind == "InputLayer" and isinstance(details, dict) and "dtype" in details:
            value["config"] = {**details, "dtype": "float32"}
        return value

    return _copied(config, changed)


def is_recurrent(config: Any) -> bool:
    """Find out whether a model has recurrent layers.

    Args:
        config: A value of JSON.

    Returns:
        Whether a layer can be unrolled.
    """
    details = (layer.get("config") for layer in objects(config))
    return any(isinstance(value, Mapping) and "unroll" in value for value in details)


def unrolled(config: Any) -> Any:
    """Copy a configuration so that recurrent layers are laid out step by step.

    The converter ends with a signal at the loop of an LSTM or GRU in int8; it converts the steps.

    Args:
        config: A value of JSON.

    Returns:
        The copy.
    """
    return _copied(config, lambda value: {**value, "unroll": True} if "unroll" in value else value)


def without_leftovers(config: Any) -> Any:
    """Copy a configuration without the arguments of Keras 2 that say nothing and that Keras 3 refuses.

    Args:
        config: A value of JSON.

    Returns:
        The copy.
    """

    def changed(value: dict[str, Any]) -> dict[str, Any]:
        details, name = value.get("config"), value.get("class_name")
        if isinstance(name, str) and isinstance(details, dict):
            kept = {key: item for key, item in details.items() if not _is_left_over(name, key, item)}
            return {**value, "config": kept}
        return value

    return _copied(config, changed)


def _is_left_over(class_name: str, key: str, value: object) -> bool:
    return any(
        class_name == (name or class_name) and key == known and value == plain and type(value) is type(plain)
        for name, known, plain in LEFT_OVER
    )


def _copied(value: Any, changed: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    if isinstance(value, dict):
        return changed({key: _copied(item, changed) for key, item in value.items()})
    if isinstance(value, list):
        return [_copied(item, changed) for item in value]
    return value
