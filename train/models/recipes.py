"""The models by name. To add one, write its `build` and add a Recipe to RECIPES."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.errors import OptionError
from train.models.networks import Shape, network

Build = Callable[[Shape, int], Any]  # (input shape, number of classes) -> keras.Model, not compiled

HELD_BACK = 2500 / 60000
PRECISIONS = {"float32": "float32", "bfloat16": "mixed_bfloat16"}  # --precision, and Keras's policy for it


@dataclass(frozen=True)
class Recipe:
    """A model and how it is trained, always on categorical cross-entropy.

    output: what its last layer gives, "probabilities" or "logits". validation: share of the training
    images held back, 0 to 1, to choose the best epoch by where the schedule is "constant"; the last one is kept
    otherwise. patience: epochs without a better validation loss before it stops, None never. schedule: "constant",
    by Adam, or "cosine", by SGD: one epoch of warm-up to learning_rate, then half a cosine to 0 (Loshchilov and
    Hutter 2017), and what is judged and kept is a running mean of the weights (Polyak and Juditsky 1992).
    weight_decay: share of a weight that a step takes, times its learning rate (Loshchilov and Hutter 2019).
    exposure: where the data are digits in ink, also learn from synthetic digits, damaged ones, and marks that are
    none (train.extras).
    """

    name: str
    build: Build
    epochs: int
    batch_size: int
    learning_rate: float
    output: str
    validation: float
    patience: int | None
    augment: bool
    exposure: bool
    schedule: str
    weight_decay: float
    description: str


def build(recipe: Recipe, shape: Shape, classes: int) -> Any:
    """The recipe's keras.Model, not compiled. Input: 0 to 255, (N,) + shape. Output: float32 (N, classes)."""
    return recipe.build(shape, classes)


def recipe_named(name: str) -> Recipe:
    """The recipe of that name. Raises OptionError that lists them all."""
    if name not in RECIPES:
        raise OptionError(f"--model: expected one of {', '.join(RECIPES)}; received {name!r}")
    return RECIPES[name]


def _sequential(shape: Shape, layers: Sequence[Any]) -> Any:
    """Rescaling is inside every model: an int8 conversion then takes pixel - 128 and nothing else."""
    import keras

    return keras.Sequential([keras.Input(shape), keras.layers.Rescaling(1 / 255), *layers])


def _mlp_128(shape: Shape, classes: int) -> Any:
    from keras.layers import Dense, Flatten

    return _sequential(shape, [Flatten(), Dense(128, activation="relu"), Dense(classes, activation="softmax")])


def _mlp_dropout(shape: Shape, classes: int) -> Any:
    from keras.layers import Dense, Dropout, Flatten

    hidden = [Dense(128, activation="relu"), Dropout(0.2), Dense(64, activation="relu"), Dropout(0.2)]
    return _sequential(shape, [Flatten(), *hidden, Dense(classes)])


def _mlp_128_64(shape: Shape, classes: int) -> Any:
    from keras.layers import Dense, Flatten

    hidden = [Dense(128, activation="relu"), Dense(64, activation="relu")]
    return _sequential(shape, [Flatten(), *hidden, Dense(classes, activation="softmax")])


def _mlp_128_128(shape: Shape, classes: int) -> Any:
    from keras.layers import Dense, Flatten

    hidden = [Dense(128, activation="relu"), Dense(128, activation="relu")]
    return _sequential(shape, [Flatten(), *hidden, Dense(classes, activation="softmax")])


def _cnn(shape: Shape, classes: int) -> Any:
    return network("16/2 32 r r 80/2 r place", shape, classes)


def _cnn_large(shape: Shape, classes: int) -> Any:
    return network("32 r 64/2 r r 128/2 r r place", shape, classes)


def _cnn_tiny(shape: Shape, classes: int) -> Any:
    return network("16k5/2 16 24/2 28 place", shape, classes)


_CNN = Recipe(
    name="cnn",
    build=_cnn,
    epochs=40,
    batch_size=128,
    learning_rate=0.1,
    output="logits",
    validation=HELD_BACK,
    patience=None,
    augment=True,
    exposure=True,
    schedule="cosine",
    weight_decay=5e-3,
    description="a residual network of 3x3 convolutions; the one that ships",
)
# What teaches it: without what real pictures show, which costs accuracy on clean digits.
_CNN_CLEAN = dataclasses.replace(
    _CNN,
    name="cnn-clean",
    epochs=42,
    exposure=False,
    description="the network of cnn, of the dataset's own images only, to teach cnn",
)

# Those of the tutorials, each as its tutorial trains it.
_MLP_128 = Recipe(
    name="mlp-128",
    build=_mlp_128,
    epochs=6,
    batch_size=128,
    learning_rate=1e-3,
    output="probabilities",
    validation=0.0,
    patience=None,
    augment=False,
    exposure=False,
    schedule="constant",
    weight_decay=0.0,
    description="Dense 128, softmax, as the Keras example of TensorFlow Datasets has it",
)

_ALL = (
    _CNN,
    dataclasses.replace(
        _CNN, name="cnn-tiny", build=_cnn_tiny, epochs=72, description="four convolutions, for a budget of 24 KB"
    ),
    _MLP_128,
    dataclasses.replace(
        _MLP_128,
        name="mlp-dropout",
        build=_mlp_dropout,
        epochs=5,
        batch_size=32,
        output="logits",
        description="Dense 128 and 64 with dropout 0.2, linear output",
    ),
    dataclasses.replace(
        _MLP_128,
        name="mlp-128-64",
        build=_mlp_128_64,
        epochs=50,
        batch_size=32,
        validation=0.2,
        patience=5,
        description="Dense 128 and 64, softmax; stops early on a validation split",
    ),
    dataclasses.replace(
        _MLP_128,
        name="mlp-128-128",
        build=_mlp_128_128,
        epochs=3,
        batch_size=32,
        description="Dense 128 and 128, softmax",
    ),
    _CNN_CLEAN,
    dataclasses.replace(
        _CNN_CLEAN,
        name="cnn-large",
        build=_cnn_large,
        epochs=14,
        description="five times the arithmetic of cnn, of the dataset's own images only, to teach cnn-tiny",
    ),
)
RECIPES = {recipe.name: recipe for recipe in _ALL}
DEFAULT = "cnn"
