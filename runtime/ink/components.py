"""The components of what stands out from the paper, and their measures. Pure.

All work is done within the box of what stands out, because the cost of a picture is the number of pixels examined;
and on arrays of components, because a busy picture has thousands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Gray, Labels, Mask, Stats, components, pixels_of
from runtime.ink.ruled_lines import are_line_remnants, frame_lengths, frame_lines, may_have_frame_lines

Box = Sequence[int]  # x, y, width, height, pixels

MIN_BODY = 0.5  # of its squared half-width: no component, not even in the picture's corner, has less area


@dataclass(frozen=True, eq=False)  # == of arrays is no single truth value
class Components:
    """The components of a part of a picture; the part has all of the ink, and background around it.

    Attributes:
        labels: Integers (h, w), 0 is background.
        stats: int (n, 5), x, y, width, height and area, by label less 1, in pixels of the picture.
        is_ink: bool (n,), which reach the higher threshold.
        left: Left edge of the part in the picture, pixels.
        top: Top edge of the part.
        height: Height of the picture.
        width: Width of the picture.
        radii: Those measured so far by index, see `inscribed_radius`.
    """

    labels: Labels
    stats: Stats
    is_ink: Mask
    left: int
    top: int
    height: int
    width: int
    radii: dict[int, float] = field(default_factory=dict)

    def around(self, x: int, y: int, right: int, bottom: int) -> Labels:
        """Cut the labels of a box of the picture and of one pixel around it.

        Args:
            x: Left of the box, pixels.
            y: Top of the box.
            right: One past its last column.
            bottom: One past its last row.

        Returns:
            Integers, a view of `labels`.
        """
        left, top = max(0, x - self.left - 1), max(0, y - self.top - 1)
        return self.labels[top : bottom - self.top + 1, left : right - self.left + 1]

    def mask_of(self, chosen: NDArray[np.int64]) -> tuple[Mask, tuple[int, int, int, int]]:
        """Select the pixels of some components.

        Args:
            chosen: Their indices, at least one.

        Returns:
            (bool, as `around` cuts it; left, top, right and bottom of their box.)
        """
        x, y, right, bottom = _box_of(self.stats, chosen)
        around = self.around(x, y, right, bottom)
        if len(chosen) == 1:
            return around == chosen[0] + 1, (x, y, right, bottom)
        return pixels_of(around, _has(chosen + 1, len(self.stats) + 1)), (x, y, right, bottom)

    def inscribed_radius(self, index: int) -> float:
        """Measure the largest distance of one component's pixels to the background.

        Args:
            index: Index of the component.

        Returns:
            Pixels.
        """
        if index not in self.radii:
            x, y, w, h = self.stats[index, :4].tolist()
            self.radii[index] = _inscribed_radius(self.around(x, y, x + w, y + h) == index + 1)
        return self.radii[index]

    def largest_radius(self, chosen: NDArray[np.int64]) -> float:
        """Measure the largest inscribed radius of some components; those too narrow to have it are left out.

        Args:
            chosen: Their indices.

        Returns:
            Pixels.
        """
        largest = 0.0
        bounds = [min(sides) + 1 for sides in self.stats[chosen, 2:4].tolist()]
        for bound, index in sorted(zip(bounds, chosen.tolist(), strict=True), reverse=True):
            if bound <= largest:
                break
            largest = max(largest, self.inscribed_radius(index))
        return largest

    def are_wider(self, among: Mask, limit: NDArray[np.float64]) -> Mask:
        """Tell which components have an inscribed radius above a limit.

        Only those with the area and the sides for it are measured, each within its own box.

        Args:
            among: bool (n,), the components asked about.
            limit: float (n,), pixels.

        Returns:
            bool (n,), False for those not asked about.
        """
        w, h, area = self.stats[:, 2:].T
        is_wider = among & (area > MIN_BODY * limit**2) & (np.minimum(w, h) + 1 >= limit)
        for index in is_wider.nonzero()[0].tolist():
            is_wider[index] = self.inscribed_radius(index) > limit[index]
        return np.asarray(is_wider)

    def are_inside(self) -> Mask:
        """Tell which components the picture's border does not cut.

        Returns:
            bool (n,).
        """
        x, y, w, h, _ = self.stats.T
        return np.asarray((x > 0) & (y > 0) & (x + w < self.width) & (y + h < self.height))


def find_components(strength: Gray, low: float, high: float) -> Components | None:
    """Find the components above the lower threshold, without lines that run across the picture.

    Args:
        strength: uint8 (h, w), see `background.contrast_above`.
        low: The lower threshold, gray levels.
        high: The higher; see `background.hysteresis_thresholds`.

    Returns:
        The components; None where there is none.
    """
    height, width = strength.shape
    solid = (strength > int(low)).view(np.uint8)  # of whole numbers: comparing with a fraction costs ten times as much
    x, y, w, h = cv2.boundingRect(solid)
    if not w:
        return None
    left, top = max(0, x - 1), max(0, y - 1)
    part = (slice(top, y + h + 1), slice(left, x + w + 1))
    labels, stats = components(solid[part])
    is_ink = _has(labels[strength[part] > int(high)], len(stats))
    length_x, length_y = frame_lengths(height, width)
    if (w >= length_x or h >= length_y) and may_have_frame_lines(solid[part].view(np.bool_), height, width):
        whole = np.zeros((height, width), np.bool_)
        whole[part] = mask = pixels_of(labels, is_ink)
        lines = frame_lines(whole)[part]
        if lines.any():
            labels, stats = components(mask & ~lines)
            is_ink = ~are_line_remnants(lines, labels, stats[:, 4])
    stats[:, 0] += left
    stats[:, 1] += top
    return Components(labels, stats[1:], is_ink[1:], left, top, height, width)


def box_gap(a: Box, b: Box) -> int:
    """Measure the distance of two boxes.

    Args:
        a: x, y, width, height in pixels.
        b: The other.

    Returns:
        Pixels between them, the larger of the two directions; 0 where they touch or overlap.
    """
    dx = max(a[0] - b[0] - b[2], b[0] - a[0] - a[2], 0)
    dy = max(a[1] - b[1] - b[3], b[1] - a[1] - a[3], 0)
    return max(dx, dy)


def _has(labels: Labels, count: int) -> NDArray[np.bool_]:
    """(count,): which labels occur."""
    out = np.zeros(count, np.bool_)
    out[labels] = True
    return out


def _box_of(stats: Stats, chosen: NDArray[np.int64]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of these components together."""
    boxes = stats[chosen, :4].tolist()
    lefts, tops, widths, heights = zip(*boxes, strict=True)
    rights, bottoms = map(sum, zip(lefts, widths, strict=True)), map(sum, zip(tops, heights, strict=True))
    return min(lefts), min(tops), max(rights), max(bottoms)


def _inscribed_radius(solid: Mask) -> float:
    """The largest distance to the background, in pixels.

    The array's edge is not background: its pixels are replicated.
    """
    padded = cv2.copyMakeBorder(solid.view(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    return cv2.minMaxLoc(cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1])[1]
