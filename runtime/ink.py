"""Where the main mark on the paper is. Pure: arrays in, arrays out, the same on every machine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.paper import (
    SMALL_SIDE,
    Gray,
    Picture,
    components,
    ground_of,
    ink_mask,
    ink_plane,
    is_light_on_dark,
    quantile,
    shrink,
    strength_of,
    stroke_limit,
    to_gray,
    u8,
)
from runtime.rules import frame_lines
from runtime.small import even_ground, in_veil, is_light_in_veil, is_veiled, restored, without_line

WORK_SIDE = 320  # pixels; marks are looked for in a picture no larger than this
MARK_SIDE = 80  # pixels; a mark is cut out at no more than this, four times MNIST's box
GROUND_SHARES = (1.0, 0.4, 0.15)  # of the widest stroke: tried until what is found is made of strokes
MAX_BULGE = 2.7  # greatest to mean half-width: 1 for a line, 1.6 with junctions, 3 with a shadow attached
REST_FILL = 0.35  # of its box: a stroke fills less, what is left of a shadow more
BLOB_SHARE = 0.25  # of a mark's longer side: strokes are less than twice this wide, shadows are more
MOST_BULGE = 3.2  # the same, of anything drawn; greater, it is a texture
LEAST_CONTRAST = 12.0  # grey levels, of a mark's dark parts
LEAST_INK = 0.1  # of the paper's light; what takes less shines through or is the paper's own grain
GRAIN = 0.1  # of full ink: less is paper
VEIL_GRAIN = 0.15  # the same, in fog
SPECK_SHARE = 0.03  # of the largest mark's area


@dataclass(frozen=True)
class Ink:
    """One mark.

    box: (x, y, width, height) in pixels of the picture. strength: (h, w) uint8, the box alone, 0 is
    paper and 255 the darkest (or, on a board, brightest) ink, at most MARK_SIDE on its longer side.
    light: True for light marks on a dark ground. share: of all ink in the picture, 0 to 1; where it is
    small the picture is a text or a texture.
    """

    box: tuple[int, int, int, int]
    strength: Gray
    light: bool
    share: float = 1.0


def find_ink(image: Picture) -> Ink | None:
    """The main mark of a picture, whatever its polarity and light; None where there is none.

    image: (height, width) or (height, width, 3) BGR, uint8.
    """
    if max(image.shape[:2]) <= SMALL_SIDE:
        return _find_small(image)
    factor = min(1.0, WORK_SIDE / max(image.shape[:2]))
    small = shrink(image, factor)
    light = is_light_on_dark(small)
    plane = ink_plane(small, light)
    best = _best(plane, _grounds(plane), light)
    return None if best is None else _cut_out(image, best, factor)


def _find_small(image: Picture) -> Ink | None:
    """The same for a picture in which each pixel counts: of at most SMALL_SIDE."""
    gray = to_gray(image)
    mended = restored(gray)
    if mended is not gray:
        image = gray = mended
    if is_veiled(gray):
        light = is_light_in_veil(gray)
        mask, ground, share = in_veil(ink_plane(image, light))
        return _cut_out(image, _Found(_Mark(mask, 1.0, share), ground, light), 1.0, VEIL_GRAIN) if mask.any() else None
    light = is_light_on_dark(image)
    plane = without_line(ink_plane(image, light))
    even = even_ground(plane)
    grounds = _grounds(plane) if even is None else [(even[0], max(plane.shape), even[1])]
    best = _best(plane, grounds, light)
    return None if best is None else _cut_out(ink_plane(plane, light), best, 1.0, 0.0)


def _grounds(plane: Gray) -> Iterator[tuple[Gray, int, float]]:
    """Grounds to try, each with the side in pixels of the square that it was found with; all might be paper."""
    for share in GROUND_SHARES:
        size = max(3, round(share * stroke_limit(*plane.shape)))
        yield ground_of(plane, size), size, 1.0


def _best(plane: Gray, grounds: Iterable[tuple[Gray, int, float]], light: bool) -> _Found | None:
    """The first mark that is made of strokes, else that which is most like one."""
    best: _Found | None = None
    for ground, size, paper in grounds:
        strength = strength_of(plane, ground, paper)
        mark = _main_mark(ink_mask(strength, paper), size)
        if mark is not None and not _is_ink(mark, strength, None if light else ground):
            continue
        if mark is not None and (best is None or mark.bulge < best.mark.bulge):
            best = _Found(mark, ground, light)
        if best is not None and best.mark.bulge <= MAX_BULGE:
            break
    return best


def _is_ink(mark: _Mark, strength: Gray, ground: Gray | None) -> bool:
    """Whether a mark is drawn, by its contrast and its strokes: not bleed-through, the paper's grain, a texture.

    ground: of dark marks, whose contrast is a share of the light of their paper; None for light ones.
    """
    if max(strength.shape) <= SMALL_SIDE:
        return True
    contrast = quantile(strength[mark.mask], 0.9)
    paper = 0.0 if ground is None else 255 - float(ground[mark.mask].mean())
    least = max(LEAST_CONTRAST, LEAST_INK * paper)
    return contrast >= least and not MOST_BULGE < mark.bulge < math.inf


@dataclass(frozen=True)
class _Part:
    """One connected component: its label, bounding box, area and largest half-width in pixels."""

    label: int
    x: int
    y: int
    w: int
    h: int
    area: int
    depth: float


@dataclass(frozen=True)
class _Mark:
    """The pixels of a mark (h, w), its greatest half-width as a multiple of the mean one, its share of all ink."""

    mask: NDArray[np.bool_]
    bulge: float
    share: float


def _main_mark(mask: NDArray[np.bool_] | None, size: int) -> _Mark | None:
    """The components that make the largest, most central mark; None where there is none.

    size: of the square that the ground was found with; a stroke near as wide has lost its inside to it.
    """
    if mask is None:
        return None
    mask = mask & ~frame_lines(mask)
    height, width = mask.shape
    labels, stats = components(mask)
    depths = _depths(mask, labels, len(stats))
    parts = [_Part(i, x, y, w, h, area, depths[i]) for i, (x, y, w, h, area) in enumerate(stats.tolist()) if i > 0]
    parts = [part for part in parts if not _is_edge_or_line(part, height, width) and not _is_rest(part, mask, size)]
    if not parts:
        return None
    main = max(parts, key=lambda part: _prominence(part, height, width))
    chosen = [main]
    for part in sorted(parts, key=lambda part: -part.area):
        if part is not main and _belongs(part, chosen, main):
            chosen.append(part)
    wanted = np.zeros(len(stats), np.bool_)
    wanted[[part.label for part in chosen]] = True
    pixels = np.asarray(wanted[labels])
    depth = max(part.depth for part in chosen)
    if max(height, width) > SMALL_SIDE and depth > BLOB_SHARE * max(cv2.boundingRect(pixels.astype(np.uint8))[2:]):
        return None
    share = sum(part.area for part in chosen) / sum(part.area for part in parts)
    return _Mark(pixels, _bulge(pixels, depth, size), share)


def _bulge(mask: NDArray[np.bool_], depth: float, size: int) -> float:
    """`depth` over the mean half-width, area by outline. Pen strokes are even, shadows are not."""
    if depth > 0.35 * size:
        return math.inf
    solid = mask.astype(np.uint8)
    area = int(solid.sum())
    outline = area - int(cv2.erode(solid, np.ones((3, 3), np.uint8)).sum())
    return depth / max(1.0, area / outline)


def _depths(mask: NDArray[np.bool_], labels: NDArray[np.int32], count: int) -> list[float]:
    """Largest distance to the ground, in pixels, within each label. The picture's border is no ground."""
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    distance = np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, 3))[1:-1, 1:-1]
    depths = np.zeros(count, np.float32)
    np.maximum.at(depths, labels[mask], distance[mask])
    return [float(depth) for depth in depths]


