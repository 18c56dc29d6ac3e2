"""All the ink on a page: its components, without ruled lines, specks and what shines through. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runtime.image.pixels import Boxes, Gray, Labels, Mask, Picture, components, shrink
from runtime.ink.background import (
    SMALL_SIDE,
    color_cast,
    ink_channel,
    is_light_on_dark,
)
from runtime.ink.page_strength import ink_mask, page_strength, smoothed
from runtime.ink.ruled_lines import are_line_remnants, find_lines, frame_lines
from runtime.ink.table_cells import NO_CELLS, find_cells, tables_among

READ_SIDE = 1600  # pixels; a 30-pixel digit of a 2000-pixel page keeps 24, enough for MNIST's 20
PIECE_THRESHOLD = 0.33  # of a component's own strongest ink: what is its ink

# Components. Heights are ratios to the usual height of a digit.
FAINT = 0.3  # of the usual contrast: a fainter component shines through from the other side
MIN_CONTRAST_SHARE = 28.0  # of 255: what takes less of the paper's light is no ink
MIN_PIECE = 5  # pixels of the longer side
MIN_HEIGHT = 0.2  # a component whose longer side is less is not even part of a digit
MIN_CUT_HEIGHT = 0.6  # the same, where the picture's border cuts the component
MAX_HEIGHT = 2.4  # a larger component is no digit and no two that touch
SLIVER = 0.25  # of its length: a thinner component along the picture's border is what was cut off
MAX_DIGIT_WIDTH = 2.5  # of its height: wider components are lines, words and signs, which tell nothing of digits


@dataclass(frozen=True)
class Component:
    """One connected component of ink.

    Attributes:
        label: In Page.labels.
        x: Left of its box, pixels.
        y: Top of its box, pixels.
        w: Width of its box, pixels.
        h: Height of its box, pixels.
        area: Pixels.
        contrast: Its strongest ink, 0 to 255.
    """

    label: int
    x: int
    y: int
    w: int
    h: int
    area: int
    contrast: float


@dataclass(frozen=True)
class Page:
    """A picture and its components of ink, at `factor` of its size.

    Attributes:
        strength: uint8 (h, w), 0 is paper.
        labels: Integers (h, w), which component a pixel belongs to, 0 none.
        components: Those that may be digits or parts of them.
        cells: int (n, 4), boxes of table cells.
        digit_height: The usual height of a component, pixels.
        factor: Size relative to the picture's.
        light_on_dark: True for light marks on a dark background.
    """

    strength: Gray
    labels: Labels
    components: tuple[Component, ...]
    cells: Boxes
    digit_height: float
    factor: float
    light_on_dark: bool


def segment_page(picture: Picture) -> Page | None:
    """Find the components of ink on a page, without ruled lines, specks and what shines through.

    Args:
        picture: uint8, (h, w) gray or (h, w, 3) BGR.

    Returns:
        The page; None where there is no writing on it.
    """
    factor = min(1.0, READ_SIDE / max(picture.shape[:2]))
    light_on_dark = is_light_on_dark(picture)
    small = shrink(picture, factor)
    strength = page_strength(ink_channel(small, light_on_dark, color_cast(small)), light_on_dark)
    mask = ink_mask(strength)
    if mask is None:
        return None
    lines, cells = _ruled(mask, strength)
    mask &= ~lines
    labels, found = _rethresholded(mask, strength)
    found = _without_line_remnants(found, labels, lines)
    digit_height = median_height(found)
    if digit_height is None:
        return None
    kept = _without_specks(found, digit_height, mask.shape)
    return Page(strength, labels, kept, cells, digit_height, factor, light_on_dark) if kept else None


def _without_line_remnants(found: list[Component], labels: Labels, lines: Mask) -> list[Component]:
    """Without what is left of removed lines, and without the smallest components; found: all, in order of labels."""
    is_remnant = are_line_remnants(lines, labels, np.array([0, *(c.area for c in found)]))
    return [c for c in found if max(c.w, c.h) >= MIN_PIECE and not is_remnant[c.label]]


def _without_specks(found: list[Component], digit_height: float, shape: tuple[int, ...]) -> tuple[Component, ...]:
    """The components of a page of this shape that by size and contrast may be digits, or parts of them."""
    usual = _weighted_median([c.contrast for c in found], [float(c.area) for c in found])
    min_contrast = max(MIN_CONTRAST_SHARE, FAINT * usual)
    return tuple(
        c
        for c in found
        if (MIN_CUT_HEIGHT if _is_cut(c, shape) else MIN_HEIGHT) * digit_height
        <= max(c.w, c.h)
        <= MAX_HEIGHT * digit_height
        and c.contrast >= min_contrast
        and not (_is_sliver(c, shape) and max(shape) > SMALL_SIDE)
    )


def _ruled(mask: Mask, strength: Gray) -> tuple[Mask, Boxes]:
    """The pixels of ruled lines and the boxes of table cells.

    Lines across the whole picture are removed first: only then do digits that touch them show their size. Parts of
    the background that are lower than a digit are no cells, whatever encloses them.
    """
    if max(mask.shape) <= SMALL_SIDE:
        return np.zeros_like(mask), NO_CELLS
    cells = find_cells(mask)
    found = _components(mask & ~frame_lines(mask), strength)[1]
    boxes = np.array([(c.x, c.y, c.w, c.h) for c in found], np.int64).reshape(-1, 4)
    is_table = tables_among(boxes, cells, mask.shape).tolist()
    digit_height = median_height([c for c, around_cells in zip(found, is_table, strict=True) if not around_cells])
    if digit_height is not None and len(cells) and float(np.median(cells[:, 3])) < digit_height:
        cells = NO_CELLS
    return find_lines(mask, cells, digit_height), cells


def _is_cut(component: Component, shape: tuple[int, ...]) -> bool:
    """Whether a component reaches the border of a picture of this shape."""
    height, width = shape
    right, bottom = component.x + component.w, component.y + component.h
    return component.x <= 1 or component.y <= 1 or right >= width - 1 or bottom >= height - 1


def _is_sliver(component: Component, shape: tuple[int, ...]) -> bool:
    """Whether a component is thin and lies along the picture's border: what was cut off there."""
    height, width = shape
    at_side = component.x <= 1 or component.x + component.w >= width - 1
    at_end = component.y <= 1 or component.y + component.h >= height - 1
    return (at_side and component.w < SLIVER * component.h) or (at_end and component.h < SLIVER * component.w)


