"""Printed characters as filled shapes, in the fonts that matplotlib ships: every machine has the same."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np

from train.data.pictures import Image
from train.synthetic.pen import CANVAS, MARK

FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSerif",
    "DejaVuSerif-Italic",
    "DejaVuSansMono",
    "STIXGeneral",
    "STIXGeneralItalic",
    "STIXGeneralBol",
    "cmr10",
    "cmss10",
    "cmtt10",
)
LATIN_ONLY = ("cmr10", "cmss10", "cmtt10")  # Knuth's encoding agrees with Unicode for Latin letters only
SLASHED_ZERO = ("DejaVuSansMono",)  # or dotted
SHIFT = 4  # fractional bits of the coordinates that OpenCV is given


@cache
def shape_of(text: str, font: str) -> Image:
    """`fill_text`, cached.

    Args:
        text: Not only spaces.
        font: One of FONTS.

    Returns:
        uint8 (CANVAS, CANVAS), read-only; the same array for the same arguments.
    """
    shape = fill_text(text, font)
    shape.setflags(write=False)
    return shape


def fill_text(text: str, font: str) -> Image:
    """Draw a text, filled, its longer side MARK pixels.

    Args:
        text: Not only spaces.
        font: One of FONTS.

    Returns:
        uint8 (CANVAS, CANVAS), 0 the paper and 255 the ink.
    """
    from matplotlib import get_data_path
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    path = TextPath((0, 0), text, size=100, prop=FontProperties(fname=_file(Path(get_data_path()), font)))
    polygons = [np.asarray(polygon, np.float32) for polygon in path.to_polygons()]
    outlines = [polygon for polygon in polygons if len(polygon) > 2]
    points = np.concatenate(outlines)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = MARK / max(1e-6, float((high - low).max()))
    placed = [((outline - (low + high) / 2) * (scale, -scale) + CANVAS / 2) * 2**SHIFT for outline in outlines]
    canvas: Image = np.zeros((CANVAS, CANVAS), np.uint8)
    cv2.fillPoly(canvas, [np.round(outline).astype(np.int32) for outline in placed], (255,), cv2.LINE_AA, SHIFT)
    return canvas


def fonts_for(character: str) -> tuple[str, ...]:
    """The fonts that draw a character in its usual form.

    Args:
        character: One letter, digit or sign.

    Returns:
        Some of FONTS.
    """
    if ord(character[0]) > 126:
        return tuple(font for font in FONTS if font not in LATIN_ONLY)
    return tuple(font for font in FONTS if not (character == "0" and font in SLASHED_ZERO))


def _file(data: Path, font: str) -> Path:
    return data / "fonts" / "ttf" / f"{font}.ttf"
