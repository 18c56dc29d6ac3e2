"""What a framing is: the step from a picture to the pixels that a model sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Picture
from runtime.results import Region
from runtime.tflite.card import InputSpec

Content = Literal["mark", "picture"]
Scores = Callable[[NDArray[np.uint8]], NDArray[np.float32]]  # model input, uint8 spec.shape -> probabilities (classes,)


class TooManyMarks(Exception):
    """A picture has more marks than are read: `Framing.read` raises it, and `Classifier.read` gives it as a reason."""


@dataclass(frozen=True, eq=False)  # == of arrays is no single truth value
class Prepared:
    """A model input and where it came from.

    Attributes:
        pixels: uint8 of the spec's (height, width, channels), 0 to 255.
        box: (x, y, width, height) of what was taken, in pixels of the picture.
        is_single: False where the picture shows many things and the one taken is a small part of them, such as a
            letter of a text or a spot of a texture. The runtime then abstains ("unsure"), whatever the score.
    """

    pixels: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    is_single: bool = True


@runtime_checkable
class Framing(Protocol):
    """Turns a picture into model inputs.

    A framing of one's own is one class, and one row: an object of it in `runtime.preprocess.FRAMINGS`, or, from
    another package, an entry point of the group `edge_classifier.framings` whose name is the card's `input.framing`.

    Attributes:
        content: What a model input shows. "mark": one light mark on black, cut out, scaled and centered; training
            bends and thickens its strokes, and adds drawn, damaged and rewritten marks. "picture": anything else;
            training changes it mildly. Training looks it up instead of comparing the name of the framing.
        channels: How many color channels an input may have: 1 (gray), 3 (color).
    """

    @property
    def content(self) -> Content:
        """What a model input shows."""
        ...

    @property
    def channels(self) -> tuple[int, ...]:
        """How many color channels an input may have."""
        ...

    def input_spec(self, height: int, width: int, channels: int) -> InputSpec:
        """The spec of a model whose inputs are prepared already, such as the images of an .npz file.

        Args:
            height: Height of an input, pixels.
            width: Width of an input, pixels.
            channels: One of `channels`.

        Returns:
            A spec whose `framing` names this framing.
        """
        ...

    def prepare(self, picture: Picture, spec: InputSpec) -> Prepared | None:
        """Make a model input of a picture's one subject.

        Args:
            picture: uint8, (h, w) gray or (h, w, 3) BGR; it is not written to.
            spec: The model's input.

        Returns:
            The input; None where there is nothing to classify ("blank").
        """
        ...

    def read(
        self, picture: Picture, spec: InputSpec, scores: Scores, labels: Sequence[str], threshold: float
    ) -> list[list[Region]]:
        """Find and classify everything in a picture. `read_one` does it for a framing that knows one subject only.

        Args:
            picture: uint8, (h, w) gray or (h, w, 3) BGR; it is not written to.
            spec: The model's input.
            scores: Runs the model.
            labels: Class names by index.
            threshold: 0 to 1; what scores less is left out.

        Returns:
            Regions in reading order: lines of text from the top, in each the regions from the left.

        Raises:
            TooManyMarks: The picture has more than are read: reading is bounded, because a camera waits for it.
        """
        ...


def read_one(prepared: Prepared | None, scores: Scores, labels: Sequence[str], threshold: float) -> list[list[Region]]:
    """What `Framing.read` returns where the picture has one subject.

    Args:
        prepared: What `Framing.prepare` returned.
        scores: Runs the model.
        labels: Class names by index.
        threshold: 0 to 1; a lower score gives no region.

    Returns:
        One line of one region, or nothing.
    """
    if prepared is None:
        return []
    probabilities = scores(prepared.pixels)
    index = int(np.argmax(probabilities))
    score = float(probabilities[index])
    return [[Region(prepared.box, labels[index], score)]] if prepared.is_single and score >= threshold else []
