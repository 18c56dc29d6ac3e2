"""Datasets as model inputs: every picture through the device's preprocess, split where there are no test images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.errors import DataError
from runtime.preprocess import to_input
from runtime.tflite.card import InputSpec
from tests.train.data.datasets import marks, write_mnist
from train.data.load import load


def test_every_image_goes_through_to_input(tmp_path: Path) -> None:
    path = write_mnist(tmp_path / "mnist.npz")
    dataset = load(str(path), framing="ink")
    for image, made in zip(marks(40), dataset.images_train, strict=True):
        wanted = to_input(image, InputSpec())
        assert wanted is not None
        np.testing.assert_array_equal(made, wanted)
    assert dataset.images_train.any(axis=(1, 2, 3)).all()


def test_an_image_without_a_mark_becomes_a_black_input(tmp_path: Path) -> None:
    x = marks(20)
    x[3] = 0
    np.savez(tmp_path / "mnist.npz", x_train=x, y_train=np.arange(20) % 10, x_test=x, y_test=np.arange(20) % 10)
    dataset = load(str(tmp_path / "mnist.npz"), framing="ink")
    assert np.flatnonzero(~dataset.images_train.any(axis=(1, 2, 3))).tolist() == [3]
    assert len(dataset.labels_train) == 20


def test_what_is_neither_a_name_nor_a_file() -> None:
    with pytest.raises(DataError, match=r"mnits: expected one of auto, mnist, mnist-5k, fashion-mnist, FILE\.npz"):
        load("mnits")


def test_the_seed_splits_off_test_images(tmp_path: Path) -> None:
    np.savez(tmp_path / "bars.npz", x=marks(40), y=np.arange(40) % 2)
    first, again, other = (load(str(tmp_path / "bars.npz"), seed) for seed in (1, 1, 2))
    assert (len(first.labels_train), len(first.labels_test)) == (32, 8)
    assert first.digest() == again.digest() != other.digest()
