"""One epoch of training images, batch by batch, and what counts as right."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from runtime.card import InputSpec
from train.augment import augment_batch
from train.extras import DRAWN_DIGITS, DRAWN_NEGATIVES, Extras, Targets, one_hot, uniform
from train.models import Recipe
from train.raw import Image, Labels
from train.teach import Lessons

# With 1, Keras 3.15 has tf.data fetch ahead, and to end an epoch then waits 10 ms, 20, 40 ... up to half a minute.
WORKERS = 2


@dataclass(frozen=True)
class Material:
    """What an epoch is made of. images: uint8 (N, H, W, C), labels: int64 (N,), both of the dataset.
    extras: None leaves it at that. lessons: copies of the images, augmented, and a teacher's answers to them.
    With either the targets are distributions, else labels."""

    images: Image
    labels: Labels
    spec: InputSpec
    classes: int
    extras: Extras | None = None
    lessons: Lessons | None = None


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """The training images of one epoch: shuffled, and augmented where the recipe says so.

    Batch i depends on (seed, epoch, i) alone: uint8 (B, H, W, C), and labels int64 (B,) or, with extras,
    targets float32 (B, classes), or, with lessons, (B, 2 x classes). Keras asks for them in threads of its own,
    ahead of training and in order: OpenCV lets go of the interpreter lock, so the two overlap.
    """

    def __init__(self, recipe: Recipe, seed: int, material: Material, epoch: int) -> None:
        super().__init__(workers=WORKERS, use_multiprocessing=False)
        self._recipe, self._seed, self._material, self._epoch = recipe, seed, material, epoch
        rng = np.random.default_rng([seed, epoch])
        self._order = rng.permutation(np.concatenate([np.arange(len(material.labels)), _drawn(material, rng)]))

    def __len__(self) -> int:
        return math.ceil(len(self._order) / self._recipe.batch_size)

    def __getitem__(self, index: int) -> tuple[Image, Labels | Targets]:
        size, own, lessons = self._recipe.batch_size, self._material, self._material.lessons
        chosen = self._order[index * size : (index + 1) * size]
        first, others = chosen[chosen < len(own.labels)], chosen[chosen >= len(own.labels)]
        rng = np.random.default_rng([self._seed, self._epoch, index])
        number = 0 if lessons is None else (self._epoch - 1) % len(lessons.images)
        images = self._augmented(own.images[first], rng) if lessons is None else lessons.images[number, first]
        if own.extras is None and lessons is None:
            return images, own.labels[first]
        more_images, more = _others(own, others)
        images = np.concatenate([images, self._augmented(more_images, rng)])
        targets = one_hot(own.labels[first], own.classes)
        if lessons is None:
            return images, np.concatenate([targets, more])
        return images, np.concatenate([np.hstack([targets, lessons.answers[number, first]]), untaught(more)])

    def _augmented(self, images: Image, rng: np.random.Generator) -> Image:
        return augment_batch(images, rng, self._material.spec.framing) if self._recipe.augment else images


def untaught(targets: Targets) -> Targets:
    """(N, 2 x classes) from (N, classes): what no teacher was asked about."""
    return np.hstack([targets, np.zeros_like(targets)])


def _others(material: Material, chosen: Labels) -> tuple[Image, Targets]:
    """The extras of these numbers, counted on from the images, and their targets; digits first."""
    extras, count = material.extras, len(material.labels)
    if extras is None:
        return material.images[:0], np.zeros((0, material.classes), np.float32)
    end = count + len(extras.labels)
    digits, negatives = chosen[chosen < end] - count, chosen[chosen >= end] - end
    targets = [one_hot(extras.labels[digits], material.classes), uniform(len(negatives), material.classes)]
    return np.concatenate([extras.digits[digits], extras.negatives[negatives]]), np.concatenate(targets)


def _drawn(material: Material, rng: np.random.Generator) -> Labels:
    """Numbers of the extras of one epoch, counted on from the dataset's own images: digits, then negatives."""
    extras, count = material.extras, len(material.labels)
    if extras is None:
        return np.zeros(0, np.int64)
    digits = rng.permutation(len(extras.labels))[: round(DRAWN_DIGITS * count)]
    negatives = rng.permutation(len(extras.negatives))[: round(DRAWN_NEGATIVES * count)]
    return np.concatenate([count + digits, count + len(extras.labels) + negatives])


@keras.saving.register_keras_serializable("edge-classifier")
class DigitAccuracy(keras.metrics.CategoricalAccuracy):  # type: ignore[misc]
    """Accuracy over the rows that have a right answer: negatives, whose target is uniform, do not count. What
    y_true has beyond y_pred's columns is a teacher's."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        y_true = y_true[:, : y_pred.shape[-1]]
        return super().update_state(y_true, y_pred, keras.ops.cast(keras.ops.max(y_true, axis=-1) > 0.5, "float32"))
