"""A file of others and what is known of it become a file with a card."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runtime.adoption import candidates
from runtime.adoption.candidates import Result
from runtime.adoption.decide import Decided, decide, explain_useless
from runtime.adoption.examples import Examples, match_classes
from runtime.adoption.vectors import make_vectors
from runtime.errors import ModelError
from runtime.foreign.cards import card_of, explain_scale
from runtime.foreign.evidence import Evidence, read_evidence
from runtime.foreign.given import Given
from runtime.foreign.label_choice import Labels
from runtime.foreign.normalization import SCALES, Finding
from runtime.tflite.card import Accuracy, ModelCard
from runtime.tflite.card_file import attach_card, split_card
from runtime.tflite.flatbuffer import check_flatbuffer
from runtime.tflite.golden import selftest
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.vouching import ensure_sound

NO_PICTURES = "never checked on labeled pictures"


@dataclass(frozen=True)
class Adopted:
    """A file with a card, and the evidence for it.

    Attributes:
        data: The bytes of the file.
        card: The card in it.
        rows: (decision, value, evidence) for a person.
        trials: What was tried on the pictures, the usual ways first; empty without pictures.
        decided: What the pictures decided; None without pictures.
        notes: Sentences for a person.
    """

    data: bytes
    card: ModelCard
    rows: tuple[tuple[str, str, str], ...]
    trials: tuple[Result, ...] = ()
    decided: Decided | None = None
    notes: tuple[str, ...] = ()


def adopt(
    data: bytes, path: Path, given: Given, examples: Examples | None = None, is_useless_allowed: bool = False
) -> Adopted:
    """Give a file of others a card.

    Args:
        data: The whole file.
        path: Of the file: labels may lie beside it.
        given: What the caller says of it.
        examples: Labeled pictures; None without.
        is_useless_allowed: Whether a model that reads no better than chance gets a card.

    Returns:
        The file with its card, which passes its self-test here.

    Raises:
        ModelError: It has a card already, is no picture classifier, cannot be run, does not say how it is fed, or reads
            no better than chance.
        DataError: The pictures are not those of its classes.
    """
    model, card = split_card(data)
    if card is not None:
        raise ModelError(f"{path.name} has a card already ({card.name}); adopt the file that it was made of")
    check_flatbuffer(model)
    evidence = read_evidence(data, model, path, given)
    if evidence.scale is None and examples is None:
        raise ModelError(explain_scale(evidence))
    draft = card_of(_with_scale(evidence, evidence.scale or Finding(SCALES["0..1"], "")))
    index, shape = draft.decision.output_index, draft.input.tensor_shape
    ensure_sound(model, "", shape, always=True)
    interpreter = Interpreter.load(model, 1, True, output_index=index, input_shape=shape)
    decided: Decided | None = None
    trials: list[Result] = []
    if examples is not None:
        evidence, trials, decided = _look(interpreter, evidence, draft, examples)
        useless = explain_useless(decided, evidence.labels.names)
        if useless and not is_useless_allowed:
            raise ModelError(f"{evidence.name} {useless} (--allow-useless writes the card all the same)")
    card = _finished(card_of(evidence), interpreter, model, decided)
    made = attach_card(model, card)
    _prove(made, interpreter)
    notes = tuple(note for note in (evidence.scale.doubt if evidence.scale else "", evidence.labels.problem) if note)
    warning = (decided.warning,) if decided and decided.warning else ()
    return Adopted(made, card, rows_of(evidence, card), tuple(trials), decided, (*notes, *warning))


def _with_scale(evidence: Evidence, scale: Finding) -> Evidence:
    return dataclasses.replace(evidence, scale=scale)


def _look(
    interpreter: Interpreter, evidence: Evidence, draft: ModelCard, examples: Examples
) -> tuple[Evidence, list[Result], Decided]:
    """Run the model on the pictures, and complete the evidence by what they decide."""
    numbers, are_names = match_classes(examples.names, evidence.labels.names, bool(evidence.labels.by))
    if are_names:
        labels = Labels(examples.names, "names of the subfolders, in order")
        evidence = dataclasses.replace(evidence, labels=labels)
    truth = np.array(numbers, np.int64)[examples.truth]
    ways = candidates.ways(
        draft.input,
        evidence.scale.scale if evidence.scale else None,
        evidence.resize[1] != "usual",
        evidence.color[1] != "usual",
    )
    results = candidates.try_ways(interpreter, draft.input, draft.decision, examples, ways)
    if not len(results[0].seen):
        raise ModelError("the framing finds nothing in any of the pictures; are they of the kind that the model reads?")
    decided = decide(results, truth, may_move=not are_names)
    return _completed(evidence, decided), results, decided


def _completed(evidence: Evidence, decided: Decided) -> Evidence:
    way, by = decided.result.way, decided.by
    changes: dict[str, object] = {}
    if "scale" in by:
        changes["scale"] = Finding(way.scale, by["scale"])
    for field in ("resize", "color"):
        if field in by:
            changes[field] = (getattr(way, field), by[field])
    if decided.moved:
        names = evidence.labels.names
        moved = (*names[-decided.moved :], *names[: -decided.moved])
        said = f"{evidence.labels.by or 'numbers'}, moved by one class: {decided.right} of {len(decided.result.seen)}"
        changes["labels"] = Labels(moved, f"{said} pictures are then read rightly")
    return dataclasses.replace(evidence, **changes)  # type: ignore[arg-type]


def _finished(card: ModelCard, interpreter: Interpreter, model: bytes, decided: Decided | None) -> ModelCard:
    """The card with golden vectors, accuracy, and the sum of the file that it was made of."""
    accuracy = None
    if decided is not None:
        of = len(decided.result.seen)
        accuracy = Accuracy(float=None, quantized=decided.right / of, agreement=None, n=of)
    return dataclasses.replace(
        card,
        training={"conversion": {"interpreter": interpreter.name}},
        accuracy=accuracy,
        golden=make_vectors(interpreter, card.input),
        origin={"sha256": hashlib.sha256(model).hexdigest(), **card.origin},
    )


def _prove(made: bytes, interpreter: Interpreter) -> None:
    """Read back what was made, and replay its golden vectors."""
    card = split_card(made)[1]
    if card is None:
        raise ModelError("the card that was written cannot be read back; report this as a fault of this program")
    report = selftest(interpreter, card)
    if report.faults:
        raise ModelError(f"the model does not give the same answer twice: {report.faults[0]}")


def rows_of(evidence: Evidence, card: ModelCard) -> tuple[tuple[str, str, str], ...]:
    """The decisions and their evidence, for a person.

    Args:
        evidence: What is known of the model.
        card: The card made of it.

    Returns:
        (decision, value, evidence) of each.
    """
    spec, decision = card.input, card.decision
    scale = evidence.scale
    names: Sequence[str] = card.labels[:3]
    shown = ", ".join(names) + (" ..." if len(card.labels) > len(names) else "")
    accuracy = f"{card.accuracy.quantized:.1%} of {card.accuracy.n}" if card.accuracy else "not measured"
    return (
        ("input", f"{spec.height}x{spec.width} {spec.color}, {spec.layout}", f"its input, {evidence.dtype}"),
        ("normalization", scale.scale.name if scale else "", scale.by if scale else ""),
        ("color", spec.color, evidence.color[1]),
        ("resize", spec.resize if spec.framing == "whole" else spec.framing, evidence.resize[1]),
        ("output", f"{decision.output_index}: {decision.output}", f"last operator {evidence.output_form.last}"),
        ("labels", f"{len(card.labels)}: {shown}", evidence.labels.by or "numbers: none were found"),
        ("threshold", f"{decision.reject_threshold:g}", "metadata" if evidence.metadata.threshold else "usual"),
        ("accuracy", accuracy, "pictures" if card.accuracy else NO_PICTURES),
    )
