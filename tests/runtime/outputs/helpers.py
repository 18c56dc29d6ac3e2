"""Updates to show to outputs, and the run that an output belongs to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from runtime.outputs.base import OutputContext
from runtime.results import Candidate, Prediction, Reading, Region
from runtime.sources.base import Frame
from runtime.stream.answer import FrameResult, StreamUpdate

AT = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC


def context(
    log: Callable[[str], None] = lambda _: None, *, live: bool = False, fps: float | None = None
) -> OutputContext:
    """A run that nobody stops."""
    return OutputContext(log, lambda: False, lambda: None, live, fps)


def result(label: str | None, reason: str | None = None) -> FrameResult:
    """A prediction of one class, or of none for a reason."""
    top = (Candidate(label or "1", 1, 0.9),) if reason != "blank" else ()
    return FrameResult(Prediction(label, 1 if label else None, 0.9, reason, top, None, 2.0, 0.5))


def page(text: str, *scores: float) -> FrameResult:
    """A page with a text, of which the whole is none of the model's classes."""
    regions = tuple(Region((0, 0, 9, 9), "1", score) for score in scores)
    return FrameResult(Prediction(None, None, 0.3, "unsure", (), None, 2.0, 0.5), Reading(text, regions, 1.0, 1.0))


def update(
    found: FrameResult | None = None,
    index: int = 3,
    *,
    state: str = "ok",
    changed: bool = True,
    classified: bool = True,
    steady: bool = True,
    level: int = 200,
) -> StreamUpdate:
    """A frame of one gray level with a result: "7" where none is named."""
    found = found or result("7")
    image = np.full((240, 320, 3), level, np.uint8)
    return StreamUpdate(
        state=state,
        source="camera 0",
        timestamp=AT,
        frame=Frame(image, "camera 0", index, AT),
        result=found,
        classified=classified,
        steady=found.outcome.text if steady else None,
        changed=changed,
        age_ms=50.0,
        capture_ms=33.0,
    )


def lost(message: str = "unplugged", state: str = "lost") -> StreamUpdate:
    """A source without a frame."""
    return StreamUpdate(state, "camera 0", AT, changed=True, message=message)
