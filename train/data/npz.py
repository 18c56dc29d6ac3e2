"""Keras-style .npz files: x_train, y_train, x_test, y_test. Nothing in one is believed unchecked."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from runtime.errors import DataError
from runtime.tflite.card import FRAMINGS, InputSpec
from train.data.pictures import DIGITS, Image, Labels, RawDataset, Split

Arrays = dict[str, npt.NDArray[Any]]

WANTED = "x_train, y_train and, best, x_test, y_test"
UNREADABLE = (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, MemoryError)


def read_npz(path: Path, framing: str = "") -> RawDataset:
    """Read and check a Keras-style .npz.

    x_*: uint8 (or other integers, 0 to 255) of (N, H, W), (N, H, W, 1) or (N, H, W, 3) RGB; y_*: (N,) whole
    numbers from 0. `x`, `y` alone, or no test arrays, are fine: a test split is then made from them.
    Optional keys: `labels` (class names, by index), `framing` ("ink" or "whole"). framing: overrides the file.
    A file named mnist*.npz with 28x28 gray images is taken for handwritten digits, framing "ink"; no other is,
    since nothing in the arrays says what they show. Raises DataError, one line that names what is wrong.
    """
    arrays = _arrays(path)
    x_train, y_train = _pair(arrays, ("x_train", "y_train") if "x_train" in arrays else ("x", "y"), path)
    parts = [Split(x_train, y_train)]
    if "x_test" in arrays or "y_test" in arrays:
        x_test, y_test = _pair(arrays, ("x_test", "y_test"), path)
        if x_test.shape[1:] != x_train.shape[1:]:
            raise DataError(
                f"{path}: expected x_test of the shape of x_train, {_size(x_train)}; received {_size(x_test)}"
            )
        parts.append(Split(x_test, y_test))
    spec = _spec(path, x_train, framing or _text(arrays, "framing", path))
    labels, parts = _named(_names(arrays, path) or _digits(spec, y_train), parts, path)
    return RawDataset(path.stem, parts[0], parts[1] if len(parts) == 2 else None, labels, spec)


def _arrays(path: Path) -> Arrays:
    if not path.is_file():
        raise DataError(f"{path}: expected a .npz file; there is no such file")
    if not zipfile.is_zipfile(path):
        raise DataError(
            f"{path}: expected a .npz file (a zip of arrays); received {path.stat().st_size} bytes that are not one. "
            "It is truncated or something else: download it again, or write it with numpy.savez_compressed"
        )
    arrays: Arrays = {}
    try:
        with np.load(path, allow_pickle=False) as archive:
            for key in archive.files:
                arrays[key] = archive[key]
    except UNREADABLE as error:
        if "pickle" in str(error).lower():  # a pickle can run any code: never opened
            raise DataError(
                f"{path}: expected plain arrays; received pickled objects, which are not read. "
                "Save it as uint8 images and whole-number labels with numpy.savez_compressed"
            ) from None
        raise DataError(f"{path}: cannot be read ({error}); it is damaged, download or write it again") from None
    return {key: value for key, value in arrays.items() if isinstance(value, np.ndarray)}


def _pair(arrays: Arrays, keys: tuple[str, str], path: Path) -> tuple[Image, Labels]:
    missing = [key for key in keys if key not in arrays]
    if missing:
        found = ", ".join(sorted(arrays)) or "no arrays"
        raise DataError(f"{path}: expected the arrays {WANTED}; received {found}: {' and '.join(missing)} missing")
    images = _images(arrays[keys[0]], f"{path}: {keys[0]}")
    labels = _labels(arrays[keys[1]], f"{path}: {keys[1]}")
    if len(images) != len(labels):
        raise DataError(
            f"{path}: expected one label an image; received {len(images)} images in {keys[0]} "
            f"and {len(labels)} labels in {keys[1]}"
        )
    return images, labels


def _images(array: npt.NDArray[Any], where: str) -> Image:
    if array.ndim == 4 and array.shape[3] == 1:
        array = array[..., 0]
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[3] != 3):
        raise DataError(
            f"{where}: expected images of shape (N, H, W), (N, H, W, 1) or (N, H, W, 3); received {_shape(array)}"
        )
    if 0 in array.shape:
        raise DataError(f"{where}: expected at least one image; received an empty array of shape {_shape(array)}")
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind not in "iu":
        raise DataError(f"{where}: expected uint8 images, 0 to 255; received {array.dtype}. {_remedy(array)}")
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > 255:
        raise DataError(f"{where}: expected pixels of 0 to 255; received {array.dtype} from {low} to {high}")
    return array.astype(np.uint8)


def _remedy(array: npt.NDArray[Any]) -> str:
    if array.dtype.kind == "b":
        return "Multiply by 255 and save as uint8: (x * np.uint8(255))"
    if array.dtype.kind == "f" and float(np.nanmax(array)) <= 1.0:
        return "Values of 0 to 1: multiply by 255 and save as uint8, (x * 255).round().astype('uint8')"
    return "Save it as uint8, x.round().astype('uint8')"


def _labels(array: npt.NDArray[Any], where: str) -> Labels:
    if array.ndim == 2 and array.shape[1] == 1:  # as Keras's own CIFAR arrays are
        array = array[:, 0]
    if array.ndim != 1:
        raise DataError(f"{where}: expected one whole number an image, shape (N,); received {_shape(array)}")
    if array.dtype.kind not in "iu":
        raise DataError(f"{where}: expected labels that are whole numbers; received {array.dtype}. Save them as uint8")
    if len(array) and int(array.min()) < 0:
        raise DataError(f"{where}: expected labels from 0 up; received {int(array.min())}")
    return array.astype(np.int64)


def _spec(path: Path, images: Image, framing: str) -> InputSpec:
    height, width = int(images.shape[1]), int(images.shape[2])
    gray = images.ndim == 3
    if not framing:
        digits = path.name.lower().startswith("mnist") and (height, width) == (28, 28) and gray
        framing = "ink" if digits else "whole"
    if framing not in FRAMINGS:
        raise DataError(f"{path}: expected framing to be one of {', '.join(FRAMINGS)}; received {framing!r}")
    if framing == "whole":
        color, channels = ("gray", 1) if gray else ("rgb", 3)
        return InputSpec(height, width, channels, color=color, polarity="any", framing="whole")
    if not gray:
        raise DataError(f"{path}: framing 'ink' expects gray images, (N, H, W); received {_shape(images)}")
    return InputSpec(height, width, ink_box=max(1, round(min(height, width) * 20 / 28)))  # MNIST's own proportion


def _digits(spec: InputSpec, labels: Labels) -> tuple[str, ...]:
    """All ten digits for framing "ink", even where some have no image; () where the labels are no digits."""
    return DIGITS if spec.framing == "ink" and labels.max() < len(DIGITS) else ()


def _named(names: tuple[str, ...], parts: list[Split], path: Path) -> tuple[tuple[str, ...], list[Split]]:
    """Class names, and the parts with labels that index them. Numbers no image has leave no class behind."""
    known = np.arange(len(names)) if names else np.unique(parts[0].labels)
    names = names or tuple(str(number) for number in known)
    if len(names) < 2:
        raise DataError(f"{path}: expected at least 2 classes; received {len(names)}, labeled {', '.join(names)}")
    for part in parts:
        unknown = np.setdiff1d(part.labels, known)
        if len(unknown):
            raise DataError(
                f"{path}: expected labels of {known[0]} to {known[-1]}, the {len(names)} classes of the training "
                f"images or of `labels`; received {int(unknown[0])}"
            )
    return names, [Split(part.pictures, np.searchsorted(known, part.labels)) for part in parts]


def _names(arrays: Arrays, path: Path) -> tuple[str, ...]:
    if "labels" not in arrays:
        return ()
    array = arrays["labels"]
    if array.ndim != 1 or array.dtype.kind not in "US":
        raise DataError(f"{path}: labels: expected a list of names; received {array.dtype} of shape {_shape(array)}")
    return tuple(_decode(name) for name in array)


def _text(arrays: Arrays, key: str, path: Path) -> str:
    if key not in arrays:
        return ""
    array = arrays[key]
    if array.size != 1 or array.dtype.kind not in "US":
        raise DataError(f"{path}: {key}: expected one word; received {array.dtype} of shape {_shape(array)}")
    return _decode(array.reshape(-1)[0])


def _decode(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _shape(array: npt.NDArray[Any]) -> str:
    return "(" + ", ".join(str(side) for side in array.shape) + ("," if array.ndim == 1 else "") + ")"


def _size(images: Image) -> str:
    return "x".join(str(side) for side in images.shape[1:])
