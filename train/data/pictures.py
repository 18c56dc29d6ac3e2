"""Pictures and labels as a reader found them, before `runtime.preprocess` frames them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from runtime.image.files import read_image
from runtime.tflite.card import InputSpec

Image = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """A part of a dataset: its training pictures or its test pictures.

    Attributes:
        pictures: An array, uint8 (N, H, W) gray or (N, H, W, 3) RGB, or N image files.
        labels: int64 (N,), indices into the dataset's labels.
    """

    pictures: Image | Sequence[Path]
    labels: Labels

    def pick(self, indices: Labels) -> Split:
        """Select pictures by index.

        Args:
            indices: int64 (M,), into the pictures of this part.

        Returns:
            A part of those M pictures and their labels.
        """
        pictures = self.pictures
        if isinstance(pictures, np.ndarray):
            return Split(pictures[indices], self.labels[indices])
        return Split([pictures[index] for index in indices], self.labels[indices])


@dataclass(frozen=True)
class RawDataset:
    """A dataset before framing.

    Attributes:
        name: For the card and for messages.
        train: The training pictures.
        test: The test pictures. None where the dataset comes without any: `load` then splits some off.
        labels: Class names by index.
        spec: How the pictures become model inputs.
        warnings: What a person should know before trusting the dataset.
    """

    name: str
    train: Split
    test: Split | None
    labels: tuple[str, ...]
    spec: InputSpec
    warnings: tuple[str, ...] = ()


def read_picture(item: Image | Path) -> Image:
    """Read one picture in the form that `to_input` takes.

    Files go through `runtime.image.files.read_image`, the reader of the device: training sees the bytes that the
    device sees, alpha over white and EXIF turns included.

    Args:
        item: uint8 (H, W) gray or (H, W, 3) RGB, or a picture file.

    Returns:
        uint8 (H, W) gray or (H, W, 3) BGR.

    Raises:
        ImageError: The file is not a picture, or is damaged. The message names it.
    """
    if isinstance(item, np.ndarray):
        return item if item.ndim == 2 else np.ascontiguousarray(item[..., ::-1])
    return read_image(item)