def median_height(found: Sequence[Component]) -> float | None:
    """Compute the height of the components that most ink is in: their median, weighted by area.

    Args:
        found: Components; those far wider than high are ignored.

    Returns:
        Pixels; None without components.
    """
    tall = [c for c in found if c.w < MAX_DIGIT_WIDTH * c.h]
    if not tall:
        return None
    return _weighted_median([float(c.h) for c in tall], [float(min(c.area, c.h * c.h)) for c in tall])


def _rethresholded(mask: Mask, strength: Gray) -> tuple[Labels, list[Component]]:
    """The components of the mask, each at the threshold that its own ink sets."""
    labels, found = _components(mask, strength)
    contrast = np.zeros(len(found) + 1, np.float32)
    contrast[[c.label for c in found]] = [c.contrast for c in found]
    return _components(np.asarray(mask & (strength > PIECE_THRESHOLD * contrast[labels])), strength)


def _components(mask: Mask, strength: Gray) -> tuple[Labels, list[Component]]:
    labels, stats = components(mask)
    contrast = np.zeros(len(stats), np.uint8)
    np.maximum.at(contrast, labels[mask], smoothed(strength)[mask])
    rows = stats.tolist()
    return labels, [
        Component(i, x, y, w, h, area, float(contrast[i])) for i, (x, y, w, h, area) in enumerate(rows) if i > 0
    ]


def _weighted_median(values: list[float], weights: list[float]) -> float:
    order = np.argsort(values, kind="stable")
    totals = np.cumsum(np.asarray(weights)[order])
    return float(np.asarray(values)[order][np.searchsorted(totals, totals[-1] / 2)])
