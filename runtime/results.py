"""What the runtime answers: frozen values, no behavior."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """One class and its score, 0 to 1."""

    label: str
    index: int
    score: float


@dataclass(frozen=True)
class Prediction:
    """What a picture shows.

    label, index: None where the runtime abstains, and `reason` says why: "blank" (nothing there) or
    "unsure" (the best score is below the threshold, or the mark one of very many). score: of the best class, 0 to 1;
    0 when blank. top: the best classes, best first. box: (x, y, width, height) of what was looked at, in
    pixels of the picture. preprocess_ms, inference_ms: milliseconds.
    """

    label: str | None
    index: int | None
    score: float
    reason: str | None
    top: tuple[Candidate, ...]
    box: tuple[int, int, int, int] | None
    preprocess_ms: float
    inference_ms: float


@dataclass(frozen=True)
class Reading:
    """Every digit of a picture.

    text: rows from the top, joined by line breaks, in each the labels from the left with nothing between;
    "" where there are none. regions: in the same order. preprocess_ms, inference_ms: milliseconds.
    """

    text: str
    regions: tuple[Region, ...]
    preprocess_ms: float
    inference_ms: float


@dataclass(frozen=True)
class Region:
    """One digit. box: (x, y, width, height) in pixels of the picture. score: 0 to 1."""

    box: tuple[int, int, int, int]
    label: str
    score: float
