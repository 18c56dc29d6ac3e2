"""Predictions, readings and stream updates as text, JSON and CSV. Pure.

Each function is named by what it takes and what it makes: `prediction_to_json`, `update_to_text`. The keys of the JSON
objects are a contract: they are always there, in the same order.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from runtime.results import Prediction, Reading

if TYPE_CHECKING:  # classify, which has no stream, would import five modules more: 1 % of its start
    from runtime.stream.answer import FrameResult, StreamUpdate

CSV_HEADER = ("source", "label", "score", "reason", "preprocess_ms", "inference_ms", "top")
MIN_SHOWN_SCORE = 0.0005  # of candidates after the best: below it they would be written as 0.0 %


def prediction_to_text(source: str, prediction: Prediction) -> str:
    """One line for a person.

    Args:
        source: Name of the picture.
        prediction: What it shows.

    Returns:
        "seven.png: 7 (99.9 %), then 1 (0.1 %)", "seven.png: blank" or "seven.png: unsure, perhaps 7 (40.0 %)".
    """
    candidates = [f"{c.label} ({_percent(c.score)})" for c in prediction.top]
    if prediction.reason == "blank":
        return f"{source}: blank"
    if prediction.reason == "unsure":
        return f"{source}: unsure, perhaps {' or '.join(candidates)}"
    others = [text for c, text in zip(prediction.top[1:], candidates[1:], strict=True) if c.score >= MIN_SHOWN_SCORE]
    return f"{source}: {candidates[0]}" + (f", then {', '.join(others)}" if others else "")


def prediction_to_dict(source: str, prediction: Prediction) -> dict[str, object]:
    """Make the JSON object of a prediction.

    Args:
        source: Name of the picture.
        prediction: What it shows.

    Returns:
        The keys source, label, score, reason, top and timing_ms (milliseconds).
    """
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


def prediction_to_json(source: str, prediction: Prediction, more: Mapping[str, object] | None = None) -> str:
    """Write `prediction_to_dict` on one line.

    Args:
        source: Name of the picture.
        prediction: What it shows.
        more: Keys that follow, those of `reading_to_dict` for example.

    Returns:
        A JSON object.
    """
    return _one_line({**prediction_to_dict(source, prediction), **(more or {})})


def prediction_to_csv(source: str, prediction: Prediction) -> str:
    """Write a prediction as one line of CSV.

    Args:
        source: Name of the picture.
        prediction: What it shows.

    Returns:
        The columns of CSV_HEADER, without a line break.
    """
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


def csv_line(cells: Sequence[str]) -> str:
    """Write cells as one line of CSV (RFC 4180).

    Args:
        cells: Any texts.

    Returns:
        The line without its line break; cells are quoted where they must be.
    """
    import csv

    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(cells)
    return buffer.getvalue()


def reading_to_text(source: str, reading: Reading) -> str:
    """The text of a picture, for a person.

    Args:
        source: Name of the picture.
        reading: What was read in it.

    Returns:
        "strip.png: 05221859"; where it has several lines, each indented on a line of its own after the name.
    """
    lines = reading.text.split("\n")
    if not reading.regions:
        return f"{source}: no digits"
    return f"{source}: {lines[0]}" if len(lines) == 1 else "\n  ".join([f"{source}:", *lines])


def reading_to_dict(reading: Reading) -> dict[str, object]:
    """Make what --read adds to a JSON object.

    Args:
        reading: What was read in the picture.

    Returns:
        The keys text and regions (box in pixels, label, score).
    """
    return {
        "text": reading.text,
        "regions": [{"box": list(r.box), "label": r.label, "score": round(r.score, 4)} for r in reading.regions],
    }


def update_to_text(update: StreamUpdate) -> str:
    """Write an update as one line for a person.

    Args:
        update: An update with a frame or without one.

    Returns:
        "12:03:04 frame 61: 7 (99.9 %) [29.8 fps]".
    """
    name = f"{_clock(update.timestamp)} frame {update.frame.index}" if update.frame else _clock(update.timestamp)
    if update.result is None or update.frame is None:
        return f"{name}: {update.state}"
    if update.steady is None and update.result.outcome.text is not None:
        return f"{name}: nothing steady"
    if update.result.reading is None:
        line = prediction_to_text(name, update.result.prediction)
    else:
        line = f"{name}: {result_to_text(update.result)}"
    return line + (f" [{update.fps:.1f} fps]" if update.fps else "")


def result_to_text(result: FrameResult) -> str:
    """Write the text of a whole frame.

    Args:
        result: A result with a reading.

    Returns:
        "31415 / 92653 (97.1 %)", the score being that of its least certain part.
    """
    if result.outcome.text is None:
        return "no digits"
    lines = result.outcome.text.split("\n")
    return f"{' / '.join(lines)} ({_percent(result.score)})"


def state_to_text(update: StreamUpdate) -> str:
    """Write a change of the source's state.

    Args:
        update: An update with the new state.

    Returns:
        "12:03:04 stale: no new frame for 2 s".
    """
    return f"{_clock(update.timestamp)} {update.state}" + (f": {update.message}" if update.message else "")


def update_to_dict(update: StreamUpdate) -> dict[str, object]:
    """Make the JSON object of an update. The keys are the same with a frame and without.

    Args:
        update: An update with a frame or without one.

    Returns:
        Those of `prediction_to_dict` (and of `reading_to_dict` where the whole frame was read), then frame,
        captured_at (seconds since the epoch), age_ms, state, steady, classified, fps and message. Where the source is
        stale or lost, reason is "no frame" and message says why.
    """
    frame, result = update.frame, update.result
    if result is None or frame is None:
        seen: dict[str, object] = {"source": update.source, "label": None, "score": 0.0, "reason": "no frame"}
        seen |= {"top": [], "timing_ms": {"preprocess": 0.0, "inference": 0.0}}
    else:
        seen = prediction_to_dict(update.source, result.prediction)
        if result.reading is not None:
            seen |= reading_to_dict(result.reading)
    return {
        **seen,
        "frame": frame.index if frame else None,
        "captured_at": round(frame.captured_at, 3) if frame else None,
        "age_ms": round(update.age_ms, 3) if frame else None,
        "state": update.state,
        "steady": update.steady,
        "classified": update.classified,
        "fps": round(update.fps, 1),
        "message": update.message or None,
    }


def update_to_json(update: StreamUpdate) -> str:
    """Write `update_to_dict` on one line.

    Args:
        update: An update with a frame or without one.

    Returns:
        A JSON object.
    """
    return _one_line(update_to_dict(update))


def _one_line(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _percent(score: float) -> str:
    return f"{score:.1%}".replace("%", " %")


def _clock(at: float) -> str:
    """Seconds since the epoch as the time of day here."""
    return time.strftime("%H:%M:%S", time.localtime(at))
