"""Whether a Keras model brings pixels 0 to 255 into its own range: found by running its first steps."""

from __future__ import annotations

from typing import Any

import numpy as np

# Steps that bring pixels into the model's own range, and those that may come before them.
SCALERS = {
    "Rescaling",
    "Normalization",
    "BatchNormalization",
    "Multiply",
    "TrueDivide",
    "Divide",
    "Subtract",
    "Add",
} | {
    "TFOpLambda"  # a function of TensorFlow in a model of Keras 2
}
TRANSPARENT = {"InputLayer", "Reshape", "Flatten", "Permute", "Resizing", "CenterCrop", "ZeroPadding2D"}
MAX_VALUE = 16.0  # of what a network is trained on; a pixel that is not scaled is up to 255


def takes_pixels(model: Any) -> bool | None:
    """Find out whether a model's first step that changes values brings pixels 0 to 255 into range.

    A first step is believed by what it does, not by its name: a BatchNormalization that was trained on 0 to 1 leaves
    pixels far out of range.

    Args:
        model: A model of Keras 2 or 3, with layers.

    Returns:
        True where black and white pixels both come out between -16 and 16; None where that is not known.
    """
    # A functional model's `operations` also hold bare arithmetic (x / 255); a Sequential has layers alone.
    for step in getattr(model, "operations", None) or model.layers:
        if getattr(step, "layers", None):
            return takes_pixels(step)
        kind = type(step).__name__
        if kind in SCALERS:
            return True if _is_in_range(model, step) else None
        if kind not in TRANSPARENT and not kind.startswith("Random"):
            return None
    return None


def _is_in_range(model: Any, step: Any) -> bool:
    """Run the model up to the end of a step."""
    import tensorflow as tf

    try:
        part = type(model).__mro__[-1] and _part(model, step)
        shape = [1, *(8 if n is None else n for n in tuple(model.inputs[0].shape)[1:])]
        found = [np.asarray(part(tf.fill(shape, value), training=False)) for value in (0.0, 255.0)]
    except Exception:  # what cannot be run alone is not known; the pictures decide
        return False
    return all(
        bool(np.isfinite(values).all()) and float(np.abs(values).max()) <= MAX_VALUE for values in found
    ) and bool(np.ptp(np.stack(found)) > 0)


def _part(model: Any, step: Any) -> Any:
    if type(model).__module__.startswith("tf_keras"):
        import tf_keras

        return tf_keras.Model(model.inputs, step.output)
    import keras

    return keras.Model(model.inputs, step.output)
