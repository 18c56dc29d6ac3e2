"""Pictures and labels as a reader found them, before `runtime.preprocess` frames them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from runtime.tflite.card import InputSpec

Image = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]

DIGITS = tuple(str(digit) for digit in range(10))


@dataclass(frozen=True)
class Split:
    """pictures: an array, uint8 (N, H, W) gray or (N, H, W, 3) RGB, or image files. labels: (N,) indices."""

    pictures: Image | Sequence[Path]
    labels: Labels

    def pick(self, indices: Labels) -> Split:
        """The same part with only these pictures."""
        pictures = self.pictures
        if isinstance(pictures, np.ndarray):
            return Split(pictures[indices], self.labels[indices])
        return Split([pictures[index] for index in indices], self.labels[indices])


@dataclass(frozen=True)
class RawDataset:
    """A dataset before framing. test is None where its maker gave none: one is then split off."""

    name: str
    train: Split
    test: Split | None
    labels: tuple[str, ...]
    spec: InputSpec
    warnings: tuple[str, ...] = ()


def read_picture(item: Image | Path) -> Image | None:
    """One picture as `to_input` takes it: uint8 (H, W), or (H, W, 3) BGR. None where a file is no picture."""
    if isinstance(item, np.ndarray):
        return item if item.ndim == 2 else np.ascontiguousarray(item[..., ::-1])
    try:
        picture = cv2.imread(str(item), cv2.IMREAD_COLOR)
    except cv2.error:  # a header that promises more pixels than OpenCV agrees to hold
        return None
    return None if picture is None else picture.astype(np.uint8, copy=False)
