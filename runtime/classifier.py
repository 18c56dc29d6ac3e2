"""Pictures in, predictions out. The interpreter is a part of a Classifier, not what it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runtime.card import Decision, InputSpec, ModelCard, split_card
from runtime.errors import ModelError, ModelMismatch
from runtime.interpreter import Interpreter, TensorInfo
from runtime.preprocess import as_picture, prepare

if TYPE_CHECKING:
    from runtime.reader import Region

DEFAULT_MODEL = Path(__file__).parent / "models" / "digits.tflite"
CROWD_SHARE = 0.08  # of a picture's ink: a mark with less is a letter of a text, a spot of a texture
EPSILON = 1e-7  # below what an int8 probability can tell from 0


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


class Classifier:
    """A model, its card and an interpreter. Make one with `load`; not for several threads at once."""

    def __init__(self, interpreter: Interpreter, card: ModelCard) -> None:
        _compare(interpreter, card)
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
            card = _relabelled(card, tuple(labels))
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
        A model whose framing is "frame" sees the picture as one region. Raises ValueError for what is no picture.
        """
        from runtime.reader import read_rows  # not above: a start that reads one mark needs none of it

        limit = self.card.decision.reject_threshold if threshold is None else threshold
        if self.card.input.framing == "frame":
            return _reading_of(self.predict(image, 1, limit))
        start = time.perf_counter()
        inference = 0.0

        def scores(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
            nonlocal inference
            begin = time.perf_counter()
            out = self.scores(pixels)
            inference += _ms(begin, time.perf_counter())
            return out

        rows = read_rows(as_picture(image), self.card.input, scores, self.card.labels, limit)
        text = "\n".join("".join(region.label for region in row) for row in rows)
        regions = tuple(region for row in rows for region in row)
        return Reading(text, regions, _ms(start, time.perf_counter()) - inference, inference)

    def scores(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities, float32 (classes,), of one model input (uint8, the card's input shape)."""
        raw = self.interpreter.run(quantize_input(pixels, self.interpreter.input))
        return to_probabilities(raw, self.interpreter.output, self.card.decision)


def _reading_of(seen: Prediction) -> Reading:
    """A prediction as a reading of one region, or of none."""
    from runtime.reader import Region

    if seen.label is None or seen.box is None:
        return Reading("", (), seen.preprocess_ms, seen.inference_ms)
    return Reading(seen.label, (Region(seen.box, seen.label, seen.score),), seen.preprocess_ms, seen.inference_ms)


def top_k(scores: NDArray[np.float32], k: int) -> list[int]:
    """Indices of the k highest scores, best first; among equals the lower index first."""
    return [int(i) for i in np.argsort(-scores, kind="stable")[: max(1, k)]]


def quantize_input(pixels: NDArray[np.uint8], info: TensorInfo) -> NDArray[Any]:
    """Pixels (h, w, c), 0 to 255, as the input tensor (1, h, w, c).

    A float tensor takes them as they are (rescaling is the model's first layer). An integer tensor
    takes them in one written order: float, scale, round, clip, cast.
    """
    real = pixels.astype(np.float32)[np.newaxis]
    if not info.scale:
        return real.astype(info.dtype)
    limits = np.iinfo(info.dtype)
    stored = np.round(real / np.float32(info.scale)) + info.zero_point
    return np.asarray(np.clip(stored, limits.min, limits.max), dtype=info.dtype)


def dequantize(raw: NDArray[Any], info: TensorInfo) -> NDArray[np.float32]:
    """Real values, float32, of an output tensor; widened before the zero point is taken away."""
    wide = raw.astype(np.float32)
    return wide if not info.scale else (wide - np.float32(info.zero_point)) * np.float32(info.scale)


def to_probabilities(raw: NDArray[Any], info: TensorInfo, decision: Decision) -> NDArray[np.float32]:
    """Probabilities, float32 (classes,), from an output tensor (1, classes).

    Logits are divided by the temperature before softmax (Guo et al. 2017, "On Calibration of Modern
    Neural Networks"); so are the logarithms of probabilities, where the temperature is not 1.
    """
    values = dequantize(raw, info).reshape(-1)
    if decision.output == "probabilities":
        if decision.temperature == 1.0:
            return values
        values = np.log(np.maximum(values, EPSILON))
    shifted = (values - values.max()) / np.float32(decision.temperature)
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(), dtype=np.float32)


def card_from_tensors(interpreter: Interpreter, name: str) -> ModelCard:
    """What can be known of a model without a card: classes are numbers, framing is "frame".

    Raises ModelMismatch where the input is not a square picture of 1 or 3 channels.
    """
    shape = interpreter.input.shape
    if len(shape) != 4 or shape[1] != shape[2] or shape[3] not in (1, 3):
        raise ModelMismatch(
            "a model without a card must take a square picture, (1, n, n, 1) or (1, n, n, 3); "
            f"received {interpreter.input}"
        )
    spec = InputSpec(
        height=shape[1],
        width=shape[2],
        channels=shape[3],
        colour="gray" if shape[3] == 1 else "rgb",
        polarity="any",
        framing="frame",
        ink_box=1,
    )
    classes = interpreter.output.shape[-1]
    return ModelCard(name, "", tuple(str(i) for i in range(classes)), spec, Decision(_output_kind(interpreter)))


def _output_kind(interpreter: Interpreter) -> str:
    """Probabilities or logits, from one run on a black picture: probabilities are >= 0 and sum to 1."""
    pixels = np.zeros(interpreter.input.shape[1:], np.uint8)
    values = dequantize(interpreter.run(quantize_input(pixels, interpreter.input)), interpreter.output)
    return "probabilities" if values.min() >= 0 and abs(float(values.sum()) - 1.0) < 0.05 else "logits"


def _compare(interpreter: Interpreter, card: ModelCard) -> None:
    """Raise ModelMismatch where the tensors are not what the card, or this runtime, expects."""
    received, expected = interpreter.input, (1, *card.input.shape)
    if received.shape != expected:
        raise ModelMismatch(f"expected an input of shape {expected}, as the card says; received {received}")
    pixels = {np.dtype(np.int8): (1.0, -128), np.dtype(np.uint8): (1.0, 0), np.dtype(np.float32): (0.0, 0)}
    if pixels.get(received.dtype) != (received.scale, received.zero_point):
        raise ModelMismatch(
            "expected an input that takes pixels 0 to 255: float32, uint8 (scale 1, zero point 0) or int8 "
            f"(scale 1, zero point -128); received {received}. Convert it with: python -m convert --quantization int8"
        )
    if interpreter.output.shape != (1, len(card.labels)):
        raise ModelMismatch(
            f"expected an output of shape (1, {len(card.labels)}), one score for each label; "
            f"received {interpreter.output}"
        )


def _relabelled(card: ModelCard, labels: tuple[str, ...]) -> ModelCard:
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
