"""What the model takes a part of a page for. Pure, given the scores."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from runtime.framing.base import Scores
from runtime.image.pixels import Gray, Mask, u8
from runtime.ink.background import KERNEL_3X3
from runtime.ink.find import GRAIN, Ink, stretched
from runtime.ink.framing import frame_ink
from runtime.ink.page import Page
from runtime.tflite.card import InputSpec

SCORE_FLOOR = 1e-4  # before its logarithm is taken


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
    """

    page: Page
    spec: InputSpec
    scores: Scores
    threshold: float

    def classify(self, mask: Mask, x: int, y: int) -> Hypothesis | None:
        """Ask the model what the pixels of a mask are.

        Args:
            mask: bool (h, w).
            x: Left of the mask on the page, pixels.
            y: Top of the mask.

        Returns:
            Its best class; None where the mask is empty.
        """
        left, top, w, h = (int(v) for v in cv2.boundingRect(mask.astype(np.uint8)))
        if w == 0:
            return None
        x, y, mask = x + left, y + top, mask[top : top + h, left : left + w]
        strength = _strength(self.page.strength, mask, x, y)
        if not strength.size:
            return None
        ink = Ink((x, y, w, h), strength, self.page.light_on_dark)
        scores = self.scores(frame_ink(ink, self.spec))
        index = int(np.argmax(scores))
        return Hypothesis(x, y, w, h, index, float(scores[index]))


def _strength(strength: Gray, mask: Mask, x: int, y: int) -> Gray:
    """The strength of a mask's ink with the soft edge of its strokes, one pixel wide; trimmed, 0 to 255."""
    h, w = mask.shape
    crop = np.pad(strength, 1)[y : y + h + 2, x : x + w + 2]
    near = cv2.dilate(np.pad(mask, 1).astype(np.uint8), KERNEL_3X3)
    return stretched(u8(crop * near), GRAIN)
