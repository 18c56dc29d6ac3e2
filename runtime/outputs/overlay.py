"""Predictions and readings drawn into pictures. Pure."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.results import Prediction, Reading

GREEN, ORANGE, RED = (80, 200, 80), (0, 140, 255), (40, 40, 220)  # BGR: an answer, none, a region's label


def overlay(image: NDArray[np.uint8], prediction: Prediction) -> NDArray[np.uint8]:
    """The picture, (h, w, 3) BGR uint8, with what was looked at framed and the answer written in a bar above it."""
    canvas = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image.copy()
    scale = max(1, round(240 / max(canvas.shape[:2])))
    canvas = cv2.resize(canvas, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    height, width = canvas.shape[:2]
    color = GREEN if prediction.label is not None else ORANGE
    if prediction.box is not None:
        x, y, w, h = (v * scale for v in prediction.box)
        cv2.rectangle(canvas, (x, y), (x + w, y + h), color, max(2, height // 200))
    bar = max(28, round(0.08 * max(height, width)))
    canvas = cv2.copyMakeBorder(canvas, bar, 0, 0, 0, cv2.BORDER_CONSTANT, value=(32, 32, 32))
    # Whatever the picture's size, the color tells an answer from none.
    cv2.rectangle(canvas, (0, bar - 3), (canvas.shape[1], bar - 2), color, -1)
    text = _ascii(_caption(prediction))
    size = bar / 40
    thick = max(1, round(size * 1.5))
    # Narrow pictures: smaller letters rather than lost ones.
    (needed, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, thick)
    size *= min(1.0, (width - 12) / needed)
    cv2.putText(canvas, text, (6, round(bar * 0.72)), cv2.FONT_HERSHEY_SIMPLEX, size, color, thick, cv2.LINE_AA)
    return np.asarray(canvas, dtype=np.uint8)


def overlay_regions(image: NDArray[np.uint8], reading: Reading) -> NDArray[np.uint8]:
    """The picture, (h, w, 3) BGR uint8, with every region framed and its label at the frame's left top corner."""
    canvas = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image.copy()
    scale = max(1, round(240 / max(canvas.shape[:2])))
    canvas = cv2.resize(canvas, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    line = max(1, max(canvas.shape[:2]) // 500)
    for region in reading.regions:
        x, y, w, h = (v * scale for v in region.box)
        cv2.rectangle(canvas, (x, y), (x + w, y + h), GREEN, line)
        size = min(1.2, max(0.35, h / 90))
        place = (x, max(round(24 * size), y - 2 * line))
        cv2.putText(canvas, _ascii(region.label), place, cv2.FONT_HERSHEY_SIMPLEX, size, RED, line, cv2.LINE_AA)
    return np.asarray(canvas, dtype=np.uint8)


def _caption(prediction: Prediction) -> str:
    if prediction.label is not None:
        return f"{prediction.label}  {prediction.score:.1%}"
    best = f": {prediction.top[0].label} {prediction.top[0].score:.0%}?" if prediction.top else ""
    return f"{prediction.reason}{best}"


def _ascii(text: str) -> str:
    """OpenCV's fonts have ASCII only; other letters become "?" there, and nowhere else."""
    return text.encode("ascii", "replace").decode("ascii")