def _is_edge_or_line(part: _Part, height: int, width: int) -> bool:
    """Shadows and stains, edges of the sheet, slivers along the border, lines ruled across the picture."""
    if max(height, width) <= SMALL_SIDE:
        return False
    long_x, long_y = part.w > 0.8 * width, part.h > 0.8 * height
    if (long_x and part.h < 0.08 * height) or (long_y and part.w < 0.02 * width):
        return True
    if part.depth > BLOB_SHARE * max(part.w, part.h) and max(part.w, part.h) > 0.1 * max(height, width):
        return True
    sides = (part.x == 0) + (part.y == 0) + (part.x + part.w == width) + (part.y + part.h == height)
    if not sides:
        return False
    sliver = part.w < 0.06 * width or part.h < 0.06 * height
    hollow = long_x and long_y and part.area < 0.08 * part.w * part.h
    return sliver or hollow or part.area > 0.5 * height * width


def _is_rest(part: _Part, mask: NDArray[np.bool_], size: int) -> bool:
    """What is left of a shadow at the border when the square was too large for its corner."""
    height, width = mask.shape
    inside = part.x > 0 and part.y > 0 and part.x + part.w < width and part.y + part.h < height
    thick = part.depth > 0.25 * size and part.area > REST_FILL * part.w * part.h
    return not inside and thick and size < 0.5 * stroke_limit(height, width)


