"""A run's pictures as an .npz: written by train as dataset.npz, read by convert, the report and the benchmarks.

Keras's own files (mnist.npz: x_train, y_train, x_test, y_test) are read too.
"""

from __future__ import annotations

import dataclasses
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.errors import DataError, ModelError
from runtime.tflite.card import InputSpec
from runtime.tflite.card_versions import migrate_input
from workbench.files import replacing

SPEC_KEY = "input_spec"  # where it is there, the arrays are model inputs already

# What NumPy and zipfile raise for damaged files. The last two: a lone .npy is no context manager.
UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
    AttributeError,
    TypeError,
)

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Labeled pictures.

    Attributes:
        images: uint8 (N, H, W) or (N, H, W, C), 0 to 255, RGB order.
        labels: int64 (N,), class numbers from 0.
    """

    images: Pixels
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """The content of an .npz. A split that is None is not written; one without images is read as None.

    Attributes:
        path: The file.
        spec: The input spec that its pictures were prepared for; None where they are raw.
        labels: The names of its classes, None where it has none.
        train: The pictures to learn from.
        validation: Pictures that training did not learn from.
        test: The test images.
        hard: More validation images, made difficult.
        negatives: uint8 (K, H, W) or (K, H, W, C), pictures of none of the classes.
    """

    path: Path
    spec: InputSpec | None
    labels: tuple[str, ...] | None
    train: Split | None
    validation: Split | None
    test: Split
    hard: Split | None = None
    negatives: Pixels | None = None


def write_dataset(dataset: Dataset) -> None:
    """Write `dataset` into its path, compressed, whole or not at all.

    The same dataset always gives the same arrays in the same order. Keys: x_*: uint8 (N, H, W, C) and y_*: int64 (N,)
    for train, val, test and hard; x_negative; labels: (classes,) str; input_spec: JSON of the InputSpec.

    Args:
        dataset: What to write, and where.
    """
    arrays: dict[str, Any] = {}
    for name, split in (("train", dataset.train), ("val", dataset.validation), ("test", dataset.test)):
        arrays |= _named(name, split)
    if dataset.labels is not None:
        arrays["labels"] = np.array(dataset.labels, dtype=np.str_)
    if dataset.spec is not None:
        arrays[SPEC_KEY] = np.array(json.dumps(dataclasses.asdict(dataset.spec)))
    arrays |= _named("hard", dataset.hard)
    if dataset.negatives is not None:
        arrays["x_negative"] = dataset.negatives
    with replacing(dataset.path) as temporary:
        np.savez_compressed(temporary, **arrays)


def read_dataset(path: Path, remedy: str = "give the test images with --data FILE.npz") -> Dataset:
    """Read an .npz as `write_dataset` writes it (dataset.npz) or as Keras does (mnist.npz).

    Args:
        path: The file. Keys: x_test, y_test; x_train, y_train for int8; x_val, y_val for the temperature; x_hard,
            y_hard and x_negative for the reject threshold.
        remedy: What to do where the file is missing or damaged; the end of the error's message.

    Returns:
        Its content; every array is checked.

    Raises:
        DataError: The file is missing, damaged, or lacks the test images.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; {remedy}") from None
    except IsADirectoryError:
        raise DataError(
            f"{path}: expected a NumPy .npz of pictures; received a folder. "
            "python -m train makes dataset.npz of one, and conversion finds it beside the model; or else "
            f"{remedy}"
        ) from None
    except UNREADABLE as error:
        raise DataError(f"{path}: expected a NumPy .npz of pictures; it cannot be read ({error}); {remedy}") from None
    splits = {name: _split(path, arrays, name) for name in ("train", "val", "test", "hard")}
    if splits["test"] is None:
        raise DataError(
            f"{path}: expected the test images x_test and y_test, without which parity cannot be measured; "
            f"received {', '.join(sorted(arrays)) or 'nothing'}"
        )
    return Dataset(
        path,
        spec=_spec(path, arrays.get(SPEC_KEY)),
        labels=tuple(map(str, arrays["labels"])) if "labels" in arrays else None,
        train=splits["train"],
        validation=splits["val"],
        test=splits["test"],
        hard=splits["hard"],
        negatives=_pixels(path, arrays["x_negative"], "x_negative") if len(arrays.get("x_negative", ())) else None,
    )


def _named(name: str, split: Split | None) -> dict[str, NDArray[Any]]:
    return {} if split is None else {f"x_{name}": split.images, f"y_{name}": split.labels}


def _split(path: Path, arrays: Mapping[str, NDArray[Any]], name: str) -> Split | None:
    images, labels = arrays.get(f"x_{name}"), arrays.get(f"y_{name}")
    if images is None or labels is None or not len(images):
        return None
    images = _pixels(path, images, f"x_{name}")
    labels = labels.reshape(-1)  # CIFAR's are (N, 1)
    if labels.dtype.kind not in "iu" or len(labels) != len(images) or labels.min() < 0:
        raise DataError(
            f"{path}: expected y_{name} as {len(images)} class numbers from 0; received {labels.dtype} "
            f"of shape {labels.shape}"
        )
    return Split(images, labels.astype(np.int64))


def _pixels(path: Path, images: NDArray[Any], name: str) -> Pixels:
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3)):
        raise DataError(
            f"{path}: expected {name} as uint8 pixels 0 to 255 of shape (N, height, width) or (N, height, width, "
            f"1 or 3); received {images.dtype} of shape {images.shape}"
        )
    return images


def _spec(path: Path, stored: NDArray[Any] | None) -> InputSpec | None:
    if stored is None:
        return None
    try:
        fields: dict[str, Any] = migrate_input(json.loads(str(stored)))
        fields |= {key: tuple(value) for key, value in fields.items() if isinstance(value, list)}
        return InputSpec(**fields)
    except (ValueError, TypeError, AttributeError, ModelError) as error:
        raise DataError(f"{path}: its {SPEC_KEY} is damaged ({error}); train again") from None
