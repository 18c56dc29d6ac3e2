"""Seeded, stratified splits: every class gives its share. Pure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


def split_validation(labels: npt.NDArray[np.int64], share: float, seed: int) -> tuple[Indices, Indices]:
    """Indices of the training images to learn from, and of those held back to choose the model by.

    labels: (N,) of the *training* images. share: 0 to 1, of all of them; 0 holds none back.
    Every class gives the same share, to within one image, and keeps at least one image to learn from.
    Both results are in ascending order; the same arguments always give the same split.
    """
    count = min(max(round(len(labels) * share), 1 if share > 0 else 0), len(labels))
    quotas = _quotas(labels, count)
    rng = np.random.default_rng(seed)
    held = [rng.permutation(np.flatnonzero(labels == label))[:quota] for label, quota in quotas]
    picked = np.zeros(len(labels), bool)
    if held:
        picked[np.concatenate(held)] = True
    return np.flatnonzero(~picked).astype(np.int64), np.flatnonzero(picked).astype(np.int64)


def _quotas(labels: npt.NDArray[np.int64], count: int) -> list[tuple[int, int]]:
    """(label, how many to hold back): proportional, summing to `count` by largest remainder."""
    classes, sizes = np.unique(labels, return_counts=True)
    exact = sizes * count / max(len(labels), 1)
    quotas = np.minimum(np.floor(exact).astype(np.int64), sizes - 1)
    for index in np.argsort(quotas - exact, kind="stable"):
        if quotas.sum() < count and quotas[index] < sizes[index] - 1:
            quotas[index] += 1
    return [(int(label), int(quota)) for label, quota in zip(classes, quotas, strict=True)]
