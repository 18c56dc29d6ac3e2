"""Convolutional networks written as words, one a step, for 28x28 pixels or whatever a dataset has:

    32      3x3 convolution of 32 filters, batch normalization, ReLU      32/2  with stride 2
    32k5    the same 5x5                                                   32k5/2, 32k1
    s32     depthwise 3x3, then 1x1 of 32 filters, each normalized, ReLU   s32/2
    p       2x2 maximum pooling
    r       a convolution as wide as the last one, added to its own input (He et al. 2016)
    place   the end: of each filter the sum over the picture, weighted by place, the weights learned
    flat    the end: all values; with neither the mean of each filter (global average pooling)

Then always one Dense layer to the classes: logits.
"""

from __future__ import annotations

import re
from typing import Any

from runtime.errors import OptionError

Shape = tuple[int, int, int]

# Keras's 0.99 needs some 500 steps to forget its start: a short run on a small dataset would be judged by it.
BATCH_NORM_MOMENTUM = 0.9
PLACED_SIDE = 8  # pixels, of what the last convolution sees

WORD = re.compile(r"(?P<kind>s?)(?P<filters>\d+)(?:k(?P<kernel>\d+))?(?:/(?P<strides>\d+))?")
DEFAULTS = {"filters": 0, "kernel": 3, "strides": 1}
ENDS = ("place", "flat")


def network(steps: str, shape: Shape, classes: int) -> Any:
    """keras.Model, not compiled: pixels 0 to 255, (N,) + shape, to logits (N, classes).

    Rescaling is inside every model: an int8 conversion then takes pixel - 128 and nothing else.
    """
    import keras

    x = inputs = keras.Input(shape)
    x = keras.layers.Rescaling(1 / 255)(x)
    words = steps.split()
    for word in words:
        x = _step(x, word)
    if words[-1] not in ENDS:
        x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(classes)(x))


def is_step(word: str) -> bool:
    return word in ("p", "r", *ENDS) or WORD.fullmatch(word) is not None


def _step(x: Any, word: str) -> Any:
    from keras import layers

    if word == "p":
        return layers.MaxPooling2D()(x)
    if word == "flat":
        return layers.Flatten()(x)
    if word == "place":
        return _placed(x)
    if word == "r":
        return layers.ReLU()(layers.Add()([x, _convolution(x, x.shape[-1], 3, 1)]))
    match = WORD.fullmatch(word)
    if match is None:
        raise OptionError(f"expected a step such as 16, 32k5/2, s64, p, r, place or flat; received {word!r}")
    filters, kernel, strides = (int(match[key] or default) for key, default in DEFAULTS.items())
    if match["kind"]:
        x = layers.DepthwiseConv2D(kernel, strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x))
        kernel = strides = 1
    return layers.ReLU()(_convolution(x, filters, kernel, strides))


def _convolution(x: Any, filters: int, kernel: int, strides: int) -> Any:
    """With batch normalization, which has the bias (Ioffe and Szegedy 2015), and He's start."""
    from keras.layers import BatchNormalization, Conv2D

    options = {"padding": "same", "use_bias": False, "kernel_initializer": "he_normal"}
    return BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(Conv2D(filters, kernel, strides, **options)(x))


def _placed(x: Any) -> Any:
    """Of each filter the sum over the picture, weighted by place; the weights are learned.

    Global depthwise convolution: Chen et al. 2018, "MobileFaceNets". What a model is to read is centered, and then
    it tells to know where a filter answers. In larger inputs, which are pictures of things, it is as good
    anywhere: the mean.
    """
    from keras.layers import BatchNormalization, DepthwiseConv2D, Flatten, GlobalAveragePooling2D

    if max(x.shape[1:3]) > PLACED_SIDE:
        return GlobalAveragePooling2D()(x)
    x = DepthwiseConv2D(x.shape[1:3], use_bias=False)(x)
    return Flatten()(BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x))
