"""What a person says of a model that its file does not say."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.foreign.normalization import Scale


@dataclass(frozen=True)
class Given:
    """What the caller says of a model without a card. None: let the file say, or the usual be taken.

    Attributes:
        scale: Which pixels it takes.
        size: (height, width) in pixels, of a model that leaves them open.
        output: Index of the output that holds the scores.
        resize: "stretch", "crop" or "pad".
        color: "gray", "rgb" or "bgr": the order of the channels.
        framing: Name of a framing, such as "ink".
        labels: Names of the classes by index.
        labels_from: Where they come from, for a person.
    """

    scale: Scale | None = None
    size: tuple[int, int] | None = None
    output: int | None = None
    resize: str | None = None
    color: str | None = None
    framing: str | None = None
    labels: tuple[str, ...] | None = None
    labels_from: str = "given"
