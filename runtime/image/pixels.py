"""Operations on arrays of pixels: shrinking, connected components, histograms, conversions. Pure."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]  # (height, width), 0 to 255
Histogram = NDArray[np.float32]  # (256,): how many pixels have each gray level
Mask = NDArray[np.bool_]  # (height, width)
Boxes = NDArray[np.int64]  # (n, 4): x, y, width, height in pixels
Stats = NDArray[np.int64]  # (n, 5): x, y, width, height and area in pixels, of connected components
Labels = NDArray[np.integer[Any]]  # (height, width): which component each pixel belongs to, 0 for the background
Picture = NDArray[np.uint8]  # (height, width) gray or (height, width, 3) BGR, 0 to 255

BYTES = np.arange(256, dtype=np.uint8)
SAMPLE_BITS = (8, 10, 12, 14, 16)  # of what sensors and scanners write into 16
STRIP_PIXELS = 1 << 18  # that are laid on a background at once
FEW_PIXELS = 1 << 14  # for a mask of fewer, OpenCV's own table of components is fastest


def shrink(image: Picture, factor: float) -> Picture:
    """Shrink a picture by averaging areas.

    It is halved as often as possible first: OpenCV averages two by two pixels many times faster than other areas.

    Args:
        image: uint8, (h, w) or (h, w, 3).
        factor: The share of its sides that remains. At 1 or more the picture stays as it is.

    Returns:
        uint8, (h * factor, w * factor) or (h * factor, w * factor, 3), rounded; a side is at least one pixel.
    """
    if factor >= 1.0:
        return image
    height, width = image.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    while 2 * size[0] <= image.shape[1] - 1 and 2 * size[1] <= image.shape[0] - 1:
        image = image[: image.shape[0] & ~1, : image.shape[1] & ~1]
        image = u8(cv2.resize(image, (image.shape[1] // 2, image.shape[0] // 2), interpolation=cv2.INTER_AREA))
    return u8(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def components(mask: NDArray[np.generic], connectivity: int = 8) -> tuple[Labels, Stats]:
    """Find connected components.

    The table of a large mask is made from its runs along x, of which there are few: OpenCV's own table takes three
    times as long as its labels alone (measured).

    Args:
        mask: bool or uint8, (h, w).
        connectivity: 4 or 8 neighbors.

    Returns:
        (labels, table): labels (h, w), 0 for the background; table int64 (n, 5), x, y, width, height and area in
        pixels by label. Row 0, the background, is not filled in.
    """
    solid = mask.view(np.uint8)
    # At most every second pixel is a component of its own: labels of 16 bits, which take half of the time, suffice.
    kind = cv2.CV_16U if mask.size < 1 << 17 else cv2.CV_32S
    if mask.size < FEW_PIXELS:
        found = cv2.connectedComponentsWithStats(solid, connectivity=connectivity, ltype=kind)
        return np.asarray(found[1]), np.asarray(found[2], np.int64)
    count, marked = cv2.connectedComponents(solid, connectivity=connectivity, ltype=kind)
    labels: Labels = np.asarray(marked, np.uint16 if kind == cv2.CV_16U else np.int32)
    return labels, _table_of_runs(solid, labels, count)


def _table_of_runs(solid: NDArray[np.uint8], labels: Labels, count: int) -> Stats:
    """The table of `components`, from the runs of pixels along x."""
    table: Stats = np.zeros((count, 5), np.int64)
    if count == 1:
        return table
    width = solid.shape[1] + 2
    flat = cv2.copyMakeBorder(solid, 0, 0, 1, 1, cv2.BORDER_CONSTANT, value=(0,)).ravel()
    ends = np.flatnonzero(flat[1:] != flat[:-1])
    rows = ends[::2] // width
    lefts, rights = ends[::2] - rows * width, ends[1::2] - rows * width
    run_labels = labels[rows, lefts]
    order = np.argsort(run_labels, kind="stable")  # the runs of each label, from the top down
    run_labels, rows, lefts, rights = run_labels[order], rows[order], lefts[order], rights[order]
    first = np.flatnonzero(np.concatenate([[True], run_labels[1:] != run_labels[:-1]]))
    table[1:, 0], table[1:, 1] = np.minimum.reduceat(lefts, first), rows[first]
    table[1:, 2] = np.maximum.reduceat(rights, first) - table[1:, 0]
    table[1:, 3] = np.append(rows[first[1:] - 1], rows[-1]) + 1 - table[1:, 1]
    table[1:, 4] = np.add.reduceat(rights - lefts, first)
    return table


def pixels_of(labels: Labels, wanted: Mask) -> Mask:
    """Select the pixels of some components.

    Args:
        labels: (h, w), as `components` gives them.
        wanted: bool (n,), by label.

    Returns:
        bool (h, w): True where the pixel's label is wanted.
    """
    if len(wanted) > len(BYTES):
        return np.asarray(wanted[labels])
    table = np.zeros_like(BYTES)
    table[: len(wanted)] = wanted
    return u8(cv2.LUT(labels.astype(np.uint8), table)).view(np.bool_)


def component_stats(mask: Mask, connectivity: int) -> Stats:
    """List the connected components of a mask.

    Args:
        mask: bool (h, w).
        connectivity: 4 or 8 neighbors.

    Returns:
        int64 (n, 5): x, y, width, height and area in pixels of each component, without the background.
    """
    return components(mask, connectivity)[1][1:]


def histogram(gray: Gray) -> Histogram:
    """Count the pixels of each gray level.

    Args:
        gray: uint8, of any shape.

    Returns:
        float32 (256,): the number of pixels by level.
    """
    return np.asarray(cv2.calcHist([gray], [0], None, [256], [0, 256]), np.float32).ravel()


def quantile(values: NDArray[np.uint8], share: float, above: int = -1) -> float:
    """Find a quantile of some pixels.

    Args:
        values: uint8, of any shape.
        share: 0 to 1.
        above: Only values greater than this are counted.

    Returns:
        The least value that `share` of the counted values do not exceed; 0 where none are counted.
    """
    if not values.size:
        return 0.0
    levels = histogram(values)
    levels[: above + 1] = 0
    totals = levels.cumsum()
    return float(totals.searchsorted(share * totals[-1])) if totals[-1] else 0.0


def morph(gray: Gray, operation: int, size: int) -> Gray:
    """Apply a morphological operation with a square kernel.

    Args:
        gray: uint8 (h, w).
        operation: cv2.MORPH_OPEN, cv2.MORPH_CLOSE, ...
        size: The kernel's side in pixels; an even one is made odd by adding 1.

    Returns:
        uint8 (h, w).
    """
    return u8(cv2.morphologyEx(gray, operation, np.ones((size | 1, size | 1), np.uint8)))


def u8(array: object) -> NDArray[np.uint8]:
    """Give an array as uint8, without a copy where it is that already. OpenCV's types do not say what it returns.

    Args:
        array: Anything that NumPy takes, with values of 0 to 255.

    Returns:
        uint8, of the same shape.
    """
    return np.asarray(array, dtype=np.uint8)


def as_picture(image: NDArray[np.generic]) -> Picture:
    """Convert any picture that OpenCV decodes to 8 bits, gray or BGR.

    Args:
        image: uint8 or uint16; (h, w), or (h, w, c) with c = 1 (gray), 3 (BGR) or 4 (BGRA).

    Returns:
        uint8, (h, w) gray or (h, w, 3) BGR. A transparent picture is laid on white, or on black where its visible
        part is mostly light.

    Raises:
        ValueError: The array has another type or shape, or no pixels.
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
        array = _to_bytes(array)
    if channels == 4:
        return _flattened(array.astype(np.uint8, copy=False))
    return np.asarray(array[..., 0] if array.ndim == 3 and channels == 1 else array, dtype=np.uint8)


