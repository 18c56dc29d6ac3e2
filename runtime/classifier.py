"""Pictures in, predictions out. The interpreter is a part of a Classifier, not what it is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runtime.errors import ModelError, ModelMismatch
from runtime.image.pixels import as_picture
from runtime.native import read_regular_file
from runtime.preprocess import TooManyMarks, load_framing
from runtime.results import Candidate, Prediction, Reading
from runtime.tflite.card import ModelCard
from runtime.tflite.card_file import split_card
from runtime.tflite.contract import check_tensors
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import InputEncoder, to_probabilities, top_k

if TYPE_CHECKING:
    from runtime.foreign.given import Given

DEFAULT_MODEL = Path(__file__).parent / "models" / "digits.tflite"
# Of a whole file. ResNet-152 in float32 has 230 MiB; a Raspberry Pi with 512 MB would hold no more.
MAX_MODEL_BYTES = 256 * 2**20


class Classifier:
    """A model, its card and an interpreter. Make one with `load`; not for several threads at once.

    Attributes:
        interpreter: Runs the model.
        card: What the model expects and what its scores mean.
        note: Of a model without a card: what its file says of itself, for a person; "" for any other.

    Example:
        >>> from runtime import Classifier, read_image
        >>> Classifier.load().predict(read_image("samples/photo_7.jpg")).label
        '7'
    """

    def __init__(self, interpreter: Interpreter, card: ModelCard, note: str = "") -> None:
        """Compare the model's tensors with the card, and import the card's framing.

        Args:
            interpreter: An interpreter with a model loaded.
            card: The model's card.
            note: What a person should know of a model without a card.

        Raises:
            ModelError: The card's framing is unknown; ModelMismatch where tensors and card disagree.
        """
        check_tensors(interpreter, card)
        self.interpreter = interpreter
        self.card = card
        self.note = note
        self._framing = load_framing(card.input.framing)
        self._encoder = InputEncoder.make(interpreter.input, card.input)

    @classmethod
    def load(
        cls,
        path: str | Path | None = None,
        labels: Sequence[str] | None = None,
        num_threads: int = 1,
        always_try: bool = False,
        given: Given | None = None,
    ) -> Classifier:
        """Load a .tflite; without `path` the model that ships, which reads handwritten digits.

        Args:
            path: The model's file.
            labels: For a model without a card, or to rename the classes of one that has it.
            num_threads: Number of threads of the interpreter.
            always_try: Whether the model is tried in a process of its own even where it has passed before. One that
                has not is always tried, so that no file can end this process.
            given: What is known of a model without a card, and not said by its file.

        Returns:
            A classifier that is ready.

        Raises:
            ModelError: The file or its card cannot be read; it is no picture classifier, or does not say how it is
                fed. ModelMismatch where tensors, card, labels and `given` disagree.
            InterpreterMissing: No TFLite interpreter is installed.

        Example:
            >>> Classifier.load().card.labels[7]
            '7'
        """
        source = Path(path) if path is not None else DEFAULT_MODEL
        data, note = _read_model(source), ""
        model, card = split_card(data)
        digest = card.sha256 if card else ""
        if card is None:
            card, note = _foreign_card(data, model, source, labels, given)
        elif given is not None:
            raise ModelMismatch(f"{source.name} has a card, which says how it is fed; only --labels may say otherwise")
        elif labels is not None:
            card = _relabeled(card, tuple(labels))
        index, shape = card.decision.output_index, card.input.tensor_shape
        if always_try or source != DEFAULT_MODEL:  # the one that ships is vouched for by its place
            from runtime.tflite.vouching import ensure_sound  # here: a start without --model needs none of it

            ensure_sound(model, digest, shape, always=always_try)
        interpreter = Interpreter.load(model, num_threads, True, output_index=index, input_shape=shape)
        return cls(interpreter, card, note)

    def predict(self, image: NDArray[np.generic], k: int = 3, threshold: float | None = None) -> Prediction:
        """Classify one picture.

        Args:
            image: Gray (h, w), BGR (h, w, 3) or BGRA (h, w, 4), uint8 or uint16.
            k: How many candidates to name.
            threshold: 0 to 1, in place of the card's.

        Returns:
            The best class; or none, and the reason.

        Raises:
            ValueError: The array is not a picture.
        """
        start = time.perf_counter()
        prepared = self._framing.prepare(as_picture(image), self.card.input)
        middle = time.perf_counter()
        if prepared is None:
            return Prediction(None, None, 0.0, "blank", (), None, _ms(start, middle), 0.0)
        scores = self.scores(prepared.pixels)
        end = time.perf_counter()
        top = tuple(Candidate(self.card.labels[i], i, float(scores[i])) for i in top_k(scores, k))
        best, limit = top[0], self._limit(threshold)
        is_sure = best.score >= limit and prepared.is_single
        return Prediction(
            label=best.label if is_sure else None,
            index=best.index if is_sure else None,
            score=best.score,
            reason=None if is_sure else "unsure",
            top=top,
            box=prepared.box,
            preprocess_ms=_ms(start, middle),
            inference_ms=_ms(middle, end),
            labels=self._labels_above(scores, limit) if is_sure else (),
        )

    def read(self, image: NDArray[np.generic], threshold: float | None = None) -> Reading:
        """Read everything in a picture: a strip, a page, a table.

        Args:
            image: As for `predict`.
            threshold: 0 to 1, in place of the card's; what scores less is left out.

        Returns:
            The text and its regions; none of them, and the reason, where the picture has more marks than are read.
            A model whose framing is "whole" sees the picture as one region.

        Raises:
            ValueError: The array is not a picture.
        """
        start = time.perf_counter()
        inference_ms = 0.0

        def scores(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
            nonlocal inference_ms
            begin = time.perf_counter()
            out = self.scores(pixels)
            inference_ms += _ms(begin, time.perf_counter())
            return out

        limit = self._limit(threshold)
        reason = None
        try:
            lines = self._framing.read(as_picture(image), self.card.input, scores, self.card.labels, limit)
        except TooManyMarks:
            lines, reason = [], "too many marks"
        text = "\n".join("".join(region.label for region in line) for line in lines)
        regions = tuple(region for line in lines for region in line)
        return Reading(text, regions, _ms(start, time.perf_counter()) - inference_ms, inference_ms, reason)

    def input_tensor(self, image: NDArray[np.generic]) -> NDArray[Any] | None:
        """The tensor that `predict` gives to the model.

        Args:
            image: As for `predict`.

        Returns:
            Of the input's shape and dtype; None where the picture is blank.

        Raises:
            ValueError: The array is not a picture.
        """
        prepared = self._framing.prepare(as_picture(image), self.card.input)
        return None if prepared is None else self._encoder.encode(prepared.pixels)

    def scores(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the model on one input.

        Args:
            pixels: uint8, the card's input shape, as `to_input` makes it.

        Returns:
            Probabilities, float32 (classes,).

        Raises:
            ModelError: A score is infinite or not a number; ModelMismatch where it is no probability, as the card says.
        """
        raw = self.interpreter.run(self._encoder.encode(pixels))
        return to_probabilities(raw, self.interpreter.output, self.card.decision)

    def _labels_above(self, scores: NDArray[np.float32], limit: float) -> tuple[str, ...]:
        """All labels that are true of a picture, where more than one may be."""
        if self.card.decision.choice == "one":
            return ()
        return tuple(self.card.labels[i] for i in top_k(scores, len(scores)) if scores[i] >= limit)

    def _limit(self, threshold: float | None) -> float:
        return self.card.decision.reject_threshold if threshold is None else threshold


