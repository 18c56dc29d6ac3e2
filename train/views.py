"""A trained network that looks at a picture twice: the mean of its answers to two copies a pixel or two apart.

Each stride keeps every second row and column, so that where a stroke falls on the pixels changes the answer a little;
two copies that differ by an odd step to the side or down fall differently. A pooled ensemble of one set of weights
(Krizhevsky et al. 2012 average crops in the same way): the file hardly grows, the time doubles.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

VIEWS = ((1, 0), (-1, -1))  # pixels to the right and down
MARGIN = 1  # pixels, black


def with_views(model: Any) -> Any:
    """keras.Model, not compiled, with copies of the layers and weights of `model`, a functional one that begins with
    its Rescaling: from (N, H, W, C) to the mean outputs, (N, classes)."""
    inputs = keras.Input(model.input_shape[1:])
    scaling, *steps = model.layers[1:]
    padded = layers.ZeroPadding2D(MARGIN)(_copy(scaling)(inputs))
    copies = [
        layers.Cropping2D(((MARGIN - down, MARGIN + down), (MARGIN - right, MARGIN + right)))(padded)
        for right, down in VIEWS
    ]
    # One batch: each weight is in the file once.
    outputs = _through(steps, [_copy(step) for step in steps], layers.Concatenate(axis=0)(copies))
    mean = ops.mean(ops.reshape(outputs, (len(VIEWS), -1, outputs.shape[-1])), axis=0)
    return _with_weights(keras.Model(inputs, mean), model)


def in_layers(twice: Any) -> Any:
    """The same as what `with_views` made, of Keras's layers alone: HDF5 files hold no bare operations. Each layer is
    there once, and called for each copy. Another model is returned as it is."""
    joined = next((layer for layer in twice.layers if isinstance(layer, layers.Concatenate) and layer.axis == 0), None)
    if joined is None:
        return twice
    steps = twice.layers[twice.layers.index(joined) + 1 :]
    copied = [_copy(step) for step in steps]
    outputs = [_through(steps, copied, copy) for copy in joined.input]
    return _with_weights(keras.Model(twice.input, layers.Average()(outputs)), twice)


def _through(steps: Sequence[Any], copied: Sequence[Any], tensor: Any) -> Any:
    """What comes of `tensor` where `copied` are called in the way that `steps`, all after one another, are."""
    made = {id(steps[0].input): tensor}
    for step, copy in zip(steps, copied, strict=True):
        given = step.input
        made[id(step.output)] = copy([made[id(one)] for one in given] if isinstance(given, list) else made[id(given)])
    return made[id(steps[-1].output)]


def _copy(layer: Any) -> Any:
    return type(layer).from_config(layer.get_config())


def _with_weights(model: Any, of: Any) -> Any:
    model.set_weights(of.get_weights())
    return model
