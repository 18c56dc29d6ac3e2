"""Small datasets for the tests: images of bars, and the files that hold them."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import numpy.typing as npt

from train.data.named import FASHION_FILES

NOWHERE = "http://127.0.0.1:9/"  # the discard port: refused at once


def marks(count: int) -> npt.NDArray[np.uint8]:
    """Bright bars on black, each in a place of its own."""
    images = np.zeros((count, 28, 28), np.uint8)
    for index, image in enumerate(images):
        image[6 : 20 + index % 3, 10 : 13 + index % 5] = 255
    return images


def write_mnist(path: Path, count: int = 40) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    x, y = marks(count), np.arange(count) % 10
    np.savez_compressed(path, x_train=x, y_train=y.astype(np.uint8), x_test=x[:20], y_test=y[:20].astype(np.uint8))
    return path


def write_idx(path: Path, array: npt.NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()))


def write_fashion(folder: Path) -> Path:
    for key, file in FASHION_FILES.items():
        count = 30 if "train" in key else 10
        write_idx(folder / file, marks(count) if key[0] == "x" else (np.arange(count) % 10).astype(np.uint8))
    return folder
