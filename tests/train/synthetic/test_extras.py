"""What a digit dataset is extended by: in proportion, by seed, and for digits alone."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.tflite.card import InputSpec
from train.data.pictures import DIGITS, Image, Labels
from train.synthetic import extras as module
from train.synthetic.extras import Extras, all_of, applies_to, make_extras, one_hot, uniform
from train.synthetic.glyphs import glyphs

SPEC = InputSpec()
COUNT = 100


@pytest.fixture(scope="module")
def own() -> tuple[Image, Labels]:
    return glyphs(COUNT, SPEC, np.random.default_rng(0))


@pytest.fixture(scope="module")
def extras(own: tuple[Image, Labels]) -> Extras:
    return make_extras(*own, SPEC, seed=1)


def test_extras_are_in_proportion(extras: Extras) -> None:
    assert len(extras.digits) == len(extras.labels) == round(COUNT * (module.GLYPHS + module.REPENNED + module.DAMAGED))
    assert extras.digits.shape[1:] == extras.negatives.shape[1:] == SPEC.shape
    assert len(extras.negatives) == round(COUNT * module.NEGATIVES)
    assert extras.labels.dtype == np.int64


def test_an_epoch_draws_no_more_than_there_is() -> None:
    assert module.DRAWN_DIGITS <= module.GLYPHS + module.REPENNED + module.DAMAGED
    assert module.DRAWN_NEGATIVES <= module.NEGATIVES


def test_the_seed_decides_and_each_part_is_told_of(own: tuple[Image, Labels], extras: Extras) -> None:
    told: list[int] = []
    again = make_extras(*own, SPEC, seed=1, done=told.append)
    assert sum(told) == module.PARTS
    np.testing.assert_array_equal(again.digits, extras.digits)
    np.testing.assert_array_equal(again.labels, extras.labels)
    np.testing.assert_array_equal(again.negatives, extras.negatives)
    other = make_extras(*own, SPEC, seed=2)
    assert (other.negatives != extras.negatives).any(axis=(1, 2, 3)).all()


def test_copies_keep_their_label(own: tuple[Image, Labels], monkeypatch: pytest.MonkeyPatch) -> None:
    """With copying in place of damage and rewriting, every copy is found among the originals of its label."""
    monkeypatch.setattr(module, "repenned", lambda images, spec, rng: images)
    monkeypatch.setattr(module, "damaged", lambda images, spec, rng: images)
    made = make_extras(*own, SPEC, seed=1)
    known = {image.tobytes(): label for image, label in zip(*own, strict=True)}
    copies = list(zip(made.digits, made.labels, strict=True))[round(COUNT * module.GLYPHS) :]
    assert all(known[image.tobytes()] == label for image, label in copies)


def test_targets(extras: Extras) -> None:
    np.testing.assert_array_equal(one_hot(np.array([2, 0]), 3), [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_allclose(uniform(2, 4), 0.25)
    images, targets = all_of(extras, 10)
    assert len(images) == len(targets) == len(extras.digits) + len(extras.negatives)
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(targets[: len(extras.labels)].argmax(axis=1), extras.labels)
    assert targets[len(extras.labels) :].max() == np.float32(0.1)


def test_only_digits_in_ink_are_extended() -> None:
    assert applies_to(DIGITS, SPEC)
    assert not applies_to(DIGITS, InputSpec(framing="whole"))
    assert not applies_to(("cat", "dog"), SPEC)
