"""What the model takes a part of a page for. Pure, given the scores."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from runtime.framing.base import Scores, TooManyMarks
from runtime.image.pixels import Gray, Mask, u8
from runtime.ink.background import KERNEL_3X3
from runtime.ink.find import GRAIN, Ink, stretched
from runtime.ink.framing import frame_ink, missing_width
from runtime.ink.page import Page
from runtime.tflite.card import InputSpec

SCORE_FLOOR = 1e-4  # before its logarithm is taken

# The bound of a page. A full page of handwriting takes half of it; dots by the ten thousand would take minutes.
MAX_EFFORT = 48_000_000  # pixels
RUN_EFFORT = 8_000  # pixels that take as long to examine as one run of the model
LARGE = 160  # pixels; a smaller mark's hairlines are widened in no time
WIDENING = 2_000  # pixels of a widening's kernel that take as long as one pixel to examine


@dataclass
class Effort:
    """What a page has cost so far.

    Attributes:
        pixels: Pixels examined, and what takes as long as so many.
    """

    pixels: int = 0

    def add(self, pixels: int) -> None:
        """Count what a mark costs, before it is spent.

        Args:
            pixels: Pixels to examine, or what takes as long.

        Raises:
            TooManyMarks: The page costs more than one may.
        """
        self.pixels += pixels
        if self.pixels > MAX_EFFORT:
            raise TooManyMarks


@dataclass(frozen=True)
class Hypothesis:
    """The best class of a part of the page.

    Attributes:
        x: Left of its box, pixels of the page.
        y: Top of its box.
        w: Width of its box.
        h: Height of its box.
        index: The best class.
        score: Score of the best class, 0 to 1.
    """

    x: int
    y: int
    w: int
    h: int
    index: int
    score: float

    @property
    def log_score(self) -> float:
        """Logarithm of the score, of SCORE_FLOOR at least."""
        return math.log(max(self.score, SCORE_FLOOR))


@dataclass(frozen=True)
class ReadingContext:
    """What every step of reading needs.

    Attributes:
        page: The components of ink.
        spec: The model's input.
        scores: Runs the model.
        threshold: 0 to 1; what scores less is no digit.
        effort: What reading has cost so far.
    """

    page: Page
    spec: InputSpec
    scores: Scores
    threshold: float
    effort: Effort = field(default_factory=Effort)

    def classify(self, mask: Mask, x: int, y: int) -> Hypothesis | None:
        """Ask the model what the pixels of a mask are.

        Args:
            mask: bool (h, w).
            x: Left of the mask on the page, pixels.
            y: Top of the mask.

        Returns:
            Its best class; None where the mask is empty.

        Raises:
            TooManyMarks: The page has more marks than are read.
        """
        left, top, w, h = (int(v) for v in cv2.boundingRect(mask.astype(np.uint8)))
        if w == 0:
            return None
        self.effort.add(RUN_EFFORT + w * h)
        x, y, mask = x + left, y + top, mask[top : top + h, left : left + w]
        strength = _strength(self.page.strength, mask, x, y)
        if not strength.size:
            return None
        if max(w, h) > LARGE:
            self.effort.add(_widening(strength))
        ink = Ink((x, y, w, h), strength, self.page.light_on_dark)
        scores = self.scores(frame_ink(ink, self.spec))
        index = int(np.argmax(scores))
        return Hypothesis(x, y, w, h, index, float(scores[index]))


def _widening(strength: Gray) -> int:
    """Pixels that take as long to examine as it takes to widen the hairlines of a large mark."""
    grow = max(0, missing_width(strength))
    height, width = (int(side) for side in strength.shape)
    return (height + 2 * grow) * (width + 2 * grow) * grow * grow // WIDENING


def _strength(strength: Gray, mask: Mask, x: int, y: int) -> Gray:
    """The strength of a mask's ink with the soft edge of its strokes, one pixel wide; trimmed, 0 to 255."""
    h, w = mask.shape
    top, left = min(1, y), min(1, x)
    crop = np.zeros((h + 2, w + 2), np.uint8)  # beyond the page is paper
    part = strength[y - top : y + h + 1, x - left : x + w + 1]
    crop[1 - top : 1 - top + part.shape[0], 1 - left : 1 - left + part.shape[1]] = part
    near = cv2.dilate(np.pad(mask, 1).astype(np.uint8), KERNEL_3X3)
    return stretched(u8(crop * near), GRAIN)