def _prominence(part: _Part, height: int, width: int) -> float:
    """Area, weighed down by half towards the border."""
    dx = abs(part.x + part.w / 2 - width / 2) / width
    dy = abs(part.y + part.h / 2 - height / 2) / height
    return part.area * (1 - max(dx, dy))


def _belongs(part: _Part, chosen: list[_Part], main: _Part) -> bool:
    """Whether `part` is a piece of the mark (a broken stroke), not a speck and not another mark."""
    if part.area < SPECK_SHARE * main.area:
        return False
    gap = min(_gap(part, other) for other in chosen)
    beside = part.x >= main.x + main.w or part.x + part.w <= main.x
    another = beside and part.h > 0.6 * main.h
    return gap <= (0.08 if another else 0.2) * max(main.w, main.h)


def _gap(a: _Part, b: _Part) -> int:
    """Pixels between two boxes, the larger of the two directions; 0 where they touch or overlap."""
    dx = max(a.x - b.x - b.w, b.x - a.x - a.w, 0)
    dy = max(a.y - b.y - b.h, b.y - a.y - a.h, 0)
    return max(dx, dy)


@dataclass(frozen=True)
class _Found:
    """A mark and its ground, (h, w)."""

    mark: _Mark
    ground: Gray
    light: bool


def _cut_out(image: Picture, found: _Found, factor: float, grain: float = GRAIN) -> Ink | None:
    """Cut a mark out of the picture itself, finer than it was found where the picture is finer."""
    mask = found.mark.mask.astype(np.uint8)
    x, y, w, h = (int(v) for v in cv2.boundingRect(mask))
    # One pixel around the mask lets the soft edge of the stroke through, and nothing else.
    left, top = max(0, x - 1), max(0, y - 1)
    right, bottom = min(mask.shape[1], x + w + 1), min(mask.shape[0], y + h + 1)
    near = cv2.dilate(mask[top:bottom, left:right], np.ones((3, 3), np.uint8))
    x0, x1 = (min(image.shape[1], round(v / factor)) for v in (left, right))
    y0, y1 = (min(image.shape[0], round(v / factor)) for v in (top, bottom))
    crop = shrink(image[y0:y1, x0:x1], min(1.0, MARK_SIDE * factor / max(w, h)))
    size = (crop.shape[1], crop.shape[0])
    keep = cv2.resize(near, size, interpolation=cv2.INTER_NEAREST)
    ground = cv2.resize(found.ground[top:bottom, left:right], size, interpolation=cv2.INTER_LINEAR)
    strength = cv2.multiply(cv2.subtract(ink_plane(crop, found.light), ground), keep)
    box = (x0, y0, max(1, x1 - x0), max(1, y1 - y0))
    strength = stretched(u8(strength), grain)
    return Ink(box, strength, found.light, found.mark.share) if strength.size else None


def stretched(strength: Gray, grain: float) -> Gray:
    """Trimmed to its ink and brought to 0..255: `grain`, a share of full ink, becomes 0, full ink 255.

    Where there is no ink, nothing is left: (0, 0).
    """
    peak = quantile(strength[strength > 0.3 * strength.max()], 0.9)
    floor = grain * peak
    level = np.clip((strength - np.float32(floor)) * np.float32(255.0 / max(1.0, peak - floor)), 0, 255)
    x, y, w, h = (int(v) for v in cv2.boundingRect((level > 0).astype(np.uint8)))
    return u8(level[y : y + h, x : x + w].round())
