"""Predictions as text, JSON, CSV and pictures. Pure."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.classifier import Prediction, Reading

GREEN, ORANGE, RED = (80, 200, 80), (0, 140, 255), (40, 40, 220)  # BGR: an answer, none, a region's label
CSV_HEADER = ("source", "label", "score", "reason", "preprocess_ms", "inference_ms", "top")


def to_text(source: str, prediction: Prediction) -> str:
    """One line for a person: "seven.png: 7 (99.9 %), then 1 (0.1 %)"."""
    candidates = [f"{c.label} ({c.score:.1%})".replace("%", " %") for c in prediction.top]
    if prediction.reason == "blank":
        return f"{source}: blank"
    if prediction.reason == "unsure":
        return f"{source}: unsure, perhaps {' or '.join(candidates)}"
    others = [text for c, text in zip(prediction.top[1:], candidates[1:], strict=True) if c.score >= 0.0005]
    return f"{source}: {candidates[0]}" + (f", then {', '.join(others)}" if others else "")


def to_dict(source: str, prediction: Prediction) -> dict[str, object]:
    """The JSON object of one prediction; the keys are always these."""
    return {
        "source": source,
        "label": prediction.label,
        "score": round(prediction.score, 4),
        "reason": prediction.reason,
        "top": [{"label": c.label, "score": round(c.score, 4)} for c in prediction.top],
        "timing_ms": {
            "preprocess": round(prediction.preprocess_ms, 3),
            "inference": round(prediction.inference_ms, 3),
        },
    }


def reading_to_text(source: str, reading: Reading) -> str:
    """ "strip.png: 05221859"; of several lines each on its own, indented, after the name."""
    lines = reading.text.split("\n")
    if not reading.regions:
        return f"{source}: no digits"
    return f"{source}: {lines[0]}" if len(lines) == 1 else "\n  ".join([f"{source}:", *lines])


def reading_to_dict(reading: Reading) -> dict[str, object]:
    """What --read adds to a JSON object: text and regions."""
    return {
        "text": reading.text,
        "regions": [{"box": list(r.box), "label": r.label, "score": round(r.score, 4)} for r in reading.regions],
    }


def to_json(source: str, prediction: Prediction, more: Mapping[str, object] | None = None) -> str:
    """`to_dict`, and the keys of `more`, on one line."""
    return json.dumps({**to_dict(source, prediction), **(more or {})}, ensure_ascii=False)


def to_csv(source: str, prediction: Prediction) -> str:
    """One CSV line (RFC 4180, without its line break) with the columns of CSV_HEADER."""
    return csv_line(
        (
            source,
            prediction.label if prediction.label is not None else "",
            f"{prediction.score:.4f}",
            prediction.reason or "",
            f"{prediction.preprocess_ms:.3f}",
            f"{prediction.inference_ms:.3f}",
            " ".join(f"{c.label}:{c.score:.4f}" for c in prediction.top),
        )
    )


def csv_line(cells: tuple[str, ...]) -> str:
    """Cells as one line of CSV, quoted where they must be."""
    import csv

    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()


def overlay(image: NDArray[np.uint8], prediction: Prediction) -> NDArray[np.uint8]:
    """The picture, (h, w, 3) BGR uint8, with what was looked at framed and the answer written in a bar above it."""
    canvas = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image.copy()
    scale = max(1, round(240 / max(canvas.shape[:2])))
    canvas = cv2.resize(canvas, None, fx=scale, fy=scale, interpolation=cv2.INTER_NEAREST)
    height, width = canvas.shape[:2]
    colour = GREEN if prediction.label is not None else ORANGE
    if prediction.box is not None:
        x, y, w, h = (v * scale for v in prediction.box)
        cv2.rectangle(canvas, (x, y), (x + w, y + h), colour, max(2, height // 200))
    bar = max(28, round(0.08 * max(height, width)))
    canvas = cv2.copyMakeBorder(canvas, bar, 0, 0, 0, cv2.BORDER_CONSTANT, value=(32, 32, 32))
    # Whatever the picture's size, the colour tells an answer from none.
    cv2.rectangle(canvas, (0, bar - 3), (canvas.shape[1], bar - 2), colour, -1)
    text = _ascii(_caption(prediction))
    size = bar / 40
    thick = max(1, round(size * 1.5))
    # Narrow pictures: smaller letters rather than lost ones.
    (needed, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, thick)
    size *= min(1.0, (width - 12) / needed)
    cv2.putText(canvas, text, (6, round(bar * 0.72)), cv2.FONT_HERSHEY_SIMPLEX, size, colour, thick, cv2.LINE_AA)
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
