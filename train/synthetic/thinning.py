"""Thinning: from filled shapes to lines one pixel wide. Pure."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from train.data.pictures import Image

MAX_ROUNDS = 24  # more than half the width of the widest stroke, in pixels


def thin(shapes: Image) -> Image:
    """Reduce shapes to their middle lines, one pixel wide.

    Source: Zhang, Suen: A fast parallel algorithm for thinning digital patterns (1984). By hand: scikit-image's
    skeletonize(method="zhang") gives other lines (0.26: 999 of 1,000 MNIST images differ, in 14 % of their pixels),
    and the training images would change with it.

    Args:
        shapes: uint8 (N, H, W), 0 or 1. All are thinned as one tall picture, so the outermost pixels of each are
            taken for background.

    Returns:
        uint8 (N, H, W), 0 or 1.
    """
    image: Image = shapes.copy()
    image[:, [0, -1]] = image[:, :, [0, -1]] = 0
    tall = image.reshape(-1, image.shape[2])
    weights = np.array([[1, 2, 4], [8, 0, 16], [32, 64, 128]], np.float32)
    for _ in range(MAX_ROUNDS):
        before = int(cv2.countNonZero(tall))
        for table in _removable():
            around = cv2.filter2D(tall, -1, weights, borderType=cv2.BORDER_CONSTANT)
            tall = np.asarray(cv2.bitwise_and(tall, cv2.LUT(around, table)), np.uint8)
        if cv2.countNonZero(tall) == before:
            break
    return np.asarray(tall.reshape(shapes.shape), np.uint8)


@cache
def _removable() -> tuple[Image, Image]:
    """For each of the two passes, (256,): 0 where a pixel with these neighbors is removable, else 1."""
    # The neighbors clockwise from the one above, as the paper numbers them, each by its bit in `thin`'s weights.
    bits = [1, 2, 4, 7, 6, 5, 3, 0]
    tables = np.ones((2, 256), np.uint8)
    for code in range(256):
        p = [code >> bit & 1 for bit in bits]
        crossings = sum(a == 0 and b == 1 for a, b in zip(p, p[1:] + p[:1], strict=True))
        if not 2 <= sum(p) <= 6 or crossings != 1:
            continue
        north, east, south, west = p[0], p[2], p[4], p[6]
        tables[0, code] = bool(north & east & south or east & south & west)
        tables[1, code] = bool(north & east & west or north & south & west)
    return tables[0], tables[1]
