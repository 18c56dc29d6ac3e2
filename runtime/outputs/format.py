"""Predictions, readings and stream updates as text and JSON. Pure.

Each function is named by what it takes and what it makes: `prediction_to_json`, `update_to_text`. The keys of the JSON
objects are a contract: they are always there, in the same order.

Labels and names come from outside. A text has them printable and short, so that one line stays one line of bounded
length; JSON has them whole.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from runtime.results import Candidate, Prediction, Reading
from runtime.text import printable, shortened, to_json

if TYPE_CHECKING:  # classify, which has no stream, would import five modules more: 1 % of its start
    from runtime.stream.answer import FrameResult, StreamUpdate

MAX_LINE = 1000  # characters of a line for a person; of them:
MAX_NAME = 500
MAX_LABEL = 100
MIN_SHOWN_SCORE = 0.0005  # of candidates after the best: below it they would be written as 0.0 %


def prediction_to_text(source: str, prediction: Prediction) -> str:
    """One line for a person.

    Args:
        source: Name of the picture.
        prediction: What it shows.

    Returns:
        "seven.png: 7 (99.9 %), then 1 (0.1 %)", "seven.png: blank" or "seven.png: unsure, perhaps 7 (40.0 %)".
    """
    name = shortened(printable(source), MAX_NAME)
    if prediction.reason == "blank":
        return f"{name}: blank"
    if prediction.reason == "unsure":
        return f"{name}: unsure, perhaps {_listed(prediction.top, ' or ')}"
    if prediction.labels:
        return f"{name}: {_listed(prediction.top[: len(prediction.labels)], ' and ')}"
    others = [c for c in prediction.top[1:] if c.score >= MIN_SHOWN_SCORE]
    return f"{name}: {_listed(prediction.top[:1], '')}" + (f", then {_listed(others, ', ')}" if others else "")


def prediction_to_dict(source: str, prediction: Prediction) -> dict[str, object]:
    """Make the JSON object of a prediction.

    Args:
        source: Name of the picture.
        prediction: What it shows.

    Returns:
        The keys source, label, score, reason, top and timing_ms (milliseconds); `labels` too where the model gives
        several to one picture.
    """
    several: dict[str, object] = {"labels": list(prediction.labels)} if prediction.labels else {}
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
        **several,
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
    return to_json({**prediction_to_dict(source, prediction), **(more or {})})


def reading_to_text(source: str, reading: Reading) -> str:
    """The text of a picture, for a person.

    Args:
        source: Name of the picture.
        reading: What was read in it.

    Returns:
        "strip.png: 05221859"; where it has several lines, each indented on a line of its own after the name; where
        nothing was read "strip.png: no digits", or the reason.
    """
    name = shortened(printable(source), MAX_NAME)
    if not reading.regions:
        return f"{name}: {reading.reason or 'no digits'}"
    lines = [shortened(printable(line), MAX_LINE) for line in reading.text.split("\n")]
    return f"{name}: {lines[0]}" if len(lines) == 1 else "\n  ".join([f"{name}:", *lines])


def reading_to_dict(reading: Reading) -> dict[str, object]:
    """Make what --read adds to a JSON object.

    Args:
        reading: What was read in the picture.

    Returns:
        The keys text and regions (box in pixels, label, score), and unread where a reason is known.
    """
    regions = [{"box": list(r.box), "label": r.label, "score": round(r.score, 4)} for r in reading.regions]
    unread = {"unread": reading.reason} if reading.reason else {}
    return {"text": reading.text, "regions": regions, **unread}


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
        return (result.reading.reason if result.reading else None) or "no digits"
    text = " / ".join(printable(line) for line in result.outcome.text.split("\n"))
    return f"{shortened(text, MAX_LINE - MAX_NAME)} ({_percent(result.score)})"


def state_to_text(update: StreamUpdate) -> str:
    """Write a change of the source's state.

    Args:
        update: An update with the new state.

    Returns:
        "12:03:04 stale: no new frame for 2 s".
    """
    message = shortened(printable(update.message), MAX_NAME)
    return f"{_clock(update.timestamp)} {update.state}" + (f": {message}" if message else "")


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
    return to_json(update_to_dict(update))


def _listed(candidates: Sequence[Candidate], separator: str) -> str:
    """Candidates for a person; of very many those that a line has room for, and the number of the others."""
    texts: list[str] = []
    room = MAX_LINE - MAX_NAME - 2 * MAX_LABEL
    for candidate in candidates:
        text = f"{shortened(printable(candidate.label), MAX_LABEL)} ({_percent(candidate.score)})"
        room -= len(text) + len(separator)
        if room < 0 and texts:
            return separator.join([*texts, f"{len(candidates) - len(texts)} more"])
        texts.append(text)
    return separator.join(texts)


def _percent(score: float) -> str:
    return f"{score:.1%}".replace("%", " %")


def _clock(at: float) -> str:
    """Seconds since the epoch as the time of day here."""
    return time.strftime("%H:%M:%S", time.localtime(at))
