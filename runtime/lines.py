"""A camera's answers as lines: for a person, and as JSON. Pure."""

from __future__ import annotations

import json
import time

from runtime.render import reading_to_dict, to_dict, to_text
from runtime.watch import Answer, Look


def text_line(answer: Answer) -> str:
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


def in_one_line(look: Look) -> str:
    """A text that was read: "31415 / 92653 (97.1 %)", the score that of its least certain digit."""
    rows = look.answer[1].replace("\n", " / ")
    return f"{rows} ({look.score:.1%})".replace("%", " %") if rows else "no digits"


def state_line(answer: Answer) -> str:
    """A change of state: "12:03:04 stale: no new frame for 2 s"."""
    return f"{clock(answer.at)} {answer.state}" + (f": {answer.message}" if answer.message else "")


def to_json_dict(answer: Answer) -> dict[str, object]:
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


def json_line(answer: Answer) -> str:
    """`to_json_dict` on one line."""
    return json.dumps(to_json_dict(answer), ensure_ascii=False)


def clock(at: float) -> str:
    """Seconds since the epoch as the time of day here."""
    return time.strftime("%H:%M:%S", time.localtime(at))
