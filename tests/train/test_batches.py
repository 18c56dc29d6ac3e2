"""Batches: every image of the dataset once an epoch, a share of the synthetic examples, each with its own target."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from runtime.tflite.card import InputSpec
from train.batches import Batches, EpochData
from train.data.pictures import Image
from train.data.targets import Targets
from train.models.recipes import RECIPES
from train.synthetic.examples import EPOCH_NEGATIVES, EPOCH_POSITIVES, Examples

OWN, MORE, NONE = 300, 252, 200


def coded(count: int, start: int) -> Image:
    """Images that say which they are: their first two pixels are a number from `start` up."""
    images: Image = np.zeros((count, 28, 28, 1), np.uint8)
    images[:, 0, 0, 0], images[:, 0, 1, 0] = divmod(np.arange(start, start + count), 256)
    return images


@pytest.fixture(scope="module")
def material() -> EpochData:
    labels = (np.arange(OWN + MORE) % 10).astype(np.int64)
    examples = Examples(coded(MORE, OWN), labels[OWN:], coded(NONE, OWN + MORE))
    return EpochData(coded(OWN, 0), labels[:OWN], InputSpec(), 10, examples)


def epoch(material: EpochData, number: int = 1, augment: bool = False) -> tuple[Image, Targets]:
    recipe = dataclasses.replace(RECIPES["cnn"], augment=augment, batch_size=64)
    batches = Batches(recipe, 3, material, number)
    parts = [batches[index] for index in range(len(batches))]
    assert {len(part[1]) for part in parts[:-1]} == {64}
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def test_every_image_has_its_own_target(material: EpochData) -> None:
    images, targets = epoch(material)
    numbers = images[:, 0, 0, 0].astype(int) * 256 + images[:, 0, 1, 0]
    assert len(set(numbers.tolist())) == len(numbers)  # none twice
    assert (numbers < OWN).sum() == OWN
    assert ((numbers >= OWN) & (numbers < OWN + MORE)).sum() == round(EPOCH_POSITIVES * OWN)
    assert (numbers >= OWN + MORE).sum() == round(EPOCH_NEGATIVES * OWN)
    digits = numbers < OWN + MORE
    np.testing.assert_array_equal(targets[digits].argmax(axis=1), numbers[digits] % 10)
    np.testing.assert_array_equal(targets[digits].max(axis=1), 1)
    np.testing.assert_allclose(targets[~digits], 0.1)
    assert targets.dtype == np.float32


def test_epochs_differ_and_repeat_themselves(material: EpochData) -> None:
    first, again, other = (epoch(material, number, augment=True)[0] for number in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_without_examples_targets_are_labels(material: EpochData) -> None:
    images, labels = epoch(dataclasses.replace(material, synthetic=None))
    numbers = images[:, 0, 0, 0].astype(int) * 256 + images[:, 0, 1, 0]
    assert sorted(numbers.tolist()) == list(range(OWN))
    np.testing.assert_array_equal(labels, numbers % 10)
