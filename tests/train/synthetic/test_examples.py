"""Synthetic examples: in proportion, by seed, and for digits alone."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.tflite.card import InputSpec
from train.data.npz import NUMERALS
from train.data.pictures import Image, Labels
from train.synthetic import examples as module
from train.synthetic.examples import Examples, applies_to, make_examples
from train.synthetic.glyphs import glyphs

SPEC = InputSpec()
COUNT = 100


@pytest.fixture(scope="module")
def own() -> tuple[Image, Labels]:
    return glyphs(COUNT, SPEC, np.random.default_rng(0))


@pytest.fixture(scope="module")
def examples(own: tuple[Image, Labels]) -> Examples:
    return make_examples(*own, SPEC, seed=1)


def test_examples_are_in_proportion(examples: Examples) -> None:
    assert (
        len(examples.positives)
        == len(examples.labels)
        == round(COUNT * (module.GLYPH_SHARE + module.RESTROKED_SHARE + module.DAMAGED_SHARE))
    )
    assert examples.positives.shape[1:] == examples.negatives.shape[1:] == SPEC.shape
    assert len(examples.negatives) == round(COUNT * module.NEGATIVE_SHARE)
    assert examples.labels.dtype == np.int64


def test_an_epoch_draws_no_more_than_there_is() -> None:
    assert module.EPOCH_POSITIVES <= module.GLYPH_SHARE + module.RESTROKED_SHARE + module.DAMAGED_SHARE
    assert module.EPOCH_NEGATIVES <= module.NEGATIVE_SHARE


def test_the_seed_decides_and_each_part_is_told_of(own: tuple[Image, Labels], examples: Examples) -> None:
    told: list[int] = []
    again = make_examples(*own, SPEC, seed=1, done=told.append)
    assert sum(told) == module.KINDS
    np.testing.assert_array_equal(again.positives, examples.positives)
    np.testing.assert_array_equal(again.labels, examples.labels)
    np.testing.assert_array_equal(again.negatives, examples.negatives)
    other = make_examples(*own, SPEC, seed=2)
    assert (other.negatives != examples.negatives).any(axis=(1, 2, 3)).all()


def test_copies_keep_their_label(own: tuple[Image, Labels], monkeypatch: pytest.MonkeyPatch) -> None:
    """With copying in place of damage and rewriting, every copy is found among the originals of its label."""
    monkeypatch.setattr(module, "restroked", lambda images, spec, rng: images)
    monkeypatch.setattr(module, "damaged", lambda images, spec, rng: images)
    made = make_examples(*own, SPEC, seed=1)
    known = {image.tobytes(): label for image, label in zip(*own, strict=True)}
    copies = list(zip(made.positives, made.labels, strict=True))[round(COUNT * module.GLYPH_SHARE) :]
    assert all(known[image.tobytes()] == label for image, label in copies)


def test_targets(examples: Examples) -> None:
    images, targets = examples.pick_all(10)
    assert len(images) == len(targets) == len(examples.positives) + len(examples.negatives)
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(targets[: len(examples.labels)].argmax(axis=1), examples.labels)
    assert targets[len(examples.labels) :].max() == np.float32(0.1)


def test_only_digits_in_ink_are_extended() -> None:
    assert applies_to(NUMERALS, SPEC)
    assert not applies_to(NUMERALS, InputSpec(framing="whole"))
    assert not applies_to(("cat", "dog"), SPEC)


def test_examples_are_picked_by_index_the_positives_first(examples: Examples) -> None:
    end = len(examples.labels)
    indices = np.array([end + 3, 5, end, 2])
    assert examples.positives_first(indices).tolist() == [5, 2, end + 3, end]
    images, targets = examples.pick(indices, 10)
    expected = [examples.positives[5], examples.positives[2], examples.negatives[3], examples.negatives[0]]
    np.testing.assert_array_equal(images, expected)
    assert targets[:2].argmax(axis=1).tolist() == examples.labels[[5, 2]].tolist()
    np.testing.assert_allclose(targets[2:], 0.1)


def test_an_epoch_draws_its_share_without_repetition(examples: Examples) -> None:
    drawn = examples.draw_epoch(COUNT, np.random.default_rng(0))
    assert len(set(drawn.tolist())) == len(drawn)
    assert (drawn < len(examples.labels)).sum() == round(module.EPOCH_POSITIVES * COUNT)
    assert (drawn >= len(examples.labels)).sum() == round(module.EPOCH_NEGATIVES * COUNT)
