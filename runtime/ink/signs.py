"""Signs that look like digits to a model: the plus. Pure."""

from __future__ import annotations

import numpy as np

from runtime.image.pixels import Mask

PLUS_RATIO = (0.5, 2.0)  # width over height
CROSS_ARM = 0.12  # of its side: its shortest arm
CROSS_BAND = 0.08  # of its side, beside half the stroke: how far an arm may lean
ARM_ROWS = 0.8  # of the rows outside the band have ink
ARM_THICKNESS = 2  # times the stroke, plus a pixel: an arm is thinner
ARM_LEAN = 0.45  # of its width: the arms together span less


def is_plus(mask: Mask) -> bool:
    """Tell whether a glyph is a plus: two straight strokes that cross near the middle.

    Args:
        mask: bool (h, w), the glyph's pixels within its box.

    Returns:
        True for a plus.
    """
    height, width = mask.shape
    if not PLUS_RATIO[0] < width / height < PLUS_RATIO[1]:
        return False
    thickness = float(mask.sum() / (width + height))
    return _has_upright_arms(mask, thickness) and _has_upright_arms(mask.T, thickness)


def _has_upright_arms(mask: Mask, thickness: float) -> bool:
    """Whether everything above and below the rows with most ink, which are in the middle, is one upright stroke."""
    height = mask.shape[0]
    band = max(1, round(CROSS_BAND * height + thickness / 2))
    middle = int(np.argmax(np.convolve(mask.sum(axis=1), np.ones(2 * band + 1), "same")))
    above, below = mask[: max(0, middle - band)], mask[middle + band + 1 :]
    if min(len(above), len(below)) < CROSS_ARM * height:
        return False
    outside = np.concatenate([above, below])
    used = np.flatnonzero(outside.any(axis=0))
    spread = outside.shape[1] - np.argmax(outside[:, ::-1], axis=1) - np.argmax(outside, axis=1)
    widths = spread[outside.any(axis=1)]
    lean = float(np.ptp(used) + 1) if len(used) else 0.0
    is_one_stroke = len(widths) > ARM_ROWS * len(outside) and float(np.max(widths)) < ARM_THICKNESS * thickness + 1
    return is_one_stroke and lean < ARM_LEAN * mask.shape[1]
