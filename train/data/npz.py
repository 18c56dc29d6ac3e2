"""Keras-style .npz files: x_train, y_train, x_test, y_test. Every array is validated."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from runtime.errors import DataError, ModelError
from runtime.preprocess import load_framing
from runtime.tflite.card import InputSpec
from train.data.pictures import Image, Labels, RawDataset, Split

Arrays = dict[str, npt.NDArray[Any]]

WANTED = "x_train, y_train and, best, x_test, y_test"
UNREADABLE = (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, MemoryError)

MARKS, PICTURES = "ink", "whole"  # the framing of files that are known to show handwriting, and of all others
NUMERALS = tuple("0123456789")  # class names of marks whose labels are below 10
MARK_SIDES = (28, 28)  # pixels, of the images that could be handwriting
# sha256 of training images, in bytes, that are known to show handwriting though no word in the file says so: MNIST's
# 60,000, which Keras ships as mnist.npz, however the file is compressed.
KNOWN_MARKS_SHA256 = "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757"


def read_npz(path: str | Path, framing: str = "") -> RawDataset:
    """Read and check a Keras-style .npz.

    Its arrays: x_*, uint8 (or other integers, 0 to 255) of (N, H, W), (N, H, W, 1) or (N, H, W, 3) RGB; y_*, (N,)
    whole numbers from 0. `x`, `y` alone, or no test arrays, are fine: a test split is then made from them. Optional
    keys: `labels` (class names, by index) and `framing` (a name of `runtime.preprocess.FRAMINGS`).

    Nothing in arrays tells digits from garments. The framing is therefore the one that was asked for, else the
    file's own, else "ink" for the very images of MNIST, else "whole"; a file that could be of digits then gets a
    warning that says so.

    Args:
        path: The file.
        framing: Overrides the file's own; "" does not.

    Returns:
        The images and labels. Class names are the file's own, else the ten numerals for handwriting, else the
        numbers that occur.

    Raises:
        DataError: One line that names what is wrong.
    """
    path = Path(path)
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
    given = framing or _text(arrays, "framing", path)
    names = _names(arrays, path)
    framing = given or (MARKS if _are_known_marks(x_train) else PICTURES)
    spec = _spec(path, x_train, framing)
    unsure = not given and framing == PICTURES and not names and _could_be_marks(x_train, y_train)
    names, parts = _named(names or _numerals(framing, y_train), parts, path)
    warnings = (_unsure(path),) if unsure else ()
    return RawDataset(path.stem, parts[0], parts[1] if len(parts) == 2 else None, names, spec, warnings)


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


def _are_known_marks(images: Image) -> bool:
    return hashlib.sha256(np.ascontiguousarray(images).data).hexdigest() == KNOWN_MARKS_SHA256


def _could_be_marks(images: Image, labels: Labels) -> bool:
    return images.shape[1:] == MARK_SIDES and int(labels.max()) < len(NUMERALS)


def _unsure(path: Path) -> str:
    return (
        f'{path}: taken for pictures as they are, framing "{PICTURES}": 28x28 gray images with labels of 0 to 9, and '
        f"nothing in it says what they show. Where they are handwritten digits, give --framing {MARKS}"
    )


def _spec(path: Path, images: Image, framing: str) -> InputSpec:
    channels = 1 if images.ndim == 3 else 3
    try:
        found = load_framing(framing)
    except ModelError as error:
        raise DataError(f"{path}: {error}") from None
    if channels not in found.channels:
        wanted = "gray images, (N, H, W)" if found.channels == (1,) else "RGB images, (N, H, W, 3)"
        raise DataError(f"{path}: framing {framing!r} expects {wanted}; received {_shape(images)}")
    return found.input_spec(int(images.shape[1]), int(images.shape[2]), channels)


def _numerals(framing: str, labels: Labels) -> tuple[str, ...]:
    """All ten for marks, even where some have no image; () where the labels are no digits."""
    return NUMERALS if load_framing(framing).content == "mark" and labels.max() < len(NUMERALS) else ()


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
