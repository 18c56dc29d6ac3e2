"""Quantization in its one written order, decisions, and models that are not what they say."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from runtime.classifier import Classifier
from runtime.errors import ModelError, ModelMismatch
from runtime.image.files import read_image
from runtime.tflite.card import Decision, InputSpec, ModelCard, attach_card
from runtime.tflite.interpreter import TensorInfo
from runtime.tflite.tensors import dequantize, quantize_input, to_probabilities, top_k

INT8 = TensorInfo((1, 1, 4, 1), np.dtype(np.int8), 1.0, -128)
FLOAT = TensorInfo((1, 1, 4, 1), np.dtype(np.float32), 0.0, 0)


def pixels(*values: int) -> np.ndarray:
    return np.array(values, np.uint8).reshape(1, -1, 1)


def test_int8_input_is_pixel_minus_128() -> None:
    every = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    assert np.array_equal(quantize_input(every, INT8)[0].astype(int), every.astype(int) - 128)


@pytest.mark.parametrize(
    ("scale", "zero_point", "pixel", "stored"),
    [
        (1.0, -128, 0, -128),
        (1.0, -128, 127, -1),
        (1.0, -128, 128, 0),
        (1.0, -128, 255, 127),
        (0.5, -128, 64, 0),
        (0.5, -128, 128, 127),  # past the upper end: clipped, not wrapped
        (0.5, -128, 255, 127),
        (1.0, -200, 10, -128),  # past the lower end
        (2.0, 0, 3, 2),  # 1.5 rounds to even
        (2.0, 0, 5, 2),
    ],
)
def test_quantization_table(scale: float, zero_point: int, pixel: int, stored: int) -> None:
    info = TensorInfo((1, 1, 1, 1), np.dtype(np.int8), scale, zero_point)
    assert quantize_input(pixels(pixel), info).item() == stored


def test_float_input_takes_pixels_as_they_are() -> None:
    out = quantize_input(pixels(0, 1, 128, 255), FLOAT)
    assert out.dtype == np.float32
    assert out.ravel().tolist() == [0.0, 1.0, 128.0, 255.0]


@pytest.mark.parametrize(("stored", "real"), [(-128, 0.0), (-1, 31.75), (0, 32.0), (127, 63.75)])
def test_dequantization_widens_first(stored: int, real: float) -> None:
    info = TensorInfo((1, 1), np.dtype(np.int8), 0.25, -128)
    assert dequantize(np.array([[stored]], np.int8), info).item() == real


def test_round_trip_is_within_half_a_step() -> None:
    info = TensorInfo((1, 1, 4, 1), np.dtype(np.int8), 2.0, -128)
    every = np.arange(0, 256, dtype=np.uint8).reshape(1, -1, 1)
    back = dequantize(quantize_input(every, info), info)[0]
    assert float(np.abs(back - every.astype(np.float32)).max()) <= 1.0


def test_logits_become_probabilities_and_temperature_flattens_them() -> None:
    info = TensorInfo((1, 3), np.dtype(np.float32), 0.0, 0)
    raw = np.array([[1000.0, 999.0, 0.0]], np.float32)
    sharp = to_probabilities(raw, info, Decision("logits", 1.0))
    flat = to_probabilities(raw, info, Decision("logits", 10.0))
    assert sharp.tolist() == pytest.approx([0.7310586, 0.2689414, 0.0], abs=1e-6)
    assert flat[0] < sharp[0]
    assert flat.sum() == pytest.approx(1.0)


def test_probabilities_stay_as_they_are_unless_a_temperature_is_given() -> None:
    info = TensorInfo((1, 2), np.dtype(np.int8), 1 / 256, -128)
    raw = np.array([[64, -64]], np.int8)
    assert to_probabilities(raw, info, Decision()).tolist() == [0.75, 0.25]
    warm = to_probabilities(raw, info, Decision("probabilities", 2.0))
    assert warm.tolist() == pytest.approx([3**0.5 / (3**0.5 + 1), 1 / (3**0.5 + 1)], abs=1e-5)


def test_top_k_is_best_first_and_the_lower_index_among_equals() -> None:
    scores = np.array([0.1, 0.4, 0.1, 0.4], np.float32)
    assert top_k(scores, 3) == [1, 3, 0]
    assert top_k(scores, 99) == [1, 3, 0, 2]


def test_golden_vectors_of_the_shipped_card_come_back(shipped: Classifier) -> None:
    assert len(shipped.card.golden) >= 4
    for golden in shipped.card.golden:
        image = np.frombuffer(golden.input, np.uint8).reshape(shipped.card.input.shape)
        raw = shipped.interpreter.run(quantize_input(image, shipped.interpreter.input))
        expected = np.frombuffer(golden.output, np.int8)
        # LiteRT made them, bit for bit; tflite-runtime's kernels round otherwise (2 % of the range).
        tolerance = 0 if shipped.interpreter.name.startswith("ai-edge-litert") else 5
        assert np.abs(raw.ravel().astype(int) - expected).max() <= tolerance


def test_threshold_turns_an_answer_into_unsure(shipped: Classifier, samples: Path) -> None:
    image = read_image(samples / "photo_7.jpg")
    assert shipped.predict(image).label == "7"
    unsure = shipped.predict(image, threshold=1.0)
    assert (unsure.label, unsure.index, unsure.reason) == (None, None, "unsure")
    assert unsure.top[0].label == "7"
    assert unsure.score == unsure.top[0].score


def test_blank_is_not_classified(shipped: Classifier, samples: Path) -> None:
    blank = shipped.predict(read_image(samples / "blank.jpg"))
    assert (blank.label, blank.reason, blank.top, blank.box, blank.score) == (None, "blank", (), None, 0.0)


@pytest.mark.parametrize("k", [1, 3, 10])
def test_k_candidates_that_add_up(shipped: Classifier, samples: Path, k: int) -> None:
    prediction = shipped.predict(read_image(samples / "scan_1.png"), k)
    assert len(prediction.top) == k
    assert [c.score for c in prediction.top] == sorted((c.score for c in prediction.top), reverse=True)
    if k == 10:
        assert sum(c.score for c in prediction.top) == pytest.approx(1.0, abs=0.01)


def save(folder: Path, data: bytes) -> Path:
    path = folder / "model.tflite"
    path.write_bytes(data)
    return path


def test_a_model_without_a_card_runs_with_numbers_for_labels(bare_model: bytes, tmp_path: Path) -> None:
    classifier = Classifier.load(save(tmp_path, bare_model))
    assert classifier.card.labels == tuple("0123456789")
    assert classifier.card.input.framing == "whole"
    assert classifier.card.decision.output == "logits"
    digit = np.frombuffer(Classifier.load().card.golden[0].input, np.uint8).reshape(28, 28)
    assert classifier.predict(digit).label == Classifier.load().predict(digit).label


def test_labels_rename_classes_and_must_fit(tmp_path: Path) -> None:
    names = tuple("abcdefghij")
    assert Classifier.load(labels=names).card.labels == names
    with pytest.raises(ModelMismatch, match="expected 10 labels, one for each class; received 2"):
        Classifier.load(labels=("a", "b"))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"labels": ("yes", "no")}, r"expected an output of shape \(1, 2\).*received int8 of shape \(1, 10\)"),
        ({"input": InputSpec(height=32, width=32)}, r"expected an input of shape \(1, 32, 32, 1\), as the card says"),
        (
            {"input": InputSpec(channels=3, color="rgb", framing="whole")},
            r"expected an input of shape \(1, 28, 28, 3\)",
        ),
    ],
)
def test_a_card_that_lies_is_caught(
    bare_model: bytes, shipped_card: ModelCard, tmp_path: Path, change: dict[str, object], complaint: str
) -> None:
    lie = dataclasses.replace(shipped_card, **change)  # type: ignore[arg-type]
    with pytest.raises(ModelMismatch, match=complaint):
        Classifier.load(save(tmp_path, attach_card(bare_model, lie)))


def test_another_models_card_is_caught(bare_model: bytes, shipped_card: ModelCard, tmp_path: Path) -> None:
    data = bytearray(attach_card(bare_model, shipped_card))
    data[len(bare_model) // 2] ^= 1
    with pytest.raises(ModelError, match="sha256"):
        Classifier.load(save(tmp_path, bytes(data)))


@pytest.mark.parametrize("size", [0, 4, 100, 5000, 40000])
def test_a_model_cut_short_is_one_clear_error(bare_model: bytes, tmp_path: Path, size: int) -> None:
    with pytest.raises(ModelError, match=r"empty|expected a \.tflite|cut short"):
        Classifier.load(save(tmp_path, bare_model[:size]))


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot read model .*nothing\.tflite: No such file"):
        Classifier.load(tmp_path / "nothing.tflite")


def test_what_is_no_picture_is_refused(shipped: Classifier) -> None:
    with pytest.raises(ValueError, match="8 or 16 bits"):
        shipped.predict(np.zeros((28, 28), np.float32))
