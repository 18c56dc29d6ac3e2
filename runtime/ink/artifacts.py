"""Components that are no marks: shadows, edges of the sheet, ruled lines, slivers along the border. Pure."""

from __future__ import annotations

import numpy as np

from runtime.image.pixels import Mask
from runtime.ink.background import SMALL_SIDE
from runtime.ink.components import Components

BLOB_SHARE = 0.25  # of a mark's longer side: a stroke's half-width is less, a shadow's more

# Shadow remnants: what is left of a shadow at the border where the square was too large for its corner.
REMNANT_FILL = 0.35  # of its box: a stroke fills less, a remnant more
REMNANT_RADIUS = 0.25  # of the square: a remnant's half-width is more

# Edges and lines.
MIN_SHADOW = 0.1  # of the picture's longer side: shorter, a component is no shadow
LONG = 0.8  # of a side of the picture: a longer component runs across it
LYING_LINE = 0.08  # of the picture's height: a long component that is lower is a line,
UPRIGHT_LINE = 0.02  # of its width: and one that is narrower; a 1 may be as high as the picture
SLIVER = 0.06  # of a side: a component that the border cuts and that is thinner was cut off there
HOLLOW_FILL = 0.08  # of its box: a component that runs across both ways and fills less is a frame
MAX_CUT_AREA = 0.5  # of the picture: a component that the border cuts and that is larger is no mark
EDGE_SLACK = 0.01  # of the longer side: a component this near the picture's border runs off it
EDGE_THICKNESS = 0.1  # of an edge line's length
EDGE_MARGIN = 0.3  # of a side: no edge line lies further from the border that it runs along


def are_edges_or_lines(found: Components) -> Mask:
    """Tell which components are shadows, stains, edges of the sheet, slivers along the border or ruled lines.

    Args:
        found: The components of a picture.

    Returns:
        bool (n,); all False in a picture of at most SMALL_SIDE.
    """
    height, width = found.height, found.width
    if max(height, width) <= SMALL_SIDE:
        return np.zeros(len(found.stats), np.bool_)
    w, h, area = found.stats[:, 2:].T
    longer = np.maximum(w, h)
    is_dropped = found.are_wider(found.is_ink & (longer > MIN_SHADOW * max(height, width)), BLOB_SHARE * longer)
    is_inside = _is_inside(found, EDGE_SLACK)
    if is_inside and found.labels.shape[0] <= LONG * height and found.labels.shape[1] <= LONG * width:
        return is_dropped
    long_x, long_y = w > LONG * width, h > LONG * height
    is_dropped |= (long_x & (h < LYING_LINE * height)) | (long_y & (w < UPRIGHT_LINE * width))
    if is_inside:
        return is_dropped
    is_sliver = (w < SLIVER * width) | (h < SLIVER * height)
    is_hollow = long_x & long_y & (area < HOLLOW_FILL * w * h)
    is_dropped |= ~found.are_inside() & (is_sliver | is_hollow | (area > MAX_CUT_AREA * height * width))
    return np.asarray(is_dropped | _are_edge_lines(found))


def are_shadow_remnants(found: Components, among: Mask, size: int) -> Mask:
    """Tell which components are what is left of a shadow at the border.

    Args:
        found: The components of a picture.
        among: bool (n,), the components asked about.
        size: Size of the square that the background was estimated with, pixels.

    Returns:
        bool (n,), False for those not asked about.
    """
    w, h, area = found.stats[:, 2:].T
    is_full = among & ~found.are_inside() & (area > REMNANT_FILL * w * h)
    return found.are_wider(is_full, np.full(len(is_full), REMNANT_RADIUS * size))


def _are_edge_lines(found: Components) -> Mask:
    """Thin lines beside a border of the picture that run off it at both ends: a sheet's edge, a table's, a shadow's."""
    height, width = found.height, found.width
    x, y, w, h, area = found.stats.T
    slack = max(1, round(EDGE_SLACK * max(height, width)))
    left, top, right, bottom = x <= slack, y <= slack, x + w >= width - slack, y + h >= height - slack
    is_thin = area < EDGE_THICKNESS * np.maximum(w, h) ** 2
    beside_y = (x + w < EDGE_MARGIN * width) | (x > (1 - EDGE_MARGIN) * width)
    beside_x = (y + h < EDGE_MARGIN * height) | (y > (1 - EDGE_MARGIN) * height)
    is_upright = (h > w) & beside_y & (top | bottom) & ((top & bottom) | left | right)
    is_lying = (w > h) & beside_x & (left | right) & ((left & right) | top | bottom)
    return np.asarray(is_thin & (is_upright | is_lying))


def _is_inside(found: Components, slack: float) -> bool:
    """Whether all components are further from the picture's border than `slack` of the longer side."""
    h, w = found.labels.shape
    near = round(slack * max(found.height, found.width)) + 1
    right, bottom = found.width - found.left - w, found.height - found.top - h
    return bool(min(found.left, found.top, right, bottom) > near)
