"""Scenes drawn with the samples' pen: pages of digits, tables, edges of sheets."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from samples.draw import BALLPOINT, MARKER, PAPER, Pen, Place, sheet, write

Image = NDArray[np.uint8]
PEN = Pen(0.09, MARKER)
BLUE = Pen(0.07, BALLPOINT)


def rng(seed: int = 5) -> np.random.Generator:
    """A generator of its own for each use: pictures do not depend on the order they are drawn in."""
    return np.random.default_rng(seed)


def write_near(image: Image, digit: str, place: Place, pen: Pen, random: np.random.Generator) -> None:
    """`samples.draw.write` into `image`, on the part of it around the digit: a page would be redrawn for each."""
    reach = round(1.2 * place.height)
    x0, y0 = max(0, int(place.x) - reach), max(0, int(place.y) - reach)
    part = image[y0 : int(place.y) + reach, x0 : int(place.x) + reach]
    part[:] = write(part, digit, Place(place.x - x0, place.y - y0, place.height, place.slant), pen, random)


def page(rows: list[str], size: int = 60, pen: Pen = PEN, gap: float = 1.0, paper: Image | None = None) -> Image:
    """Rows of digits, each `size` pixels high, `gap` heights apart; other characters leave a space."""
    step, down = round(size * gap), round(size * 1.9)
    shape = (down * len(rows) + size, step * max(map(len, rows)) + 2 * size)
    made = sheet(*shape, PAPER, 2.0, rng()) if paper is None else paper.copy()
    for i, row in enumerate(rows):
        for j, digit in enumerate(row):
            if digit.isdigit():
                place = Place(1.5 * size + j * step, size + i * down, size, 4)
                write_near(made, digit, place, pen, rng(7 + i * 31 + j))
    return made


def grid_mask(cell: int, count: int) -> NDArray[np.bool_]:
    """The lines of a table of count x count cells, with a margin of some 20 pixels."""
    mask = np.zeros((cell * count + 40, cell * count + 60), np.uint8)
    for i in range(count + 1):
        cv2.line(mask, (30, 20 + i * cell), (30 + cell * count, 20 + i * cell), (1,), 2)
        cv2.line(mask, (30 + i * cell, 20), (30 + i * cell, 20 + cell * count), (1,), 2)
    return mask > 0


TABLE = [
    "53 678912",
    "672195348",
    "198342567",
    "8597 4 23",
    "426853791",
    "713924856",
    "96 53 284",
    "287419635",
    "345286 79",
]
# The samples' pen has one hand; these are the places that are typed.
TYPED = {(0, 3), (2, 2), (4, 4), (6, 7), (8, 1)}


@cache
def table(cell: int = 80) -> Image:
    """A filled-in table of 9 x 9 cells, typed and written digits in it; not to be written to."""
    side = 9 * cell
    image = sheet(side + 5 * cell, side + 3 * cell, PAPER, 2.0, rng())
    left, top = round(1.5 * cell), 3 * cell
    for i in range(10):
        wide, at = (5 if i % 3 == 0 else 2), i * cell
        cv2.line(image, (left + at, top), (left + at, top + side), (40, 36, 34), wide, cv2.LINE_AA)
        cv2.line(image, (left, top + at), (left + side, top + at), (40, 36, 34), wide, cv2.LINE_AA)
    for i, row in enumerate(TABLE):
        for j, digit in enumerate(row):
            x, y = left + (j + 0.5) * cell, top + (i + 0.5) * cell
            if (i, j) in TYPED:
                place = (round(x - 0.22 * cell), round(y + 0.28 * cell))
                cv2.putText(image, digit, place, cv2.FONT_HERSHEY_DUPLEX, cell / 36, (30, 30, 30), 3, cv2.LINE_AA)
            elif digit != " ":
                write_near(image, digit, Place(x, y, 0.68 * cell, 3), BLUE, rng(i * 9 + j))
    image.flags.writeable = False
    return image


def is_strokes_box(box: tuple[int, int, int, int], shape: tuple[int, int], slack: float = 0.04) -> bool:
    """Whether a box is that of helpers.stroke's digit, give or take `slack` of the picture and 3 pixels."""
    x, y, w, h = box
    height, width = shape
    ends = np.array([x / width, y / height, (x + w) / width, (y + h) / height])
    return bool(np.all(np.abs(ends - (0.35, 0.25, 0.65, 0.75)) < slack + 3 / min(shape)))