def _to_bytes(array: NDArray[np.generic]) -> NDArray[np.uint8]:
    """The upper 8 bits of uint16. Of how many bits its values are, 8 to 16, their largest one says."""
    most = int(array.max())
    bits = next(bits for bits in SAMPLE_BITS if most < 1 << bits)
    made = np.empty(array.shape, np.uint8)
    np.right_shift(array, np.uint16(bits - 8), out=made, casting="unsafe", dtype=np.uint16)
    return made


def _flattened(image: NDArray[np.uint8]) -> Picture:
    """Lay BGRA (h, w, 4) on white or black, from whichever its visible part stands out; BGR (h, w, 3).

    In strips, because the whole picture in 16 bits would take twice its memory once more.
    """
    height, width = image.shape[:2]
    rows = max(1, STRIP_PIXELS // width)
    strips = [slice(at, at + rows) for at in range(0, height, rows)]
    visible = light = 0
    for strip in strips:
        alpha = image[strip, :, 3].astype(np.uint16)
        sums = image[strip, :, 0].astype(np.uint16) + image[strip, :, 1] + image[strip, :, 2]
        visible += int(alpha.sum(dtype=np.uint64))
        light += int(np.multiply(sums, alpha, dtype=np.uint32).sum(dtype=np.uint64))
    made = np.full((height, width, 3), 255, np.uint8)
    if visible == 0:
        return made
    background = 255 if light < 3 * 128 * visible else 0
    for strip in strips:
        alpha = image[strip, :, 3:].astype(np.uint16)
        # Rounded, and never above 65535: 255 * 255 + 127.
        total = image[strip, :, :3] * alpha + background * (255 - alpha) + np.uint16(127)
        np.floor_divide(total, np.uint16(255), out=made[strip], casting="unsafe")
    return made


def turned(image: Picture, orientation: int) -> Picture:
    """Turn a picture upright.

    Args:
        image: uint8, (h, w) or (h, w, 3).
        orientation: By EXIF, 1 to 8.

    Returns:
        uint8; of orientation 5 to 8 with its sides exchanged.

    Example:
        >>> turned(np.array([[1, 2]], np.uint8), 6).tolist()
        [[1], [2]]
    """
    if orientation >= 5:
        image = u8(cv2.transpose(image))
    # Of the transposed picture: 5 is upright, 6 mirrored, 7 upside down, 8 turned over.
    flip = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}.get(orientation)
    return image if flip is None else u8(cv2.flip(image, flip))


def to_gray(image: Picture) -> Gray:
    """Convert a picture to gray.

    Args:
        image: uint8, (h, w) gray or (h, w, 3) BGR.

    Returns:
        uint8 (h, w). A gray picture is not copied.
    """
    return image if image.ndim == 2 else u8(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY))
