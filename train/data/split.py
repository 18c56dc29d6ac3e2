"""Seeded, stratified splits: every class gives its share, in runs of images that follow one another. Pure.

Images that follow one another are alike: in MNIST the digits of one writer do, in a folder the pictures of one
burst. Picked one by one, what is held back would be known already, in its neighbors. Here that is so at the ends
of a few runs only.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]

RUNS = 4  # of each class, at the same places in all of them: of 60,000 images 5,000 are then 4 times some 1,250


def split_validation(labels: npt.NDArray[np.int64], share: float, seed: int) -> tuple[Indices, Indices]:
    """Indices of the training images to learn from, and of those held back to choose the model by.

    labels: (N,) of the *training* images. share: 0 to 1, of all of them; 0 holds none back.
    Every class gives the same share, to within one image, and keeps at least one image to learn from.
    Both results are in ascending order; the same arguments always give the same split.
    """
    count = min(max(round(len(labels) * share), 1 if share > 0 else 0), len(labels))
    starts = np.random.default_rng(seed).random(RUNS)
    picked = np.zeros(len(labels), bool)
    for label, quota in _quotas(labels, count):
        images = np.flatnonzero(labels == label)
        picked[images[_in_runs(len(images), quota, starts)]] = True
    return np.flatnonzero(~picked).astype(np.int64), np.flatnonzero(picked).astype(np.int64)


def _in_runs(count: int, quota: int, starts: npt.NDArray[np.float64]) -> Indices:
    """`quota` of the numbers below `count`: a run in each of equal stretches, which starts at that share, 0 to 1,
    of the room there is for it."""
    edges, sizes = (np.arange(RUNS + 1) * whole // RUNS for whole in (count, quota))
    runs = []
    for first, end, size, start in zip(edges[:-1], edges[1:], np.diff(sizes), starts, strict=True):
        begin = first + int(start * (end - first - size + 1))
        runs.append(np.arange(begin, begin + size))
    return np.concatenate(runs)


def _quotas(labels: npt.NDArray[np.int64], count: int) -> list[tuple[int, int]]:
    """(label, how many to hold back): proportional, summing to `count` by largest remainder."""
    classes, sizes = np.unique(labels, return_counts=True)
    exact = sizes * count / max(len(labels), 1)
    quotas = np.minimum(np.floor(exact).astype(np.int64), sizes - 1)
    for index in np.argsort(quotas - exact, kind="stable"):
        if quotas.sum() < count and quotas[index] < sizes[index] - 1:
            quotas[index] += 1
    return [(int(label), int(quota)) for label, quota in zip(classes, quotas, strict=True)]
