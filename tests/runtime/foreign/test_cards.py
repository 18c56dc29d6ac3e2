"""The card of a model without one, and what a person is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.classifier import Classifier
from runtime.errors import ModelError, ModelMismatch
from runtime.foreign.cards import card_of, note_of
from runtime.foreign.evidence import Evidence, read_evidence
from runtime.foreign.given import Given
from runtime.foreign.metadata import METADATA
from runtime.foreign.normalization import SCALES
from tests.runtime.foreign.build import classifier, metadata, quantized, with_files


def look(model: bytes, given: Given | None = None, data: bytes = b"", path: str = "m.tflite") -> Evidence:
    return read_evidence(data or model, model, Path("none") / path, given or Given())


def test_every_decision_says_who_took_it() -> None:
    packed = metadata((127.5,), (127.5,), [("l.txt", "")], 0.0, {0: "Birds", 5: "MIT"})
    model = classifier(metadata={METADATA: packed})
    card = card_of(look(model, data=with_files(model, {"l.txt": "jay\nwren\ntit"})))
    assert (card.name, card.labels) == ("Birds", ("jay", "wren", "tit"))
    assert (card.input.mean, card.input.std, card.input.framing) == ((127.5,), (127.5,), "whole")
    assert card.origin["license"] == "MIT"
    assert card.origin["decided_by"] == {
        "normalization": "TFLite metadata",
        "labels": "its l.txt",
        "output": "last operator SOFTMAX",
        "resize": "usual",
        "color": "usual",
    }


@pytest.mark.parametrize(("classes", "threshold"), [(3, 0.5), (100, 0.5), (101, 0.2)])
def test_the_threshold_is_never_0(classes: int, threshold: float) -> None:
    assert (
        card_of(look(classifier(classes=classes), Given(scale=SCALES["0..1"]))).decision.reject_threshold == threshold
    )


@pytest.mark.parametrize(
    ("ends", "classes", "output", "choice"),
    [
        (("SOFTMAX",), 3, "probabilities", "one"),
        ((), 3, "logits", "one"),
        (("LOGISTIC",), 3, "sigmoid", "many"),
        (("LOGISTIC",), 1, "sigmoid", "one"),
        (("LOG_SOFTMAX",), 3, "log-probabilities", "one"),
    ],
)
def test_the_last_operator_is_the_output(ends: tuple[str, ...], classes: int, output: str, choice: str) -> None:
    decision = card_of(look(classifier(classes=classes, ends=ends), Given(scale=SCALES["0..1"]))).decision
    assert (decision.output, decision.choice) == (output, choice)


@pytest.mark.parametrize("shape", [(1, 8, 8, 3), (1, 28, 28, 1), (1, 784)])
@pytest.mark.parametrize("name", ["m.tflite", "x" * 250 + ".tflite"])
def test_a_float_model_that_does_not_say_is_refused_with_the_choices(shape: tuple[int, ...], name: str) -> None:
    with pytest.raises(ModelError) as raised:
        card_of(look(classifier(shape), path=name))
    message = str(raised.value)
    assert "takes float32 and does not say of which pixels" in message
    assert all(word in message for word in ("--scale 0..1", "-1..1", "0..255", "--mean M --std S", "runtime.adopt"))
    assert ("imagenet" in message) == (shape[-1] == 3)
    assert len(f"error: {message}") <= 300


def test_the_framing_of_marks() -> None:
    spec = card_of(look(classifier((1, 32, 20, 1)), Given(scale=SCALES["0..1"], framing="ink"))).input
    assert (spec.framing, spec.ink_box, spec.polarity) == ("ink", 14, "light-on-dark")


@pytest.mark.parametrize(
    ("model", "given", "said"),
    [
        (
            quantized(),
            Given(),
            "m.tflite has no card; fed 0..1 as its input quantization says (python -m runtime.",
        ),
        (classifier(), Given(scale=SCALES["-1..1"]), "m.tflite has no card; fed -1..1 as given (python -m"),
        (
            quantized(scale=0.02, zero=-90),
            Given(),
            "says; an unusual range, -0.76..4.34: check it on pictures you kno",
        ),
    ],
)
def test_the_note(model: bytes, given: Given, said: str) -> None:
    note = note_of(look(model, given))
    assert said in note
    assert "\n" not in note
    assert len(note) < 280


def test_a_bare_model_is_run_as_it_says(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    model = classifier((1, 3, 8, 8), ends=("LOGISTIC",), metadata={METADATA: metadata((0.0,), (255.0,))})
    path.write_bytes(model)
    (tmp_path / "labels.txt").write_text("a\nb\nc")
    loaded = Classifier.load(path)
    assert "fed 0..1 as its TFLite metadata says; labels of labels.txt beside it" in loaded.note
    assert loaded.predict(np.full((20, 30, 3), 200, np.uint8)).top[0].label in ("a", "b", "c")


def test_a_model_of_any_size_gets_the_size_that_is_given(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(classifier((1, 8, 8, 3)))
    loaded = Classifier.load(path, given=Given(scale=SCALES["0..1"], size=(8, 8)), labels=["a", "b", "c"])
    assert loaded.card.labels == ("a", "b", "c")
    assert loaded.card.origin["decided_by"]["labels"] == "given"


def test_a_card_is_not_contradicted() -> None:
    with pytest.raises(ModelMismatch, match=r"digits\.tflite has a card, which says how it is fed"):
        Classifier.load(given=Given(scale=SCALES["0..1"]))
    assert Classifier.load().note == ""
