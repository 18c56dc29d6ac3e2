"""One epoch of training images, batch by batch, and what counts as right."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from runtime.tflite.card import InputSpec
from train.augment import augment_batch
from train.data.pictures import Image, Labels
from train.distillation import SoftTargets
from train.models.recipes import Recipe
from train.synthetic.extras import DRAWN_DIGITS, DRAWN_NEGATIVES, Extras, Targets, one_hot, uniform

# With 1, Keras 3.15 has tf.data fetch ahead, and to end an epoch then waits 10 ms, 20, 40 ... up to half a minute.
WORKERS = 2


@dataclass(frozen=True)
class EpochData:
    """What an epoch is made of. images: uint8 (N, H, W, C), labels: int64 (N,), both of the dataset.
    extras: None leaves it at that. lessons: copies of the images, augmented, and the teachers' answers to them.
    more_lessons: the same of the extras, the digits first, where a teacher knows these. With extras or lessons the
    targets are distributions, else labels."""

    images: Image
    labels: Labels
    spec: InputSpec
    classes: int
    extras: Extras | None = None
    lessons: SoftTargets | None = None
    more_lessons: SoftTargets | None = None


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """The training images of one epoch: shuffled, and augmented where the recipe says so.

    Batch i depends on (seed, epoch, i) alone: uint8 (B, H, W, C), and labels int64 (B,) or, with extras,
    targets float32 (B, classes), or, with lessons, (B, 2 x classes). Keras asks for them in threads of its own,
    ahead of training and in order: OpenCV lets go of the interpreter lock, so the two overlap.
    """

    def __init__(self, recipe: Recipe, seed: int, material: EpochData, epoch: int) -> None:
        super().__init__(workers=WORKERS, use_multiprocessing=False)
        self._recipe, self._seed, self._material, self._epoch = recipe, seed, material, epoch
        rng = np.random.default_rng([seed, epoch])
        self._order = rng.permutation(np.concatenate([np.arange(len(material.labels)), _drawn(material, rng)]))

    def __len__(self) -> int:
        return math.ceil(len(self._order) / self._recipe.batch_size)

    def __getitem__(self, index: int) -> tuple[Image, Labels | Targets]:
        size, own = self._recipe.batch_size, self._material
        chosen = self._order[index * size : (index + 1) * size]
        first, others = chosen[chosen < len(own.labels)], chosen[chosen >= len(own.labels)] - len(own.labels)
        rng = np.random.default_rng([self._seed, self._epoch, index])
        if own.extras is None and own.lessons is None:
            return self._augmented(own.images[first], rng), own.labels[first]
        targets = one_hot(own.labels[first], own.classes)
        images, targets = self._shown(first, own.images[first], targets, own.lessons, rng)
        more_images, more = self._shown(*_extras(own, others), own.more_lessons, rng)
        return np.concatenate([images, more_images]), np.concatenate([targets, more])

    def _shown(
        self, numbers: Labels, images: Image, targets: Targets, lessons: SoftTargets | None, rng: np.random.Generator
    ) -> tuple[Image, Targets]:
        """The images of these numbers and their targets as the model gets them: from the lessons where there are."""
        if lessons is None:
            return self._augmented(images, rng), targets if self._material.lessons is None else without_teacher(targets)
        turn = (self._epoch - 1) % len(lessons.images)
        return lessons.images[turn, numbers], np.hstack([targets, lessons.answers[turn, numbers]])

    def _augmented(self, images: Image, rng: np.random.Generator) -> Image:
        return augment_batch(images, rng, self._material.spec.framing) if self._recipe.augment else images


def without_teacher(targets: Targets) -> Targets:
    """(N, 2 x classes) from (N, classes): what no teacher was asked about."""
    return np.hstack([targets, np.zeros_like(targets)])


def _extras(material: EpochData, chosen: Labels) -> tuple[Labels, Image, Targets]:
    """The extras of these numbers, with which the negatives go on from the digits: the numbers with the digits
    first, the images and their targets."""
    extras = material.extras
    if extras is None:
        return chosen, material.images[:0], np.zeros((0, material.classes), np.float32)
    end = len(extras.labels)
    digits, negatives = chosen[chosen < end], chosen[chosen >= end]
    images = np.concatenate([extras.digits[digits], extras.negatives[negatives - end]])
    targets = [one_hot(extras.labels[digits], material.classes), uniform(len(negatives), material.classes)]
    return np.concatenate([digits, negatives]), images, np.concatenate(targets)


def _drawn(material: EpochData, rng: np.random.Generator) -> Labels:
    """Numbers of the extras of one epoch, counted on from the dataset's own images: digits, then negatives."""
    extras, count = material.extras, len(material.labels)
    if extras is None:
        return np.zeros(0, np.int64)
    digits = rng.permutation(len(extras.labels))[: round(DRAWN_DIGITS * count)]
    negatives = rng.permutation(len(extras.negatives))[: round(DRAWN_NEGATIVES * count)]
    return np.concatenate([count + digits, count + len(extras.labels) + negatives])


@keras.saving.register_keras_serializable("edge-classifier")
class InlierAccuracy(keras.metrics.CategoricalAccuracy):  # type: ignore[misc]
    """Accuracy over the rows that have a right answer: negatives, whose target is uniform, do not count. What
    y_true has beyond y_pred's columns is a teacher's."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        y_true = y_true[:, : y_pred.shape[-1]]
        return super().update_state(y_true, y_pred, keras.ops.cast(keras.ops.max(y_true, axis=-1) > 0.5, "float32"))