def _foreign_card(
    data: bytes, model: bytes, source: Path, labels: Sequence[str] | None, given: Given | None
) -> tuple[ModelCard, str]:
    """(the card of a model that has none, what a person is told of it), by what its file and the caller say."""
    from runtime.foreign.cards import card_of, note_of  # here: a start with a card needs none of it
    from runtime.foreign.evidence import read_evidence
    from runtime.foreign.given import Given
    from runtime.tflite.flatbuffer import check_flatbuffer

    check_flatbuffer(model)
    given = given or Given()
    if labels is not None:
        given = replace(given, labels=tuple(labels))
    evidence = read_evidence(data, model, source, given)
    return card_of(evidence), note_of(evidence)


def _relabeled(card: ModelCard, labels: tuple[str, ...]) -> ModelCard:
    if len(labels) != len(card.labels):
        from runtime.tflite.labels import explain_count

        raise ModelMismatch(explain_count(labels, len(card.labels)))
    return replace(card, labels=labels)


def _read_model(path: Path) -> bytes:
    try:
        data = read_regular_file(path, MAX_MODEL_BYTES)
    except (OSError, MemoryError) as error:
        raise ModelError(f"cannot read model {path}: {getattr(error, 'strerror', '') or 'out of memory'}") from None
    if not data:
        raise ModelError(f"model {path} is empty; copy it again, or make one with: python -m convert")
    return data


def _ms(start: float, end: float) -> float:
    return (end - start) * 1000.0
