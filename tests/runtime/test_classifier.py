"""Pictures in, predictions out; models that are not what they say."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from runtime.classifier import DEFAULT_MODEL, Classifier
from runtime.errors import ModelError, ModelMismatch
from runtime.image.files import read_image
from runtime.tflite import trial
from runtime.tflite.card import ModelCard
from runtime.tflite.card_file import attach_card
from tests.runtime.tflite.flatbuffers import adder, flatbuffer, ints


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
    with pytest.raises(ModelMismatch, match="2 labels for 10 classes: expected one label for each class"):
        Classifier.load(labels=("a", "b"))


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


def test_an_array_that_is_no_picture_is_refused(shipped: Classifier) -> None:
    with pytest.raises(ValueError, match="8 or 16 bits"):
        shipped.predict(np.zeros((28, 28), np.float32))


def test_a_model_that_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.tflite")
    with (tmp_path / "sparse.tflite").open("wb") as file:
        file.truncate(5 * 2**30)
    for name, problem in (("pipe.tflite", "received a pipe"), ("sparse.tflite", "at most 268,435,456 bytes")):
        with pytest.raises(ModelError, match=rf"cannot read model .*{name}: expected .*{problem}"):
            Classifier.load(tmp_path / name)


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_refused(
    broken: float, shipped: Classifier, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.tflite.tensors.dequantize", lambda *_: np.array([0.5, broken] * 5, np.float32))
    for answer in (shipped.predict, shipped.read):
        with pytest.raises(ModelError, match="expected scores of 0 to 1; the model gives some that are infinite"):
            answer(read_image(samples / "photo_7.jpg"))


def test_a_model_that_would_end_the_process_is_refused_and_the_next_start_on_a_sound_one_pays_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bare_model: bytes, shipped_card: ModelCard
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    table = adder()
    table[2][0][3][0][1] = ints(0, -1)
    ending = save(tmp_path, attach_card(flatbuffer(table), shipped_card))
    with pytest.raises(ModelError, match=r"operator 0 \(ADD\): its input 1 is missing"):
        Classifier.load(ending)
    sound = save(tmp_path, attach_card(bare_model, shipped_card))
    assert Classifier.load(sound).card.name == shipped_card.name
    monkeypatch.setattr(trial, "try_out", lambda *_: pytest.fail("it was tried before"))
    Classifier.load(sound)
    Classifier.load()  # the one that ships, by its place
    Classifier.load(DEFAULT_MODEL)
