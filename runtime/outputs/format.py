"""Predictions as text, JSON, CSV and pictures. Pure."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Mapping

from runtime.results import Prediction, Reading
from runtime.stream.answer import FrameResult, StreamUpdate

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


def text_line(answer: StreamUpdate) -> str:
    """ "12:03:04 frame 61: 7 (99.9 %), 29.8 fps"."""
    name = f"{clock(answer.at)} frame {answer.frame.index}" if answer.frame else clock(answer.at)
    if answer.look is None or answer.frame is None:
        return f"{name}: {answer.state}"
    if answer.steady is None and answer.look.answer[0]:
        return f"{name}: nothing steady"
    if answer.look.reading is None:
        line = to_text(name, answer.look.prediction)
    else:
        line = f"{name}: {in_one_line(answer.look)}"
    return line + (f" [{answer.fps:.1f} fps]" if answer.fps else "")


def in_one_line(look: FrameResult) -> str:
    """A text that was read: "31415 / 92653 (97.1 %)", the score that of its least certain digit."""
    rows = look.answer[1].replace("\n", " / ")
    return f"{rows} ({look.score:.1%})".replace("%", " %") if rows else "no digits"


def state_line(answer: StreamUpdate) -> str:
    """A change of state: "12:03:04 stale: no new frame for 2 s"."""
    return f"{clock(answer.at)} {answer.state}" + (f": {answer.message}" if answer.message else "")


def to_json_dict(answer: StreamUpdate) -> dict[str, object]:
    """The JSON object of one answer; the keys are the same with a frame and without.

    reason: "no frame" where stale or lost; `message` then says why.
    """
    frame, look = answer.frame, answer.look
    if look is None or frame is None:
        seen: dict[str, object] = {"source": answer.source, "label": None, "score": 0.0, "reason": "no frame"}
        seen |= {"top": [], "timing_ms": {"preprocess": 0.0, "inference": 0.0}}
    else:
        seen = to_dict(answer.source, look.prediction)
        if look.reading is not None:
            seen |= reading_to_dict(look.reading)
    return {
        **seen,
        "frame": frame.index if frame else None,
        "captured_at": round(frame.captured_at, 3) if frame else None,
        "age_ms": round(answer.age_ms, 3) if frame else None,
        "state": answer.state,
        "steady": answer.steady,
        "classified": answer.classified,
        "fps": round(answer.fps, 1),
        "message": answer.message or None,
    }


def json_line(answer: StreamUpdate) -> str:
    """`to_json_dict` on one line."""
    return json.dumps(to_json_dict(answer), ensure_ascii=False)


def clock(at: float) -> str:
    """Seconds since the epoch as the time of day here."""
    return time.strftime("%H:%M:%S", time.localtime(at))
