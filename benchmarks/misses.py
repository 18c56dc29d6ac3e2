"""Contact sheets of pictures that were read wrong: the picture, what it shows and was read as, what the model saw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.errors import OutputError
from runtime.image.files import write_image
from runtime.image.pixels import as_picture
from runtime.outputs.overlay import overlay_regions
from runtime.results import Reading

Image = NDArray[np.uint8]

TILE = (320, 220)  # pixels, width and height: the picture, and beside it the model's input
CAPTION = 34  # pixels
SHEET = (5, 4)  # tiles across and down


@dataclass(frozen=True)
class Miss:
    """A picture that was read wrong.

    Attributes:
        name: The first line of its caption.
        answer: The second line.
        image: The picture as it was read, gray or BGR.
        shown: The model's input, where there is one.
        reading: The reading, where several digits were read.
    """

    name: str
    answer: str
    image: NDArray[np.uint8]
    shown: NDArray[np.uint8] | None
    reading: Reading | None


def write_sheets(folder: Path, misses: list[Miss]) -> Iterator[Path]:
    """Draw contact sheets of SHEET tiles each.

    Args:
        folder: Where the PNG files go. It is made.
        misses: What to draw.

    Yields:
        Each file as it is written.

    Raises:
        OutputError: The folder or a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make folder {folder}: {error.strerror}") from None
    across, down = SHEET
    for number, start in enumerate(range(0, len(misses), across * down), start=1):
        tiles = [tile(miss) for miss in misses[start : start + across * down]]
        tiles += [np.full_like(tiles[0], 60)] * (-len(tiles) % across)
        rows = [np.hstack(tiles[i : i + across]) for i in range(0, len(tiles), across)]
        path = folder / f"misses-{number}.png"
        write_image(path, np.vstack(rows))
        yield path


def tile(miss: Miss) -> Image:
    """Draw one miss.

    Args:
        miss: What to draw.

    Returns:
        uint8 (TILE height + CAPTION, TILE width, 3), BGR.
    """
    width, height = TILE
    canvas = np.full((height + CAPTION, width, 3), 60, np.uint8)
    picture = as_picture(miss.image)
    picture = overlay_regions(picture, miss.reading) if miss.reading is not None else _bgr(picture)
    room = width if miss.shown is None else width - 140
    _put(canvas, _fitted(picture, room, height), 0)
    if miss.shown is not None:
        _put(canvas, cv2.resize(_bgr(miss.shown), (136, 136), interpolation=cv2.INTER_NEAREST), width - 138)
    for line, text in enumerate((miss.name, miss.answer)):
        place = (3, height + 13 + 16 * line)
        cv2.putText(canvas, text[:52], place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (120, 230, 250), 1, cv2.LINE_AA)
    return canvas


def _put(canvas: Image, picture: NDArray[np.generic], left: int) -> None:
    canvas[: picture.shape[0], left : left + picture.shape[1]] = picture


def _fitted(picture: Image, width: int, height: int) -> NDArray[np.generic]:
    factor = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(1, int(picture.shape[1] * factor)), max(1, int(picture.shape[0] * factor)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST)


def _bgr(image: NDArray[np.uint8]) -> Image:
    gray = image.ndim == 2 or image.shape[2] == 1
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if gray else image, np.uint8)
