"""Pictures in, predictions out. The interpreter is a part of a Classifier, not what it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from runtime.errors import ModelError, ModelMismatch
from runtime.image.pixels import as_picture
from runtime.preprocess import prepare
from runtime.results import Candidate, Prediction, Reading
from runtime.tflite.card import ModelCard, split_card
from runtime.tflite.contract import card_from_tensors, check_tensors
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import quantize_input, to_probabilities, top_k

if TYPE_CHECKING:
    pass

DEFAULT_MODEL = Path(__file__).parent / "models" / "digits.tflite"
CROWD_SHARE = 0.08  # of a picture's ink: a mark with less is a letter of a text, a spot of a texture


class Classifier:
    """A model, its card and an interpreter. Make one with `load`; not for several threads at once."""

    def __init__(self, interpreter: Interpreter, card: ModelCard) -> None:
        check_tensors(interpreter, card)
        self.interpreter = interpreter
        self.card = card

    @classmethod
    def load(
        cls, path: str | Path | None = None, labels: Sequence[str] | None = None, num_threads: int = 1
    ) -> Classifier:
        """Load a .tflite; without `path` the model that ships, which reads handwritten digits.

        labels: for a model without a card, or to rename the classes of one that has it.
        Raises ModelError (ModelMismatch where tensors, card and labels disagree) and InterpreterMissing.
        """
        model, card = split_card(_read_model(Path(path) if path is not None else DEFAULT_MODEL))
        interpreter = Interpreter.load(model, num_threads)
        if card is None:
            card = card_from_tensors(interpreter, Path(path or DEFAULT_MODEL).stem)
        if labels is not None:
            card = _relabeled(card, tuple(labels))
        return cls(interpreter, card)

    def predict(self, image: NDArray[np.generic], k: int = 3, threshold: float | None = None) -> Prediction:
        """Classify one picture.

        image: gray (h, w), BGR (h, w, 3) or BGRA (h, w, 4), uint8 or uint16. k: how many candidates to
        name. threshold: 0 to 1, in place of the card's. Raises ValueError for what is no picture.
        """
        start = time.perf_counter()
        prepared = prepare(image, self.card.input)
        middle = time.perf_counter()
        if prepared is None:
            return Prediction(None, None, 0.0, "blank", (), None, _ms(start, middle), 0.0)
        scores = self.scores(prepared.pixels)
        end = time.perf_counter()
        top = tuple(Candidate(self.card.labels[i], i, float(scores[i])) for i in top_k(scores, k))
        best = top[0]
        limit = self.card.decision.reject_threshold if threshold is None else threshold
        sure = best.score >= limit and prepared.share >= CROWD_SHARE
        return Prediction(
            label=best.label if sure else None,
            index=best.index if sure else None,
            score=best.score,
            reason=None if sure else "unsure",
            top=top,
            box=prepared.box,
            preprocess_ms=_ms(start, middle),
            inference_ms=_ms(middle, end),
        )

    def read(self, image: NDArray[np.generic], threshold: float | None = None) -> Reading:
        """Read every digit of a picture: a strip, a page, a table.

        image: as for `predict`. threshold: 0 to 1, in place of the card's; what scores less is no digit.
        A model whose framing is "whole" sees the picture as one region. Raises ValueError for what is no picture.
        """
        from runtime.ink.reader import read_text_lines  # not above: a start that reads one mark needs none of it

        limit = self.card.decision.reject_threshold if threshold is None else threshold
        if self.card.input.framing == "whole":
            return _reading_of(self.predict(image, 1, limit))
        start = time.perf_counter()
        inference = 0.0

        def scores(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
            nonlocal inference
            begin = time.perf_counter()
            out = self.scores(pixels)
            inference += _ms(begin, time.perf_counter())
            return out

        rows = read_text_lines(as_picture(image), self.card.input, scores, self.card.labels, limit)
        text = "\n".join("".join(region.label for region in row) for row in rows)
        regions = tuple(region for row in rows for region in row)
        return Reading(text, regions, _ms(start, time.perf_counter()) - inference, inference)

    def scores(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities, float32 (classes,), of one model input (uint8, the card's input shape)."""
        raw = self.interpreter.run(quantize_input(pixels, self.interpreter.input))
        return to_probabilities(raw, self.interpreter.output, self.card.decision)


def _reading_of(seen: Prediction) -> Reading:
    """A prediction as a reading of one region, or of none."""
    from runtime.results import Region

    if seen.label is None or seen.box is None:
        return Reading("", (), seen.preprocess_ms, seen.inference_ms)
    return Reading(seen.label, (Region(seen.box, seen.label, seen.score),), seen.preprocess_ms, seen.inference_ms)


def _relabeled(card: ModelCard, labels: tuple[str, ...]) -> ModelCard:
    if len(labels) != len(card.labels):
        raise ModelMismatch(f"expected {len(card.labels)} labels, one for each class; received {len(labels)}")
    return replace(card, labels=labels)


def _read_model(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read model {path}: {error.strerror or error}") from None
    if not data:
        raise ModelError(f"model {path} is empty; copy it again, or make one with: python -m convert")
    return data


def _ms(start: float, end: float) -> float:
    return (end - start) * 1000.0
