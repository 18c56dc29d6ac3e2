"""Errors of layers: names, and two files whose difference is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convert import worker
from convert.layers import layer_errors, layer_name
from convert.load import load
from runtime.errors import ModelError
from workbench.dataset import Dataset


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("sequential_1/re_lu_1/Relu;sequential_1/conv2d/convolution", "re_lu_1"),
        ("model/block/dense_1/MatMul", "block/dense_1"),
        ("StatefulPartitionedCall:0", "output"),
        ("add", "add"),
    ],
)
def test_layers_are_named_as_keras_names_them(name: str, layer: str) -> None:
    assert layer_name(name) == layer


@pytest.fixture(scope="module")
def files(artifacts: Path, digits: Dataset) -> dict[str, bytes]:
    """The same network in float32, and in int8 calibrated with bright and with dim pictures."""
    source = load(artifacts / "model.keras")
    assert digits.train is not None
    bright = digits.train.images[:100]
    samples = {"float32": ("float32", bright), "int8": ("int8", bright), "dim": ("int8", bright // 8)}
    return {name: worker.convert(source, (28, 28, 1), row, images) for name, (row, images) in samples.items()}


def test_every_layer_that_both_compute_is_compared(files: dict[str, bytes], digits: Dataset) -> None:
    errors = layer_errors(files["float32"], files["int8"], digits.test.images[:20])
    assert (errors[-1].name, errors[-1].shape, errors[-1].scale) == ("output", (10,), 1 / 256)
    assert (24,) in {error.shape for error in errors}  # the hidden layer, not its weights
    assert (784, 24) not in {error.shape for error in errors}
    assert all(0 <= error.relative_error < 0.2 for error in errors)


def test_a_range_that_is_too_small_is_seen_in_every_layer(files: dict[str, bytes], digits: Dataset) -> None:
    images = digits.test.images[:20]
    good, clipped = (layer_errors(files["float32"], files[name], images) for name in ("int8", "dim"))
    hidden = [next(error for error in errors if error.shape == (24,)) for errors in (good, clipped)]
    assert hidden[1].relative_error > 5 * hidden[0].relative_error


def test_a_file_is_as_a_file_of_itself(files: dict[str, bytes], digits: Dataset) -> None:
    with np.errstate(divide="ignore", invalid="ignore"):  # a float tensor has no scale
        errors = layer_errors(files["float32"], files["float32"], digits.test.images[:3])
    assert errors
    assert all(error.relative_error == 0 for error in errors)


def test_what_is_no_model_is_refused(files: dict[str, bytes], digits: Dataset) -> None:
    with pytest.raises((ModelError, ValueError)):
        layer_errors(b"none", files["int8"], digits.test.images[:2])
