"""Every mark on a page: its ink, its ruled lines, and the pieces of ink that may be parts of digits. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Boxes, Gray, Mask, Picture, components, histogram, shrink, u8
from runtime.ink.background import (
    MIN_CONTRAST,
    NOISE_SIGMAS,
    SMALL_SIDE,
    color_cast,
    contrast_above,
    estimate_background,
    ink_channel,
    is_light_on_dark,
)
from runtime.ink.ruled_lines import find_lines, frame_lines
from runtime.ink.table_cells import NO_CELLS, find_cells

READ_SIDE = 1600  # pixels; a 30-pixel digit of a 2000-pixel page keeps 24, enough for MNIST's 20
FIRST_GROUND = 0.6  # of the shorter side: wider than any stroke, whatever the picture shows
GROUND_STROKES = 6.0  # times the widest usual stroke: the square that forgets strokes and little else
WIDEST_STROKE = 0.25  # of the shorter side; wider, it is a shadow or a thing on the page
MIN_PAPER = 64  # gray levels of light that the darkest paper is taken to have
LOW_INK = 0.14  # of the strongest ink on the page: what may be ink
OWN_INK = 0.33  # of a piece's own strongest ink: what is its ink
FAINT_PIECE = 0.3  # of the usual piece's contrast: fainter, it shines through from the other side
MIN_PIECE = 5  # pixels of the longer side
SPECK = 0.2  # of the usual height; smaller, a piece is not even part of a digit
CUT_SPECK = 0.6  # of the usual height, where the picture's border cuts the piece
SLIVER = 0.25  # of its length: thinner along the picture's border, a piece is what was cut off
LEAST_CONTRAST = 28.0  # of 255: what takes less of the paper's light is no ink
GIANT = 2.4  # times the usual height; larger, it is no digit and no two that touch
ON_LINE = 0.5  # of a piece's pixels beside a line: the line's own rest
RANDOM_SHARE = 0.6  # of the picture; more ink is a texture, not writing


@dataclass(frozen=True)
class Piece:
    """One connected piece of ink: its label in Page.labels, its box, area and contrast (0 to 255)."""

    label: int
    x: int
    y: int
    w: int
    h: int
    area: int
    contrast: float


@dataclass(frozen=True)
class Page:
    """A picture and its marks, at `factor` of its size.

    strength: (h, w) uint8, 0 is paper. labels: (h, w) integers, which piece a pixel belongs to, 0 none.
    cells: (n, 4) boxes of table cells. digit: the usual height of a piece, pixels. light: see Ink.
    """

    strength: Gray
    labels: NDArray[np.integer[Any]]
    pieces: tuple[Piece, ...]
    cells: Boxes
    digit: float
    factor: float
    light: bool


def segment_page(picture: Picture) -> Page | None:
    """The pieces of ink on a page, without ruled lines, specks and what shines through; None where there are none.

    picture: (height, width) or (height, width, 3) BGR, uint8.
    """
    factor = min(1.0, READ_SIDE / max(picture.shape[:2]))
    light = is_light_on_dark(picture)
    small = shrink(picture, factor)
    strength = _page_strength(ink_channel(small, light, color_cast(small)), light)
    mask = _may_be_ink(strength)
    if mask is None:
        return None
    lines, cells = _ruled(mask, strength)
    mask &= ~lines
    labels, pieces = _own_ink(mask, strength)
    near_lines = cv2.dilate(lines.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    beside = np.bincount(labels[near_lines], minlength=int(labels.max()) + 1)
    pieces = [p for p in pieces if max(p.w, p.h) >= MIN_PIECE and beside[p.label] < ON_LINE * p.area]
    digit = median_height(pieces)
    if digit is None:
        return None
    usual = _weighted_median([p.contrast for p in pieces], [float(p.area) for p in pieces])
    faint = max(LEAST_CONTRAST, FAINT_PIECE * usual)
    kept = [
        p
        for p in pieces
        if (CUT_SPECK if _is_cut(p, mask) else SPECK) * digit <= max(p.w, p.h) <= GIANT * digit
        and p.contrast >= faint
        and not (_is_sliver(p, mask) and max(mask.shape) > SMALL_SIDE)
    ]
    return Page(strength, labels, tuple(kept), cells, digit, factor, light) if kept else None


def _ruled(mask: Mask, strength: Gray) -> tuple[Mask, Boxes]:
    """The pixels of ruled lines and the boxes of table cells.

    Lines across the whole picture go first: digits that stand on them show their size only then. Parts
    of the ground that are lower than a digit are no cells, whatever encloses them.
    """
    if max(mask.shape) <= SMALL_SIDE:
        return np.zeros_like(mask), NO_CELLS
    cells = find_cells(mask)
    pieces = _pieces(mask & ~frame_lines(mask), strength)[1]
    digit = median_height([p for p in pieces if not _is_table(p, cells)])
    if digit is not None and len(cells) and float(np.median(cells[:, 3])) < digit:
        cells = NO_CELLS
    return find_lines(mask, cells, digit), cells


def _is_table(piece: Piece, cells: Boxes) -> bool:
    """Whether a piece is around three cells or more."""
    x, y, w, h = cells.T
    right, bottom = piece.x + piece.w, piece.y + piece.h
    return int(np.sum((x >= piece.x) & (y >= piece.y) & (x + w <= right) & (y + h <= bottom))) >= 3


def _is_cut(piece: Piece, mask: Mask) -> bool:
    """Whether a piece reaches the picture's border."""
    height, width = mask.shape
    return piece.x <= 1 or piece.y <= 1 or piece.x + piece.w >= width - 1 or piece.y + piece.h >= height - 1


