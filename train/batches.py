"""One epoch of training images, batch by batch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import keras
import numpy as np

from runtime.tflite.card import InputSpec
from train.augment import augment_batch
from train.data.pictures import Image, Labels
from train.data.targets import Targets, one_hot
from train.distillation import SoftTargets, without_teacher
from train.models.recipes import Recipe
from train.synthetic.examples import Examples

# With 1, Keras 3.15 has tf.data fetch ahead, and to end an epoch then waits 10 ms, 20, 40 ... up to half a minute.
WORKERS = 2


@dataclass(frozen=True)
class EpochData:
    """What epochs are made of. The targets are distributions where there are examples or soft targets, else labels.

    Attributes:
        images: uint8 (N, H, W, C), of the dataset.
        labels: int64 (N,), of the dataset.
        spec: Spec of the images.
        classes: How many there are.
        synthetic: Examples to draw from besides. None: there are none.
        soft_targets: Augmented copies of the images and the teachers' answers to them. None: there is no teacher.
        synthetic_soft_targets: The same of the examples, the positives first. None: no teacher knows them.
    """

    images: Image
    labels: Labels
    spec: InputSpec
    classes: int
    synthetic: Examples | None = None
    soft_targets: SoftTargets | None = None
    synthetic_soft_targets: SoftTargets | None = None

    @property
    def has_distributions(self) -> bool:
        """Whether the targets are distributions over the classes instead of labels."""
        return self.synthetic is not None or self.soft_targets is not None


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """The training images of one epoch: shuffled, and augmented where the recipe says so.

    Batch i depends on (seed, epoch, i) alone: uint8 (B, H, W, C), and labels int64 (B,) or, with synthetic examples,
    targets float32 (B, classes), or, with soft targets, (B, 2 x classes). Keras asks for batches in threads of its
    own, ahead of training and in order: OpenCV releases the interpreter lock, so that the two overlap.
    """

    def __init__(self, recipe: Recipe, seed: int, data: EpochData, epoch: int) -> None:
        """Draw and shuffle the images of an epoch.

        Args:
            recipe: Its batch size, and whether it augments.
            seed: Seed of the run.
            data: What the epoch is made of.
            epoch: Its number, from 1.
        """
        super().__init__(workers=WORKERS, use_multiprocessing=False)
        self._recipe, self._seed, self._data, self._epoch = recipe, seed, data, epoch
        rng = np.random.default_rng([seed, epoch])
        count = len(data.labels)
        drawn = np.zeros(0, np.int64) if data.synthetic is None else count + data.synthetic.draw_epoch(count, rng)
        self._order = rng.permutation(np.concatenate([np.arange(count), drawn]))

    def __len__(self) -> int:
        """How many batches the epoch has."""
        return math.ceil(len(self._order) / self._recipe.batch_size)

    def __getitem__(self, index: int) -> tuple[Image, Labels | Targets]:
        """Make a batch.

        Args:
            index: Its number, from 0.

        Returns:
            Images and their labels or targets.
        """
        size, data = self._recipe.batch_size, self._data
        chosen = self._order[index * size : (index + 1) * size]
        own, others = chosen[chosen < len(data.labels)], chosen[chosen >= len(data.labels)] - len(data.labels)
        rng = np.random.default_rng([self._seed, self._epoch, index])
        if not data.has_distributions:
            return self._augmented(data.images[own], rng), data.labels[own]
        targets = one_hot(data.labels[own], data.classes)
        images, targets = self._as_learned(own, data.images[own], targets, data.soft_targets, rng)
        if data.synthetic is None:
            return images, targets
        others = data.synthetic.positives_first(others)
        more_images, more = data.synthetic.pick(others, data.classes)
        more_images, more = self._as_learned(others, more_images, more, data.synthetic_soft_targets, rng)
        return np.concatenate([images, more_images]), np.concatenate([targets, more])

    def _as_learned(
        self, indices: Labels, images: Image, targets: Targets, soft: SoftTargets | None, rng: np.random.Generator
    ) -> tuple[Image, Targets]:
        """Images of these indices with their targets: copies that a teacher answered to, where there are any."""
        if soft is None:
            has_teacher = self._data.soft_targets is not None
            return self._augmented(images, rng), without_teacher(targets) if has_teacher else targets
        copy = (self._epoch - 1) % len(soft.images)
        return soft.images[copy, indices], np.hstack([targets, soft.answers[copy, indices]])

    def _augmented(self, images: Image, rng: np.random.Generator) -> Image:
        return augment_batch(images, rng, self._data.spec.framing) if self._recipe.augment else images
