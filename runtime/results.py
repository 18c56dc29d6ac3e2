"""What the runtime answers: frozen values without behavior."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """One class and its score.

    Attributes:
        label: Name of the class.
        index: Position of the class in the model's output, from 0.
        score: 0 to 1.

    Example:
        >>> from runtime import Classifier, read_image
        >>> best = Classifier.load().predict(read_image("samples/photo_7.jpg")).top[0]
        >>> best.label, best.index, best.score > 0.9
        ('7', 7, True)
    """

    label: str
    index: int
    score: float


@dataclass(frozen=True)
class Prediction:
    """What a picture shows.

    Attributes:
        label: Name of the best class; None where the runtime abstains.
        index: Position of the best class in the model's output, from 0; None where the runtime abstains.
        score: Score of the best class, 0 to 1; 0 when the picture is blank.
        reason: Why the runtime abstains: "blank" (nothing is there) or "unsure" (the best score is below the
            threshold, or the picture shows a crowd of marks). None where it answers.
        top: The best classes, best first; empty when the picture is blank.
        box: (x, y, width, height) of the part that was classified, in pixels of the picture; None when it is blank.
        preprocess_ms: Milliseconds from the picture to the model's input.
        inference_ms: Milliseconds from the model's input to the scores.
        labels: Of a model with several labels for one picture (`decision.choice` "many"): all whose score reaches the
            threshold, best first. Empty for any other model.

    Example:
        >>> from runtime import Classifier, read_image
        >>> prediction = Classifier.load().predict(read_image("samples/blank.jpg"))
        >>> prediction.label is None, prediction.reason
        (True, 'blank')
    """

    label: str | None
    index: int | None
    score: float
    reason: str | None
    top: tuple[Candidate, ...]
    box: tuple[int, int, int, int] | None
    preprocess_ms: float
    inference_ms: float
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """Everything that was read in a picture.

    Attributes:
        text: The labels: lines of text from the top, joined by line breaks, in each the labels from the left with
            nothing between. "" where nothing was read.
        regions: What was read, in the order of `text`.
        preprocess_ms: Milliseconds spent on the picture, the model's runs not included.
        inference_ms: Milliseconds spent in the model, all runs together.
        reason: "too many marks" where a picture has more than are read, and none of them was; None otherwise.

    Example:
        >>> from runtime import Classifier, read_image
        >>> Classifier.load().read(read_image("samples/photo_7.jpg")).text
        '7'
    """

    text: str
    regions: tuple[Region, ...]
    preprocess_ms: float
    inference_ms: float
    reason: str | None = None


@dataclass(frozen=True)
class Region:
    """One label and its place in a picture.

    Attributes:
        box: (x, y, width, height) in pixels of the picture.
        label: Name of the class.
        score: 0 to 1.

    Example:
        >>> from runtime import Classifier, read_image
        >>> (region,) = Classifier.load().read(read_image("samples/photo_7.jpg")).regions
        >>> region.label, len(region.box)
        ('7', 4)
    """

    box: tuple[int, int, int, int]
    label: str
    score: float