def _is_sliver(piece: Piece, mask: Mask) -> bool:
    """Whether a piece is thin and lies along the picture's border: what was cut off there."""
    height, width = mask.shape
    upright = piece.x <= 1 or piece.x + piece.w >= width - 1
    lying = piece.y <= 1 or piece.y + piece.h >= height - 1
    return (upright and piece.w < SLIVER * piece.h) or (lying and piece.h < SLIVER * piece.w)


def median_height(pieces: list[Piece]) -> float | None:
    """The height of the pieces that most ink is in, pixels; None without pieces.

    Pieces wider than high by far count for nothing: lines, words and signs tell nothing of digits.
    """
    tall = [p for p in pieces if p.w < 2.5 * p.h]
    if not tall:
        return None
    return _weighted_median([float(p.h) for p in tall], [float(min(p.area, p.h * p.h)) for p in tall])


def _page_strength(plane: Gray, light: bool) -> Gray:
    """How far each pixel stands above its paper, 0 to 255: of dark ink the share of the light that it takes."""
    side = min(plane.shape)
    size = max(3, round(FIRST_GROUND * side))
    first = _strong(contrast_above(plane, estimate_background(plane, size))[0])
    if first is not None:
        size = int(np.clip(round(GROUND_STROKES * _stroke_width(first, WIDEST_STROKE * side)), 9, size))
    ground = estimate_background(plane, size)
    strength = contrast_above(plane, ground)[0]
    if not light:
        paper = np.maximum(255 - ground.astype(np.float32), MIN_PAPER)
        return u8(np.clip(strength * (255 / paper), 0, 255).round())
    return strength


def _strong(strength: Gray) -> Mask | None:
    """Pixels above half of the strongest ink, for measuring strokes; None on a plain page."""
    peak = float(strength.max())
    return np.asarray(strength > 0.35 * peak) if peak >= MIN_CONTRAST else None


def _stroke_width(mask: Mask, widest: float) -> float:
    """The width that 90 % of the strokes' length does not exceed, pixels; strokes wider than `widest` aside."""
    solid = mask.astype(np.uint8)
    outline = solid - cv2.erode(solid, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(solid)
    area = np.bincount(labels.ravel(), minlength=count)[1:]
    edge = np.bincount(labels.ravel(), weights=outline.ravel(), minlength=count)[1:]
    width = 2 * area / np.maximum(edge, 1)
    fits = (width <= widest) & (area >= 9)
    if not fits.any():
        return widest
    order = np.argsort(width[fits], kind="stable")
    totals = np.cumsum(edge[fits][order])
    return float(width[fits][order][np.searchsorted(totals, 0.9 * totals[-1])])


def _may_be_ink(strength: Gray) -> Mask | None:
    """Pixels well above the grain; None where nothing is, or nearly everything."""
    small = max(strength.shape) <= SMALL_SIDE
    calm = strength if small else u8(cv2.blur(strength, (3, 3)))
    totals = np.cumsum(histogram(calm))
    peak = float(calm.max())
    # The median of what is not ink: half of the pixels below half of the peak.
    below = totals[max(0, int(peak / 2) - 1)]
    grain = 1.4826 * float(np.searchsorted(totals, below / 2))
    floor = max(NOISE_SIGMAS * grain, LOW_INK * peak, MIN_CONTRAST / 2)
    if peak < max(MIN_CONTRAST, NOISE_SIGMAS * grain):
        return None
    mask = np.asarray(strength > floor)
    return mask if 0 < np.count_nonzero(mask) < RANDOM_SHARE * mask.size else None


def _own_ink(mask: Mask, strength: Gray) -> tuple[NDArray[np.integer[Any]], list[Piece]]:
    """Pieces of the mask, each at the threshold that its own ink sets."""
    labels, pieces = _pieces(mask, strength)
    contrast = np.zeros(len(pieces) + 1, np.float32)
    contrast[[p.label for p in pieces]] = [p.contrast for p in pieces]
    return _pieces(np.asarray(mask & (strength > OWN_INK * contrast[labels])), strength)


def _pieces(mask: Mask, strength: Gray) -> tuple[NDArray[np.integer[Any]], list[Piece]]:
    labels, stats = components(mask)
    contrast = np.zeros(len(stats), np.uint8)
    calm = strength if max(strength.shape) <= SMALL_SIDE else u8(cv2.blur(strength, (3, 3)))
    np.maximum.at(contrast, labels[mask], calm[mask])
    rows = stats.tolist()
    return labels, [
        Piece(i, x, y, w, h, area, float(contrast[i])) for i, (x, y, w, h, area) in enumerate(rows) if i > 0
    ]


def _weighted_median(values: list[float], weights: list[float]) -> float:
    order = np.argsort(values, kind="stable")
    totals = np.cumsum(np.asarray(weights)[order])
    return float(np.asarray(values)[order][np.searchsorted(totals, totals[-1] / 2)])
