"""What is done to arrays of pixels everywhere: shrinking, components, histograms. Pure."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]  # (height, width), 0 to 255
Levels = NDArray[np.float32]  # (256,): how many pixels have each
Mask = NDArray[np.bool_]  # (height, width)
Boxes = NDArray[np.int64]  # (n, 4): x, y, width, height in pixels
Labels = NDArray[np.integer[Any]]  # (height, width): which component each pixel belongs to, 0 none
Picture = NDArray[np.uint8]  # (height, width) gray or (height, width, 3) BGR, 0 to 255

BYTES = np.arange(256, dtype=np.uint8)
FEW_PIXELS = 1 << 14  # of a mask: its components are counted pixel by pixel


def shrink(image: Picture, factor: float) -> Picture:
    """The picture at `factor` (at most 1) of its size; sides never fall below one pixel.

    By halves as far as they go: OpenCV averages two by two pixels many times faster than any other number.
    """
    if factor >= 1.0:
        return image
    height, width = image.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    while 2 * size[0] <= image.shape[1] - 1 and 2 * size[1] <= image.shape[0] - 1:
        image = image[: image.shape[0] & ~1, : image.shape[1] & ~1]
        image = u8(cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA))
    return u8(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def components(mask: NDArray[np.generic], connectivity: int = 8) -> tuple[Labels, NDArray[np.int64]]:
    """Connected components: labels (h, w), 0 is the ground, and (n, 5) x, y, width, height and area by label.

    Of the ground the table says nothing. That of a large mask is made from its runs along x, of which there are
    few: OpenCV's own takes three times as long as its labels alone.
    """
    solid = mask.view(np.uint8)
    # No more than every second pixel is a component: so few have labels of 16 bits, which take half of the time.
    kind = cv2.CV_16U if mask.size < 1 << 17 else cv2.CV_32S
    if mask.size < FEW_PIXELS:
        found = cv2.connectedComponentsWithStats(solid, connectivity=connectivity, ltype=kind)
        return np.asarray(found[1]), np.asarray(found[2], np.int64)
    count, marked = cv2.connectedComponents(solid, connectivity=connectivity, ltype=kind)
    labels: Labels = np.asarray(marked, np.uint16 if kind == cv2.CV_16U else np.int32)
    table: NDArray[np.int64] = np.zeros((count, 5), np.int64)
    if count == 1:
        return labels, table
    width = solid.shape[1] + 2
    flat = cv2.copyMakeBorder(solid, 0, 0, 1, 1, cv2.BORDER_CONSTANT, value=(0,)).ravel()
    ends = np.flatnonzero(flat[1:] != flat[:-1])
    rows = ends[::2] // width
    lefts, rights = ends[::2] - rows * width, ends[1::2] - rows * width
    of = labels[rows, lefts]
    order = np.argsort(of, kind="stable")  # the runs of each label, downwards
    of, rows, lefts, rights = of[order], rows[order], lefts[order], rights[order]
    first = np.flatnonzero(np.concatenate([[True], of[1:] != of[:-1]]))
    table[1:, 0], table[1:, 1] = np.minimum.reduceat(lefts, first), rows[first]
    table[1:, 2] = np.maximum.reduceat(rights, first) - table[1:, 0]
    table[1:, 3] = np.append(rows[first[1:] - 1], rows[-1]) + 1 - table[1:, 1]
    table[1:, 4] = np.add.reduceat(rights - lefts, first)
    return labels, table


def having(labels: Labels, wanted: Mask) -> Mask:
    """(h, w): which pixels have a label that is wanted; wanted: (n,), by label."""
    if len(wanted) > len(BYTES):
        return np.asarray(wanted[labels])
    table = np.zeros_like(BYTES)
    table[: len(wanted)] = wanted
    return u8(cv2.LUT(labels.astype(np.uint8), table)).view(np.bool_)


def boxes_of(mask: Mask, connectivity: int) -> Boxes:
    """(n, 5): x, y, width, height and area of each component."""
    stats = components(mask, connectivity)[1]
    return stats[1:]


def histogram(gray: Gray) -> Levels:
    """float32 (256,): how many pixels have each level."""
    return np.asarray(cv2.calcHist([gray], [0], None, [256], [0, 256]), np.float32).ravel()


def quantile(values: NDArray[np.uint8], share: float, above: int = -1) -> float:
    """The value that `share` (0 to 1) of those `values` that are greater than `above` do not exceed; 0 without any."""
    if not values.size:
        return 0.0
    levels = histogram(values)
    levels[: above + 1] = 0
    totals = levels.cumsum()
    return float(totals.searchsorted(share * totals[-1])) if totals[-1] else 0.0


def morph(gray: Gray, operation: int, size: int) -> Gray:
    return u8(cv2.morphologyEx(gray, operation, np.ones((size | 1, size | 1), np.uint8)))


def u8(array: object) -> NDArray[np.uint8]:
    return np.asarray(array, dtype=np.uint8)


def as_picture(image: NDArray[np.generic]) -> Picture:
    """Any picture OpenCV can give as (h, w) gray or (h, w, 3) BGR, uint8.

    image: uint8 or uint16; (h, w), or (h, w, c) with c = 1 (gray), 3 (BGR) or 4 (BGRA). What shows
    through is laid on white, or on black where what is there is mostly light.
    Raises ValueError for anything else.
    """
    array = np.asarray(image)
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.dtype not in (np.uint8, np.uint16) or array.ndim not in (2, 3) or channels not in (1, 3, 4):
        raise ValueError(
            "expected a picture (h, w), (h, w, 3) or (h, w, 4) of 8 or 16 bits a channel; "
            f"received {array.dtype} {array.shape}"
        )
    if array.size == 0:
        raise ValueError(f"expected a picture with pixels; received {array.shape}")
    if array.dtype == np.uint16:
        array = np.right_shift(array, 8).astype(np.uint8)
    if channels == 4:
        return _flattened(array.astype(np.uint8))
    return np.asarray(array[..., 0] if array.ndim == 3 and channels == 1 else array, dtype=np.uint8)


def _flattened(image: NDArray[np.uint8]) -> Picture:
    """BGRA (h, w, 4) laid on white or black, whichever the visible part stands out from; BGR."""
    alpha = image[..., 3:].astype(np.float32) / 255.0
    visible = alpha.sum()
    if visible == 0:
        return np.full((*image.shape[:2], 3), 255, np.uint8)
    mean = float((image[..., :3].mean(axis=2, keepdims=True) * alpha).sum() / visible)
    ground = 255.0 if mean < 128 else 0.0
    return np.asarray(image[..., :3] * alpha + ground * (1 - alpha) + 0.5, dtype=np.uint8)


def to_gray(image: Picture) -> Gray:
    return image if image.ndim == 2 else u8(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
