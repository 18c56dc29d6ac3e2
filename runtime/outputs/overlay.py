"""Predictions and readings drawn into pictures. Pure, but for `write_in_bar`."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.results import Prediction, Reading
from runtime.text import printable, shortened

Image = NDArray[np.uint8]
Color = tuple[int, int, int]  # BGR
GREEN, ORANGE, RED = (80, 200, 80), (0, 140, 255), (40, 40, 220)  # BGR: an answer, none, a region's label
BAR_GRAY = 32  # gray level of the bar that text is written in
MIN_SIDE = 240  # pixels: smaller pictures are enlarged, as nothing could be read in them
MAX_TEXT = 200  # letters of a label: many more would be as fine as dust
MAX_SIDE, MAX_AREA = 65_000, 25_000_000  # pixels: larger pictures are shrunk; a JPEG has no longer side
MARGIN = 6  # pixels between the ends of a bar and its text


def overlay(image: Image, prediction: Prediction) -> Image:
    """A picture with its prediction: what was looked at is framed, the answer is written in a bar above it.

    Args:
        image: (h, w) gray or (h, w, 3) BGR, uint8. It is not changed.
        prediction: What the picture shows.

    Returns:
        (H, W, 3) BGR uint8, enlarged by a whole factor where the picture is small, shrunk where it is huge.
    """
    canvas, scale = _scaled(image)
    height, width = canvas.shape[:2]
    color = GREEN if prediction.label is not None else ORANGE
    if prediction.box is not None:
        x, y, w, h = (round(v * scale) for v in prediction.box)
        cv2.rectangle(canvas, (x, y), (x + w, y + h), color, max(2, height // 200))
    # Of a thin picture, by its shorter side: a bar by the longer one would take its square in memory.
    bar = max(28, min(round(0.08 * max(height, width)), 4 * min(height, width)))
    gray = (BAR_GRAY,) * 3
    canvas = np.asarray(cv2.copyMakeBorder(canvas, bar, 0, 0, 0, cv2.BORDER_CONSTANT, value=gray), np.uint8)
    # Whatever the picture's size, the color tells an answer from none.
    cv2.rectangle(canvas, (0, bar - 3), (width, bar - 2), color, -1)
    write_in_bar(canvas, _caption(prediction), round(bar * 0.72), bar, color, max(1, round(bar / 40 * 1.5)))
    return canvas


def overlay_regions(image: Image, reading: Reading) -> Image:
    """A picture with its reading: every region is framed, with its label at the frame's left top corner.

    Args:
        image: (h, w) gray or (h, w, 3) BGR, uint8. It is not changed.
        reading: The text of the picture.

    Returns:
        (H, W, 3) BGR uint8, enlarged by a whole factor where the picture is small, shrunk where it is huge.
    """
    canvas, scale = _scaled(image)
    line = max(1, max(canvas.shape[:2]) // 500)
    for region in reading.regions:
        x, y, w, h = (round(v * scale) for v in region.box)
        cv2.rectangle(canvas, (x, y), (x + w, y + h), GREEN, line)
        size = min(1.2, max(0.35, h / 90))
        place = (x, max(round(24 * size), y - 2 * line))
        cv2.putText(canvas, _ascii(region.label), place, cv2.FONT_HERSHEY_SIMPLEX, size, RED, line, cv2.LINE_AA)
    return canvas


def write_in_bar(canvas: Image, text: str, baseline: int, bar: int, color: Color, thickness: int) -> None:
    """Write a line of text into a bar across a picture, in smaller letters where it would be cut off.

    Args:
        canvas: (h, w, 3) BGR uint8, with the bar in it. It is changed.
        text: One line; letters outside ASCII become "?".
        baseline: Row that the letters stand on, pixels.
        bar: Height of the bar, pixels; capitals are about half as high.
        color: Color of the letters, BGR.
        thickness: Thickness of the strokes, pixels.
    """
    if canvas.shape[1] <= 2 * MARGIN:
        return  # no letter has room
    text = _ascii(text)
    size = bar / 40
    (needed, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, thickness)
    # Narrow pictures: smaller letters rather than lost ones.
    size *= min(1.0, (canvas.shape[1] - 2 * MARGIN) / needed)
    cv2.putText(canvas, text, (MARGIN, baseline), cv2.FONT_HERSHEY_SIMPLEX, size, color, thickness, cv2.LINE_AA)


def _scaled(image: Image) -> tuple[Image, float]:
    """A BGR copy of a picture, and the factor by which it is larger: a whole one for a small picture, or below 1."""
    height, width = image.shape[:2]
    factor = min(MAX_SIDE / max(height, width), (MAX_AREA / (height * width)) ** 0.5)
    if factor < 1:  # before the color: three channels of a large gray picture take three times its memory
        size = max(1, int(width * factor)), max(1, int(height * factor))
        return _in_color(cv2.resize(image, size, interpolation=cv2.INTER_AREA)), factor
    scale = max(1, round(MIN_SIDE / max(height, width)))
    canvas = _in_color(image)
    if scale > 1:
        canvas = np.asarray(cv2.resize(canvas, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST), np.uint8)
    return canvas, scale


def _in_color(image: Any) -> Image:
    """A BGR copy."""
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image.copy(), np.uint8)


def _caption(prediction: Prediction) -> str:
    if prediction.label is not None:
        return f"{prediction.label}  {prediction.score:.1%}"
    best = f": {prediction.top[0].label} {prediction.top[0].score:.0%}?" if prediction.top else ""
    return f"{prediction.reason}{best}"


def _ascii(text: str) -> str:
    """OpenCV's fonts have ASCII only; other letters become "?" in pictures, and nowhere else."""
    return shortened(printable(text), MAX_TEXT).encode("ascii", "replace").decode("ascii")
