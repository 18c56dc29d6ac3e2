"""Synthetic training examples for digit datasets: drawn and printed digits, damaged copies, and non-digits.

They are made once at the start of a run, by seed. Every epoch draws its share of them, which train.augment changes
again. The non-digits are for outlier exposure, see train.synthetic.negatives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from runtime.preprocess import load_framing
from runtime.tflite.card import InputSpec
from train.data.npz import NUMERALS
from train.data.pictures import Image, Labels
from train.data.targets import Targets, one_hot, uniform
from train.synthetic.damage import damaged
from train.synthetic.glyphs import glyphs, restroked
from train.synthetic.negatives import negatives

Progress = Callable[[int], None]

CARD_NAME = "digits"  # of a model for a dataset that `applies_to` names

# How many there are of each kind, as shares of the dataset's own images,
GLYPH_SHARE, RESTROKED_SHARE, DAMAGED_SHARE, NEGATIVE_SHARE = 0.3, 0.14, 0.4, 0.42
# and how many of them an epoch draws.
EPOCH_POSITIVES, EPOCH_NEGATIVES = 0.5, 0.25
KINDS = 4


@dataclass(frozen=True)
class Examples:
    """Synthetic model inputs.

    Attributes:
        positives: uint8 (M, *spec.shape), images of the dataset's classes.
        labels: int64 (M,), the classes of the positives.
        negatives: uint8 (K, *spec.shape), images of none of the classes.
    """

    positives: Image
    labels: Labels
    negatives: Image

    def positives_first(self, indices: Labels) -> Labels:
        """Reorder indices as `pick` returns their images.

        Args:
            indices: int64 (N,), see `pick`.

        Returns:
            int64 (N,): those of positives, then those of negatives, each in the order given.
        """
        end = len(self.labels)
        return np.concatenate([indices[indices < end], indices[indices >= end]])

    def pick(self, indices: Labels, classes: int) -> tuple[Image, Targets]:
        """Select examples by index.

        Args:
            indices: int64 (N,); 0 to M - 1 are the positives, M to M + K - 1 the negatives.
            classes: How many classes the targets have.

        Returns:
            Images uint8 (N, *spec.shape) and targets float32 (N, classes), in the order of `positives_first`.
        """
        end = len(self.labels)
        positive, negative = indices[indices < end], indices[indices >= end]
        images = np.concatenate([self.positives[positive], self.negatives[negative - end]])
        targets = [one_hot(self.labels[positive], classes), uniform(len(negative), classes)]
        return images, np.concatenate(targets)

    def pick_all(self, classes: int) -> tuple[Image, Targets]:
        """Every example and its target, the positives first.

        Args:
            classes: How many classes the targets have.

        Returns:
            Images uint8 (M + K, *spec.shape) and targets float32 (M + K, classes).
        """
        return self.pick(np.arange(len(self.labels) + len(self.negatives)), classes)

    def draw_epoch(self, count: int, rng: np.random.Generator) -> Labels:
        """Draw the examples of one epoch.

        Args:
            count: How many images of its own the dataset has.
            rng: Draws them.

        Returns:
            Indices as `pick` takes them: EPOCH_POSITIVES and EPOCH_NEGATIVES of `count`, as far as there are.
        """
        positives = rng.permutation(len(self.labels))[: round(EPOCH_POSITIVES * count)]
        outliers = rng.permutation(len(self.negatives))[: round(EPOCH_NEGATIVES * count)]
        return np.concatenate([positives, len(self.labels) + outliers])


def applies_to(labels: tuple[str, ...], spec: InputSpec) -> bool:
    """Whether a dataset is of handwritten digits: only those gain from more digits.

    Args:
        labels: Its class names.
        spec: Its input spec.

    Returns:
        True where its framing cuts out marks and its classes are the ten digits.
    """
    return load_framing(spec.framing).content == "mark" and labels == NUMERALS


def make_examples(
    images: Image, labels: Labels, spec: InputSpec, seed: int, done: Progress = lambda kinds: None
) -> Examples:
    """Make examples in proportion to a dataset's own images.

    The damaged and the restroked digits are copies of these images and of no others.

    Args:
        images: Model inputs, uint8 (N, *spec.shape).
        labels: int64 (N,).
        spec: Spec of the model inputs.
        seed: Decides all that is random.
        done: Called with 1 after each of the KINDS.

    Returns:
        The examples.
    """
    count = len(labels)
    rngs = [np.random.default_rng([seed, number]) for number in range(KINDS)]
    drawn, drawn_labels = glyphs(round(GLYPH_SHARE * count), spec, rngs[0])
    done(1)
    rewritten = rngs[1].permutation(count)[: round(RESTROKED_SHARE * count)]
    rewritten_images = restroked(images[rewritten], spec, rngs[1])
    done(1)
    chosen = rngs[2].permutation(count)[: round(DAMAGED_SHARE * count)]
    damaged_images = damaged(images[chosen], spec, rngs[2])
    done(1)
    outliers = negatives(round(NEGATIVE_SHARE * count), images, spec, rngs[3])
    done(1)
    positives = np.concatenate([drawn, rewritten_images, damaged_images])
    return Examples(positives, np.concatenate([drawn_labels, labels[rewritten], labels[chosen]]), outliers)
