"""The framing "ink": one handwritten mark, found, cut out and brought into the form of MNIST's images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.framing.base import Content, Framing, Prepared, Scores
from runtime.image.pixels import Picture
from runtime.ink.find import find_ink
from runtime.ink.framing import frame_ink
from runtime.results import Region
from runtime.tflite.card import InputSpec

CROWD_SHARE = 0.08  # of a picture's ink: a mark with less is a letter of a text or a spot of a texture
MNIST_BOX = 20 / 28  # of the input's shorter side: the box that MNIST's digits were scaled to


@dataclass(frozen=True)
class Handwriting:
    """The framing of handwritten marks, which MNIST's images came by (LeCun et al. 1998).

    Attributes:
        content: "mark", see `Framing`.
        channels: 1, gray.
    """

    content: Content = "mark"
    channels: tuple[int, ...] = (1,)

    def input_spec(self, height: int, width: int, channels: int) -> InputSpec:
        """The spec for inputs of this size whose mark is as large as MNIST's.

        Args:
            height: Height of an input, pixels.
            width: Width of an input, pixels.
            channels: 1.

        Returns:
            The spec, framing "ink", light marks on black.
        """
        return InputSpec(height, width, channels, ink_box=max(1, round(min(height, width) * MNIST_BOX)))

    def prepare(self, picture: Picture, spec: InputSpec) -> Prepared | None:
        """The main mark of a picture, its longer side scaled to `spec.ink_box`, its mass in the center.

        Args:
            picture: uint8, (h, w) gray or (h, w, 3) BGR.
            spec: The model's input.

        Returns:
            The input, `is_single` where the mark has its share of the picture's ink; None where there is no mark.
        """
        ink = find_ink(picture)
        return None if ink is None else Prepared(frame_ink(ink, spec), ink.box, ink.share >= CROWD_SHARE)

    def read(
        self, picture: Picture, spec: InputSpec, scores: Scores, labels: Sequence[str], threshold: float
    ) -> list[list[Region]]:
        """Every mark of a strip, a page or a table that the model knows.

        Args:
            picture: uint8, (h, w) gray or (h, w, 3) BGR.
            spec: The model's input.
            scores: Runs the model.
            labels: Class names by index.
            threshold: 0 to 1; what scores less is left out.

        Returns:
            Lines of text from the top, in each the regions from the left.

        Raises:
            TooManyMarks: The page has more marks than are read.
        """
        from runtime.ink.reader import read_text_lines  # not above: a start that reads one mark needs none of it

        return read_text_lines(picture, spec, scores, labels, threshold)


FRAMING: Framing = Handwriting()
