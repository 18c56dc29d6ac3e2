"""The pictures of a conversion: made into model inputs, and a sample of them to calibrate with."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert.quantize import QUANTIZATIONS
from runtime.errors import DataError
from runtime.tflite.card import InputSpec
from workbench.dataset import Dataset, Pixels, Split
from workbench.metrics import balanced_sample
from workbench.progress import Advance


@dataclass(frozen=True)
class Calibration:
    """The sample that sets the ranges of a quantization.

    Attributes:
        images: uint8 (N, H, W, C) model inputs.
        seed: Seed of the draw.
        per_class: The number of images by class number.
        darkest: The lowest of its pixels, 0 to 255.
        brightest: The highest of its pixels, 0 to 255.
    """

    images: Pixels
    seed: int
    per_class: Mapping[int, int]
    darkest: int
    brightest: int

    def describe(self) -> dict[str, Any]:
        """Describe how the sample was drawn and what it contains, for the card and parity.json.

        Returns:
            Values of JSON by their keys.
        """
        return {
            "images": len(self.images),
            "seed": self.seed,
            "sampling": "class-balanced from x_train, plus the images with the darkest and the brightest pixel",
            "per_class": {str(label): count for label, count in self.per_class.items()},
            "pixel_span": [self.darkest, self.brightest],
        }


def to_inputs(dataset: Dataset, images: Pixels, spec: InputSpec, advance: Advance | None = None) -> Pixels:
    """Make pictures of a dataset into model inputs.

    Raw pictures go through the device's own preprocessing; one with nothing on it becomes all zeros. Pictures that
    are model inputs already stay as they are.

    Args:
        dataset: Where the pictures are from.
        images: uint8 (N, H, W) or (N, H, W, C), RGB.
        spec: The model's input.
        advance: Told of each raw picture.

    Returns:
        uint8 (N, *spec.shape).

    Raises:
        DataError: The dataset was prepared for another input spec.
    """
    if dataset.spec is not None:
        _check_spec(dataset, dataset.spec, spec)
        return images if images.ndim == 4 else images[..., np.newaxis]
    from runtime.preprocess import to_input

    inputs = np.zeros((len(images), *spec.shape), np.uint8)
    for index, image in enumerate(images):
        bgr = image[..., ::-1] if image.ndim == 3 else image  # an .npz is RGB, to_input takes what OpenCV gives
        pixels = to_input(np.ascontiguousarray(bgr), spec)
        if pixels is not None:
            inputs[index] = pixels
        if advance is not None:
            advance(1)
    return inputs


def _check_spec(dataset: Dataset, prepared: InputSpec, expected: InputSpec) -> None:
    if prepared != expected:
        names = [field.name for field in dataclasses.fields(expected)]
        changed = [name for name in names if getattr(expected, name) != getattr(prepared, name)]
        raise DataError(
            f"{dataset.path}: its pictures were prepared for another model; its input spec and the card's "
            f"differ in {', '.join(changed)}. Train and convert with the same dataset, or give it with --data"
        )


def calibrate(dataset: Dataset, spec: InputSpec, count: int, seed: int) -> Calibration:
    """Draw the calibration sample.

    Args:
        dataset: Has training images.
        spec: The model's input.
        count: How many images, and up to two more: see calibration_indices.
        seed: Seed of the draw.

    Returns:
        The sample as model inputs.

    Raises:
        DataError: There are no training images.
    """
    train = dataset.train
    if train is None or not len(train):
        others = ", ".join(row.name for row in QUANTIZATIONS.values() if not row.needs_calibration)
        raise DataError(
            f"{dataset.path}: expected training images (x_train, y_train) to calibrate with; received none. "
            f"Give a file that has them with --data, or convert with one of --quantization {others}"
        )
    indices = calibration_indices(train, count, seed)
    images = to_inputs(dataset, train.images[indices], spec)
    classes, counts = np.unique(train.labels[indices], return_counts=True)
    per_class = {int(label): int(n) for label, n in zip(classes, counts, strict=True)}
    return Calibration(images, seed, per_class, int(images.min()), int(images.max()))


def calibration_indices(train: Split, count: int, seed: int) -> NDArray[np.int64]:
    """Choose the training images to calibrate with.

    They are drawn by `seed`, one of each class in turn. The images with the overall darkest and brightest pixel are
    added, so that the sample spans the range of the data.

    Args:
        train: The training images.
        count: How many to draw.
        seed: Seed of the draw.

    Returns:
        (count to count + 2,) indices in ascending order; fewer where there are fewer images.
    """
    sample = balanced_sample(train.labels, count, np.random.default_rng(seed))
    pixels = train.images.reshape(len(train), -1)
    extremes = [int(pixels.min(axis=1).argmin()), int(pixels.max(axis=1).argmax())]
    return np.union1d(sample, extremes).astype(np.int64)
