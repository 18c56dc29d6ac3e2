"""Labeled pictures: a folder with a subfolder for each class, or an .npz of images and class numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from runtime.errors import DataError
from runtime.foreign.refusals import plain
from runtime.image.files import IMAGE_SUFFIXES, read_image
from runtime.image.pixels import Picture

MAX_PICTURES = 300  # evenly taken of more: each is run for every candidate
ARRAYS = (("x_test", "y_test"), ("x_val", "y_val"), ("x", "y"), ("images", "labels"))  # names in an .npz


@dataclass(frozen=True)
class Examples:
    """Labeled pictures that have not been read yet.

    Attributes:
        names: Of the classes that the pictures are sorted into.
        truth: int64 (n,), index in `names` of each picture.
        files: Path of each picture; empty where `images` holds them.
        images: uint8 (n, h, w) gray or (n, h, w, 3) RGB; None where `files` names them.
    """

    names: tuple[str, ...]
    truth: NDArray[np.int64]
    files: tuple[Path, ...] = ()
    images: NDArray[np.uint8] | None = None

    def pictures(self) -> Iterator[Picture]:
        """Read the pictures one by one.

        Returns:
            Each picture, gray (h, w) or BGR (h, w, 3).

        Raises:
            ImageError: A file is no picture.
        """
        if self.images is not None:
            for image in self.images:
                yield np.ascontiguousarray(image[..., ::-1] if image.ndim == 3 else image)
        for file in self.files:
            yield read_image(file)


def read_folder(folder: Path) -> Examples:
    """List the pictures of a folder, each subfolder of which is a class.

    Args:
        folder: The folder.

    Returns:
        At most MAX_PICTURES, evenly taken.

    Raises:
        DataError: There is no such folder, or there are no subfolders with pictures in it.
    """
    try:
        folders = sorted(
            (path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")), key=_key
        )
        found = [(number, file) for number, path in enumerate(folders) for file in _files(path)]
    except OSError as error:
        raise DataError(f"cannot read {folder}: {error.strerror}") from None
    if not found:
        raise DataError(f"{folder}: expected a subfolder with pictures for each class; there is none")
    kept = [found[index] for index in _evenly(len(found))]
    return Examples(
        names=tuple(path.name for path in folders),
        truth=np.array([number for number, _ in kept], np.int64),
        files=tuple(file for _, file in kept),
    )


def read_npz(path: Path) -> Examples:
    """Read images and class numbers of an .npz file.

    Args:
        path: The file, with the arrays of one of ARRAYS; images of 0 to 255, color as RGB.

    Returns:
        At most MAX_PICTURES, evenly taken; classes are named by their numbers.

    Raises:
        DataError: It cannot be read, or its arrays are not labeled images.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            pair = next((pair for pair in ARRAYS if set(pair) <= set(arrays.files)), None)
            if pair is None:
                shown = plain(", ".join(arrays.files), 80)
                raise DataError(f"{path}: expected arrays x_test and y_test; received {shown or 'none'}")
            images, truth = arrays[pair[0]], arrays[pair[1]].reshape(-1)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or 'no .npz file'}") from None
    except (ValueError, KeyError, EOFError, MemoryError) as error:
        raise DataError(f"cannot read {path}: no .npz of plain arrays ({plain(str(error), 60)})") from None
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    is_images = images.dtype == np.uint8 and (images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3))
    is_numbers = truth.dtype.kind in "iu" and len(truth) == len(images) > 0 and int(truth.min()) >= 0
    if not is_images or not is_numbers:
        raise DataError(
            f"{path}: expected uint8 images (n, h, w) or (n, h, w, 3) and a class number for each; received "
            f"{images.dtype} {images.shape} and {truth.dtype} {truth.shape}"
        )
    kept = _evenly(len(images))
    names = tuple(str(index) for index in range(int(truth.max()) + 1))
    return Examples(names, truth[kept].astype(np.int64), images=images[kept])


def match_classes(names: Sequence[str], labels: Sequence[str], has_names: bool) -> tuple[tuple[int, ...], bool]:
    """Find the class of each subfolder.

    Args:
        names: Of the subfolders, sorted.
        labels: Of the model.
        has_names: Whether `labels` are names, and not just numbers.

    Returns:
        (index of the class of each subfolder, whether the subfolders' names are to be the labels): where the model has
        none, and there are as many subfolders as classes, they are taken in their order, as Keras does.

    Raises:
        DataError: A subfolder is no class of the model.

    Example:
        >>> match_classes(["dog", "Big_Cat"], ["big cat", "dog"], True)
        ((1, 0), False)
    """
    known = {_plain_name(label): index for index, label in reversed(list(enumerate(labels)))}
    found = [known.get(_plain_name(name), _number(name, len(labels))) for name in names]
    if None not in found:
        return tuple(index for index in found if index is not None), False
    if not has_names and len(names) == len(labels):
        return tuple(range(len(names))), True
    stranger = names[found.index(None)]
    raise DataError(
        f"{plain(stranger)!r} of the pictures is no class of the model, which has {len(labels)}: "
        f"{plain(', '.join(labels), 60)}. Give its labels with -l, or rename the folder"
    )


def _plain_name(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


def _number(name: str, count: int) -> int | None:
    found = re.match(r"(\d{1,6})(?:\D|$)", name, re.ASCII)
    return int(found[1]) if found and int(found[1]) < count else None


def _key(path: Path) -> tuple[bool, int, str]:
    return (not path.name.isdecimal(), int(path.name) if path.name.isdecimal() else 0, path.name)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file())


def _evenly(count: int) -> list[int]:
    """Indices of at most MAX_PICTURES of `count`, evenly spread."""
    if count <= MAX_PICTURES:
        return list(range(count))
    return [int(index) for index in np.linspace(0, count - 1, MAX_PICTURES).round()]
