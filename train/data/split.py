"""Seeded, stratified splits, held out in contiguous blocks, so near-duplicates stay on one side. Pure.

Neighbors in a dataset are alike: in MNIST one writer's digits, in a folder the pictures of one burst. Images picked
one by one would have near-duplicates among the training images. Blocks have them at their ends only.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]

BLOCKS = 4  # of each class, at the same places in all classes: 5,000 of 60,000 images are 4 blocks of about 1,250


def split_validation(labels: npt.NDArray[np.int64], share: float, seed: int) -> tuple[Indices, Indices]:
    """Split training images into those to train on and those held out for validation.

    Every class gives the same share, to within one image, and keeps at least one image to train on. The same
    arguments always give the same split.

    Args:
        labels: int64 (N,) of the training images.
        share: Share of all N images, 0 to 1; 0 holds none out.
        seed: Decides the places of the blocks.

    Returns:
        Training and validation indices, each int64 in ascending order.

    Example:
        >>> training, validation = split_validation(np.arange(20) % 2, 0.2, seed=0)
        >>> len(training), len(validation)
        (16, 4)
    """
    count = min(max(round(len(labels) * share), 1 if share > 0 else 0), len(labels))
    starts = np.random.default_rng(seed).random(BLOCKS)
    picked = np.zeros(len(labels), bool)
    for label, quota in _quotas(labels, count):
        images = np.flatnonzero(labels == label)
        picked[images[_blocks(len(images), quota, starts)]] = True
    return np.flatnonzero(~picked).astype(np.int64), np.flatnonzero(picked).astype(np.int64)


def _blocks(count: int, quota: int, starts: npt.NDArray[np.float64]) -> Indices:
    """`quota` of the indices below `count`, one block in each of BLOCKS equal stretches.

    starts: (BLOCKS,), where a block begins in its stretch: 0 at the first possible place, 1 at the last.
    """
    edges, sizes = (np.arange(BLOCKS + 1) * total // BLOCKS for total in (count, quota))
    blocks = []
    for first, end, size, start in zip(edges[:-1], edges[1:], np.diff(sizes), starts, strict=True):
        begin = first + int(start * (end - first - size + 1))
        blocks.append(np.arange(begin, begin + size))
    return np.concatenate(blocks)


def _quotas(labels: npt.NDArray[np.int64], count: int) -> list[tuple[int, int]]:
    """(label, how many to hold out): proportional, summing to `count` by largest remainder."""
    classes, sizes = np.unique(labels, return_counts=True)
    exact = sizes * count / max(len(labels), 1)
    quotas = np.minimum(np.floor(exact).astype(np.int64), sizes - 1)
    for index in np.argsort(quotas - exact, kind="stable"):
        if quotas.sum() < count and quotas[index] < sizes[index] - 1:
            quotas[index] += 1
    return [(int(label), int(quota)) for label, quota in zip(classes, quotas, strict=True)]
