"""Draft cards, the checks of card against tensors, and golden vectors."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from convert import cards
from convert.parity import compare
from runtime.errors import DataError, EdgeError, ModelError, ModelMismatch, OptionError
from runtime.tflite.card import Decision, InputSpec, ModelCard
from runtime.tflite.card_reader import read_card
from runtime.tflite.interpreter import TensorInfo

SPEC = InputSpec(4, 4, framing="whole", polarity="any")
CARD = ModelCard("three", "1", ("a", "b", "c"), SPEC, training={"seed": 5})
INT8 = np.dtype(np.int8)
TRUTH = np.array([0, 0, 1, 2, 2], np.int64)
SCORES = np.array([[0.2, 0.7, 0.1], [0.9, 0.1, 0], [0, 1, 0], [0.1, 0.1, 0.8], [0.31, 0.3, 0.39]], np.float32)


def _interpreter(shape: tuple[int, ...] = (1, 4, 4, 1), classes: int = 3) -> Any:
    return SimpleNamespace(
        input=TensorInfo(shape, INT8, 1.0, -128), output=TensorInfo((1, classes), INT8, 1 / 256, -128)
    )


def test_draft_is_found_beside_the_model(tmp_path: Path) -> None:
    assert cards.read_draft(tmp_path / "model.keras", None) is None
    (tmp_path / "card.json").write_text(CARD.to_json())
    assert cards.read_draft(tmp_path / "model.keras", None) == CARD
    (tmp_path / "card.json").rename(tmp_path / "other.json")
    assert cards.read_draft(tmp_path / "model.keras", tmp_path / "other.json") == CARD


def test_bad_drafts_and_labels_are_one_clear_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    with pytest.raises(ModelError, match=r"bad\.json: card: not valid JSON"):
        cards.read_draft(tmp_path / "model.keras", bad)
    with pytest.raises(OptionError, match=r"--card .*no such file"):
        cards.read_draft(tmp_path / "model.keras", tmp_path / "none.json")
    with pytest.raises(ModelError, match=r"cannot read labels .*: No such file or directory$"):
        cards.read_labels(tmp_path / "none.txt")
    bad.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ModelError, match=r"cannot read labels .*: expected text in utf-16"):
        cards.read_labels(bad)
    with pytest.raises(OptionError, match=r"bad\.json: expected a card, JSON in UTF-8"):
        cards.read_draft(tmp_path / "model.keras", bad)
    with pytest.raises(OptionError, match=r"cannot be read as a card: Is a directory$"):
        cards.read_draft(tmp_path / "model.keras", tmp_path)
    bad.write_bytes(b"one\n")
    with pytest.raises(OptionError, match="2 or more classes; received 1"):
        cards.read_labels(bad)


def test_labels_are_read_in_every_spelling(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("0 cat\n1 dog\n")
    assert cards.read_labels(tmp_path / "labels.txt") == ("cat", "dog")
    (tmp_path / "labels.txt").write_text("cat\ndog\n", encoding="utf-8-sig")
    assert cards.read_labels(tmp_path / "labels.txt") == ("cat", "dog")


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((28, 28), (28, 28, 1)),
        ((28, 28, 1), (28, 28, 1)),
        ((48, 64, 3), (48, 64, 3)),
        ((784,), (28, 28, 1)),
        ((3072,), (32, 32, 3)),
    ],
)
def test_plain_spec(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    spec = cards.default_input_spec(shape)
    assert spec.shape == expected
    assert spec.framing == "whole"
    assert spec.color == ("rgb" if expected[2] == 3 else "gray")


@pytest.mark.parametrize("shape", [(785,), (None, None, 3), (28, 28, 2), (2, 28, 28, 1), (3, 28, 28)])
def test_plain_spec_needs_a_picture(shape: tuple[int | None, ...]) -> None:
    with pytest.raises(ModelMismatch, match="--card FILE"):
        cards.default_input_spec(shape)


def test_a_model_of_any_size_takes_that_of_the_test_images() -> None:
    assert cards.default_input_spec((None, None, 3), (40, 60)).shape == (40, 60, 3)
    assert cards.default_input_spec((None, 50, 3), (40, 60)).shape == (40, 50, 3)


def test_the_framing_that_was_asked_for() -> None:
    ink = cards.with_framing(cards.default_input_spec((32, 32)), "ink")
    assert (ink.framing, ink.ink_box, ink.polarity) == ("ink", 23, "light-on-dark")
    assert cards.with_framing(ink, "whole").framing == "whole"
    with pytest.raises(OptionError, match="--framing ink is for gray pictures; the model takes rgb"):
        cards.with_framing(cards.default_input_spec((32, 32, 3)), "ink")


@pytest.mark.parametrize(
    ("interpreter", "truth", "output", "error", "says"),
    [
        (_interpreter(classes=10), TRUTH, "probabilities", ModelMismatch, "each of the model's 10 classes; received 3"),
        (_interpreter((1, 8, 8, 1)), TRUTH, "probabilities", ModelMismatch, r"card's input is \(1, 4, 4, 1\)"),
        (_interpreter(), np.array([3]), "probabilities", DataError, "expected test labels 0 to 2; received 3"),
        (_interpreter(), TRUTH, "logits", ModelMismatch, "is 'probabilities'; the model gives logits"),
    ],
)
def test_cards_that_lie_are_refused(
    interpreter: Any, truth: Any, output: str, error: type[EdgeError], says: str
) -> None:
    cards.check_card(CARD, _interpreter(), TRUTH, "probabilities")
    with pytest.raises(error, match=says):
        cards.check_card(CARD, interpreter, truth, output)


def test_golden_images_are_rightly_read_ones_and_the_least_sure() -> None:
    assert cards.golden_indices(SCORES, TRUTH, limit=5) == [1, 2, 3, 4]
    assert cards.golden_indices(SCORES, TRUTH, limit=2) == [1, 2]
    wrong = SCORES[:, [1, 2, 0]]
    assert len(cards.golden_indices(wrong, np.zeros(5, np.int64), limit=5)) >= 1


def test_golden_classes_are_spread_over_many() -> None:
    truth = np.arange(10)
    scores = np.full((10, 10), 0.01, np.float32) + 0.9 * np.eye(10, dtype=np.float32)
    scores[5, 6] = 0.8
    assert cards.golden_indices(scores, truth, limit=5) == [0, 3, 6, 9, 5]


def _outputs(side: int) -> cards.TestOutputs:
    images = np.random.default_rng(0).integers(0, 256, (5, side, side, 1)).astype(np.uint8)
    return cards.TestOutputs(images, np.round(SCORES * 255 - 128).astype(np.int8), SCORES, TRUTH)


def test_goldens_are_the_very_bytes() -> None:
    outputs = _outputs(4)
    vectors = cards.golden_vectors(outputs)
    assert [v.input for v in vectors] == [outputs.images[i].tobytes() for i in (1, 2, 3, 4)]
    assert [v.output for v in vectors] == [outputs.raw[i].tobytes() for i in (1, 2, 3, 4)]
    assert len(vectors[0].input) == 16


def test_large_pictures_get_fewer_goldens() -> None:
    assert len(cards.golden_vectors(_outputs(200))) == 1  # 40,000 bytes each
    assert len(cards.golden_vectors(_outputs(512))) == 1  # one stands even where it is too large


def test_fill_keeps_what_training_said() -> None:
    found = compare(SCORES, SCORES, TRUTH, CARD.labels)
    decision = Decision("probabilities", 1.3, 0.5)
    card = cards.complete_card(CARD, "int8", decision, found, _outputs(4), {"interpreter": "x"})
    assert card.training == {"seed": 5, "conversion": {"interpreter": "x"}}
    assert (card.quantization, card.decision, card.labels) == ("int8", decision, CARD.labels)
    assert card.accuracy is not None
    assert (card.accuracy.float, card.accuracy.agreement, card.accuracy.n) == (0.8, 1.0, 5)
    assert read_card(card.to_json()) == card
