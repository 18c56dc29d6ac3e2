"""The pictures a conversion needs: read from an .npz, calibration sample chosen."""

from __future__ import annotations

import dataclasses
import json
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.errors import DataError, ModelError
from runtime.tflite.card import InputSpec

SPEC_KEY = "input_spec"  # train writes it: the arrays are model inputs already

# What NumPy and zipfile raise at damaged files.
UNREADABLE = (OSError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error)

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
Step = Callable[[int], None]  # told how many pictures are done


@dataclass(frozen=True)
class Split:
    """images: uint8 (N, H, W) or (N, H, W, C), 0 to 255, RGB order. labels: int64 (N,)."""

    images: Pixels
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """What an .npz holds. spec: the input spec its pictures were made for; None where they are raw.
    labels: the names of its classes, None where it has none. train and validation likewise. hard: more
    validation images, made difficult. negatives: uint8 (K, H, W) or (K, H, W, C) of none of the classes."""

    path: Path
    spec: InputSpec | None
    labels: tuple[str, ...] | None
    train: Split | None
    validation: Split | None
    test: Split
    hard: Split | None = None
    negatives: Pixels | None = None


@dataclass(frozen=True)
class Calibration:
    """The sample that sets the int8 ranges. images: uint8 (N, H, W, C); per_class: class number -> how many;
    darkest, brightest: the span of its pixels."""

    images: Pixels
    seed: int
    per_class: Mapping[int, int]
    darkest: int
    brightest: int

    def describe(self) -> dict[str, Any]:
        """For the card and parity.json: how the sample was drawn and what came of it."""
        return {
            "images": len(self.images),
            "seed": self.seed,
            "sampling": "class-balanced from x_train, plus the images with the darkest and the brightest pixel",
            "per_class": {str(label): count for label, count in self.per_class.items()},
            "pixel_span": [self.darkest, self.brightest],
        }


def load_dataset(path: Path) -> Dataset:
    """Read an .npz as train writes it (dataset.npz) or as Keras does (mnist.npz).

    Keys: x_test, y_test; x_train, y_train for int8; x_val, y_val for the temperature; x_hard, y_hard and
    x_negative for the reject threshold. Raises DataError.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; give the test images with --data FILE.npz") from None
    except (*UNREADABLE, AttributeError, TypeError) as error:  # the last two: a lone .npy is no context manager
        raise DataError(f"{path}: expected a NumPy .npz of pictures; it cannot be read ({error})") from None
    splits = {name: _split(path, arrays, name) for name in ("train", "val", "test", "hard")}
    if splits["test"] is None:
        raise DataError(
            f"{path}: expected the test images x_test and y_test, without which parity cannot be measured; "
            f"received {', '.join(sorted(arrays)) or 'nothing'}"
        )
    labels = tuple(map(str, arrays["labels"])) if "labels" in arrays else None
    return Dataset(
        path,
        _spec(path, arrays.get(SPEC_KEY)),
        labels,
        splits["train"],
        splits["val"],
        splits["test"],
        splits["hard"],
        _pixels(path, arrays["x_negative"], "x_negative") if len(arrays.get("x_negative", ())) else None,
    )


def to_inputs(dataset: Dataset, images: Pixels, spec: InputSpec, step: Step | None = None) -> Pixels:
    """Model inputs, uint8 (N, *spec.shape), from pictures of `dataset`.

    Raw pictures go through the device's own preprocess; one with nothing on it becomes all zeros.
    """
    if dataset.spec is not None:
        if dataset.spec != spec:
            names = [f.name for f in dataclasses.fields(spec)]
            changed = [name for name in names if getattr(spec, name) != getattr(dataset.spec, name)]
            raise DataError(
                f"{dataset.path}: its pictures were prepared for another model; its input spec and the card's "
                f"differ in {', '.join(changed)}. Train and convert with the same dataset, or give it with --data"
            )
        return images if images.ndim == 4 else images[..., np.newaxis]
    from runtime.preprocess import to_input

    inputs = np.zeros((len(images), *spec.shape), np.uint8)
    for index, image in enumerate(images):
        bgr = image[..., ::-1] if image.ndim == 3 else image  # an .npz is RGB, to_input takes what OpenCV gives
        made = to_input(np.ascontiguousarray(bgr), spec)
        if made is not None:
            inputs[index] = made
        if step is not None:
            step(index + 1)
    return inputs


def calibrate(dataset: Dataset, spec: InputSpec, count: int, seed: int) -> Calibration:
    """The calibration sample as model inputs. Raises DataError where there are no training images."""
    train = dataset.train
    if train is None or not len(train):
        raise DataError(
            f"{dataset.path}: expected training images (x_train, y_train) to calibrate int8 with; received none. "
            "Give a file that has them with --data, or convert with --quantization dynamic, float16 or float32"
        )
    chosen = calibration_indices(train, count, seed)
    images = to_inputs(dataset, train.images[chosen], spec)
    classes, counts = np.unique(train.labels[chosen], return_counts=True)
    per_class = {int(label): int(n) for label, n in zip(classes, counts, strict=True)}
    return Calibration(images, seed, per_class, int(images.min()), int(images.max()))


def calibration_indices(train: Split, count: int, seed: int) -> NDArray[np.int64]:
    """Which training images calibrate: `count` of them, one of each class in turn, drawn by `seed`; a class
    that runs out leaves its turns to the others. The images with the overall darkest and brightest pixel
    are added where they are not among them, so that the sample spans what the data spans.
    """
    order = np.random.default_rng(seed).permutation(len(train))
    turn = np.empty(len(train), np.int64)
    for label in np.unique(train.labels):
        members = order[train.labels[order] == label]
        turn[members] = np.arange(len(members))
    chosen = order[np.argsort(turn[order], kind="stable")][:count]
    pixels = train.images.reshape(len(train), -1)
    extremes = [int(pixels.min(axis=1).argmin()), int(pixels.max(axis=1).argmax())]
    return np.union1d(chosen, extremes).astype(np.int64)


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
        return InputSpec(**json.loads(str(stored)))
    except (ValueError, TypeError, ModelError) as error:
        raise DataError(f"{path}: its {SPEC_KEY} is damaged ({error}); train again") from None
