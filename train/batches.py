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

# With 1, Keras 3.15 has tf.data fetch ahead, and to end an epoch then waits 10 ms, 20, 40 ... up to half a minute.
WORKERS = 2


@dataclass(frozen=True)
class Material:
    """What an epoch is made of. images: uint8 (N, H, W, C), labels: int64 (N,), both of the dataset.
    extras: None leaves it at that, and the targets are labels; with them the targets are distributions."""

    images: Image
    labels: Labels
    spec: InputSpec
    classes: int
    extras: Extras | None = None


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """The training images of one epoch: shuffled, and augmented where the recipe says so.

    Batch i depends on (seed, epoch, i) alone: uint8 (B, H, W, C), and labels int64 (B,) or, with extras,
    targets float32 (B, classes). Keras asks for them in threads of its own, ahead of training and in order:
    OpenCV lets go of the interpreter lock, so the two overlap.
    """

    def __init__(self, recipe: Recipe, seed: int, material: Material, epoch: int) -> None:
        super().__init__(workers=WORKERS, use_multiprocessing=False)
        self._recipe, self._seed, self._material, self._epoch = recipe, seed, material, epoch
        rng = np.random.default_rng([seed, epoch])
        self._order = rng.permutation(np.concatenate([np.arange(len(material.labels)), _drawn(material, rng)]))

    def __len__(self) -> int:
        return math.ceil(len(self._order) / self._recipe.batch_size)

    def __getitem__(self, index: int) -> tuple[Image, Labels | Targets]:
        size = self._recipe.batch_size
        images, targets = self._pick(self._order[index * size : (index + 1) * size])
        if self._recipe.augment:
            rng = np.random.default_rng([self._seed, self._epoch, index])
            images = augment_batch(images, rng, self._material.spec.framing)
        return images, targets

    def _pick(self, chosen: Labels) -> tuple[Image, Labels | Targets]:
        """The images of these numbers and what the model should say of them; in the order of their pools."""
        own, extras = self._material, self._material.extras
        if extras is None:
            return own.images[chosen], own.labels[chosen]
        ends = len(own.labels), len(own.labels) + len(extras.labels)
        first, second = chosen[chosen < ends[0]], chosen[(chosen >= ends[0]) & (chosen < ends[1])] - ends[0]
        third = chosen[chosen >= ends[1]] - ends[1]
        labels = np.concatenate([own.labels[first], extras.labels[second]])
        targets = np.concatenate([one_hot(labels, own.classes), uniform(len(third), own.classes)])
        return np.concatenate([own.images[first], extras.digits[second], extras.negatives[third]]), targets


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
    """Accuracy over the rows that have a right answer: negatives, whose target is uniform, do not count."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return super().update_state(y_true, y_pred, keras.ops.cast(keras.ops.max(y_true, axis=-1) > 0.5, "float32"))
