"""The table of candidate networks, in a small language, and the Keras model of each.

A network is words, one a step, on 28x28 pixels or whatever the dataset has:

    32      3x3 convolution of 32 filters, batch normalisation, ReLU      32/2  with stride 2
    32k5    the same 5x5                                                   32k5/2, 32k1
    s32     depthwise 3x3, then 1x1 of 32 filters, each normalised, ReLU   s32/2
    p       2x2 maximum pooling
    r       the last convolution once more, added to its input (He et al. 2016)
    place   the end: a weighted sum of each filter over the picture, its weights learnt (train.models.placed)
    flat    the end: all values; with neither the mean of each filter (global average pooling)

Then always one Dense layer to the classes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runtime.errors import OptionError
from train.models import BATCH_NORM_MOMENTUM, placed

WORD = re.compile(r"(?P<kind>s?)(?P<filters>\d+)(?:k(?P<kernel>\d+))?(?:/(?P<strides>\d+))?")
ENDS = ("place", "flat")

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Candidate:
    """name: of its row. steps: its network, in words."""

    name: str
    steps: str

    def build(self, shape: Shape, classes: int) -> Any:
        """keras.Model, not compiled: pixels 0 to 255, (N,) + shape, to logits (N, classes)."""
        import keras

        x = inputs = keras.Input(shape)
        x = keras.layers.Rescaling(1 / 255)(x)
        words = self.steps.split()
        for word in words:
            x = _step(x, word)
        if words[-1] not in ENDS:
            x = keras.layers.GlobalAveragePooling2D()(x)
        return keras.Model(inputs, keras.layers.Dense(classes)(x))


# To try another network, add a line.
CANDIDATES = (
    Candidate("cnn", "16 32/2 48 64/2 96 place"),
    Candidate("mean at the end", "16 32/2 48 64/2 96"),
    Candidate("flat", "16 32/2 48 64/2 64 flat"),
    Candidate("deeper", "16 32/2 32 64/2 64 64 place"),
    Candidate("early stride", "32k5/2 48 64/2 96 place"),
    Candidate("residual", "16/2 32 r 64/2 r place"),
    Candidate("separable", "16/2 s32 s48 s64/2 s96 s96 place"),
    Candidate("half", "8 16/2 24 32/2 48 place"),
    Candidate("cnn-tiny", "16k5/2 16 24/2 24 place"),
    Candidate("tiny, mean at the end", "16k5/2 16 24/2 32"),
    Candidate("tiny, 3x3 first", "16/2 16 24/2 24 place"),
    Candidate("tiny, separable", "8/2 s16 s24/2 s32 s48 place"),
)


def chosen(names: Sequence[str]) -> list[Candidate]:
    """The candidates of these names, or described by them ("16/2 32 flat"); all of the table where there are none."""
    known = {candidate.name: candidate for candidate in CANDIDATES}
    found = [known.get(name) or Candidate(name, name) for name in names]
    for candidate in found:
        for word in candidate.steps.split():
            _check(word, candidate.name)
    return found or list(CANDIDATES)


def _check(word: str, name: str) -> None:
    if word not in ("p", "r", *ENDS) and WORD.fullmatch(word) is None:
        raise OptionError(
            f"--only {name!r}: expected the name of a candidate ({', '.join(c.name for c in CANDIDATES)}), or steps "
            f'such as "16 32k5/2 s64 p r place"; received the step {word!r}'
        )


def _step(x: Any, word: str) -> Any:
    from keras import layers

    if word == "p":
        return layers.MaxPooling2D()(x)
    if word == "flat":
        return layers.Flatten()(x)
    if word == "place":
        for layer in placed(x.shape[1:3]):
            x = layer(x)
        return x
    if word == "r":
        filters = x.shape[-1]
        y = layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(_convolution(filters, 3, 1)(x))
        return layers.ReLU()(layers.Add()([x, y]))
    match = WORD.fullmatch(word)
    if match is None:
        raise OptionError(f"expected a step such as 16, 32k5/2, s64, p, r, place or flat; received {word!r}")
    filters, kernel, strides = (int(match[key] or default) for key, default in _DEFAULTS.items())
    if match["kind"]:
        x = layers.DepthwiseConv2D(kernel, strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x))
        kernel = strides = 1
    x = _convolution(filters, kernel, strides)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM)(x))


_DEFAULTS = {"filters": 0, "kernel": 3, "strides": 1}


def _convolution(filters: int, kernel: int, strides: int) -> Any:
    from keras.layers import Conv2D

    return Conv2D(filters, kernel, strides, padding="same", use_bias=False, kernel_initializer="he_normal")
