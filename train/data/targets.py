"""Target distributions over the classes, and what a model should answer for images of no class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from train.data.pictures import Labels

Targets = npt.NDArray[np.float32]  # (N, classes), rows that sum to 1


def one_hot(labels: Labels, classes: int) -> Targets:
    """Targets of images whose class is known.

    Args:
        labels: int64 (N,), 0 to classes - 1.
        classes: How many there are.

    Returns:
        float32 (N, classes), 1 for the label and 0 elsewhere.
    """
    return np.eye(classes, dtype=np.float32)[labels]


def uniform(count: int, classes: int) -> Targets:
    """Targets of images that show none of the classes: each class is equally likely.

    Args:
        count: How many images.
        classes: How many classes.

    Returns:
        float32 (count, classes), 1 / classes throughout.
    """
    return np.full((count, classes), 1 / classes, np.float32)
