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

    Attributes:
        name: After `--model`.
        build: Makes the model.
        epochs: How often it goes through the images.
        batch_size: Images a step.
        learning_rate: At its peak.
        output: Output of the last layer, "probabilities" or "logits".
        validation: Share of the training images held out, 0 to 1. With the schedule "constant" they choose the best
            epoch; with "cosine" the last epoch is kept.
        patience: Epochs without a better validation loss before it stops; None never.
        augment: Whether train.augment changes the images.
        outlier_exposure: Where the dataset is of handwritten digits, also learn from synthetic and damaged digits
            and from non-digits (train.synthetic.examples).
        schedule: "constant", by Adam, or "cosine", by SGD: one epoch of warm-up to learning_rate, then half a cosine
            to 0 (Loshchilov and Hutter 2017); a running mean of the weights is validated and kept (Polyak and
            Juditsky 1992).
        weight_decay: Share of a weight that is subtracted in a step, times its learning rate (Loshchilov and Hutter
            2019).
        description: For the help.
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
    outlier_exposure: bool
    schedule: str
    weight_decay: float
    description: str


def build(recipe: Recipe, shape: Shape, classes: int) -> Any:
    """Build the model of a recipe.

    Args:
        recipe: The recipe.
        shape: Shape of an input: height, width, channels.
        classes: How many there are.

    Returns:
        keras.Model, not compiled: pixels 0 to 255, (N,) + shape, to float32 (N, classes).
    """
    return recipe.build(shape, classes)


def recipe_named(name: str) -> Recipe:
    """Look a recipe up.

    Args:
        name: After `--model`.

    Returns:
        The recipe.

    Raises:
        OptionError: There is none of that name. The message lists them all.

    Example:
        >>> recipe_named("cnn-tiny").epochs
        72
    """
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
    return network("16/2 32 r r 80/2 r gdc", shape, classes)


def _cnn_large(shape: Shape, classes: int) -> Any:
    return network("32 r 64/2 r r 128/2 r r gdc", shape, classes)


def _cnn_tiny(shape: Shape, classes: int) -> Any:
    return network("16k5/2 16 24/2 28 gdc", shape, classes)


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
    outlier_exposure=True,
    schedule="cosine",
    weight_decay=5e-3,
    description="a residual network of 3x3 convolutions; the one that ships",
)
# Its teacher. It does not see what real pictures show: that would cost accuracy on clean digits.
_CNN_CLEAN = dataclasses.replace(
    _CNN,
    name="cnn-clean",
    epochs=42,
    outlier_exposure=False,
    description="the network of cnn, of the dataset's own images only, to teach cnn",
)

# The networks of well-known tutorials, each trained as its tutorial says.
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
    outlier_exposure=False,
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
