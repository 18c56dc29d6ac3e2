"""Convolutional networks in words, one a step, for inputs of any size.

    32      3x3 convolution of 32 filters, batch normalization, ReLU      32/2  with stride 2
    32k5    the same 5x5                                                   32k5/2, 32k1
    s32     depthwise 3x3, then 1x1 of 32 filters, each normalized, ReLU   s32/2
    p       2x2 maximum pooling
    r       a convolution as wide as the last one, added to its own input (He et al. 2016)
    gdc     the end: global depthwise convolution, of each filter a sum over the picture with learned weights
    flat    the end: all values; with neither, the mean of each filter (global average pooling)

One Dense layer to the classes always follows: logits.
"""

from __future__ import annotations

import re
from typing import Any

from runtime.errors import OptionError

Shape = tuple[int, int, int]

# Keras's 0.99 needs some 500 steps to forget its initial value, which would dominate a short run on a small dataset.
BATCH_NORM_MOMENTUM = 0.9
GDC_SIDE = 8  # pixels: larger outputs of the last convolution get global average pooling

WORD = re.compile(r"(?P<kind>s?)(?P<filters>\d+)(?:k(?P<kernel>\d+))?(?:/(?P<strides>\d+))?")
DEFAULTS = {"filters": 0, "kernel": 3, "strides": 1}
ENDS = ("gdc", "flat")


def network(steps: str, shape: Shape, classes: int) -> Any:
    """Build a network.

    Rescaling is inside every model: an int8 conversion then takes pixel - 128 and nothing else.

    Args:
        steps: Words, separated by spaces.
        shape: Shape of an input: height, width, channels.
        classes: How many there are.

    Returns:
        keras.Model, not compiled: pixels 0 to 255, (N,) + shape, to logits (N, classes).

    Raises:
        OptionError: A word is unknown.

    Example:
        >>> network("16/2 32 gdc", (28, 28, 1), 10).output_shape
        (None, 10)
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
    """Whether a word names a step of a network.

    Args:
        word: Such as "32k5/2".

    Returns:
        True where it does.
    """
    return word in ("p", "r", *ENDS) or WORD.fullmatch(word) is not None


def _step(x: Any, word: str) -> Any:
    from keras import layers

    if word == "p":
        return layers.MaxPooling2D()(x)
    if word == "flat":
        return layers.Flatten()(x)
    if word == "gdc":
        return _global_depthwise(x)
    if word == "r":
        return layers.ReLU()(layers.Add()([x, _convolution(x, x.shape[-1], 3, 1)]))
    match = WORD.fullmatch(word)
    if match is None:
        raise OptionError(f"expected a step such as 16, 32k5/2, s64, p, r, gdc or flat; received {word!r}")
    filters, kernel, strides = (int(match[key] or default) for key, default in DEFAULTS.items())
    if match["kind"]:
        x = layers.DepthwiseConv2D(kernel, strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x))
        kernel = strides = 1
    return layers.ReLU()(_convolution(x, filters, kernel, strides))


def _convolution(x: Any, filters: int, kernel: int, strides: int) -> Any:
    """With He's initialization and batch normalization, which has the bias (Ioffe and Szegedy 2015)."""
    from keras.layers import BatchNormalization, Conv2D

    options = {"padding": "same", "use_bias": False, "kernel_initializer": "he_normal"}
    return BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(Conv2D(filters, kernel, strides, **options)(x))


def _global_depthwise(x: Any) -> Any:
    """Global depthwise convolution (Chen et al. 2018, "MobileFaceNets"): a weighted sum of each filter.

    Small inputs are centered marks, where the position of a filter's response carries information. Larger ones are
    pictures of things, where it does not: these get the mean.
    """
    from keras.layers import BatchNormalization, DepthwiseConv2D, Flatten, GlobalAveragePooling2D

    if max(x.shape[1:3]) > GDC_SIDE:
        return GlobalAveragePooling2D()(x)
    x = DepthwiseConv2D(x.shape[1:3], use_bias=False)(x)
    return Flatten()(BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x))
