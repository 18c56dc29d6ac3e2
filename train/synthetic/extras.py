"""What a digit dataset is extended by: written and printed forms, damaged copies, and marks that are no digit.

Made once at the start of a run, by seed; every epoch draws its share from it, and train.augment changes that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from runtime.tflite.card import InputSpec
from train.data.pictures import DIGITS, Image, Labels
from train.synthetic.damage import damaged
from train.synthetic.glyphs import glyphs, restroked
from train.synthetic.negatives import negatives

Done = Callable[[int], None]
Targets = npt.NDArray[np.float32]  # (N, classes), rows that sum to 1

# How many there are, and how many of them an epoch sees, as shares of the dataset's own images.
GLYPHS, REPENNED, DAMAGED, NEGATIVES = 0.3, 0.14, 0.4, 0.42
PARTS = 4
DRAWN_DIGITS, DRAWN_NEGATIVES = 0.5, 0.25


@dataclass(frozen=True)
class Extras:
    """digits: uint8 (M, *spec.shape) model inputs, labels: int64 (M,). negatives: uint8 (K, *spec.shape)."""

    digits: Image
    labels: Labels
    negatives: Image


def applies_to(labels: tuple[str, ...], spec: InputSpec) -> bool:
    """Whether a dataset is of digits as marks: others have no use for more digits."""
    return spec.framing == "ink" and labels == DIGITS


def make_extras(images: Image, labels: Labels, spec: InputSpec, seed: int, done: Done = lambda parts: None) -> Extras:
    """Extras in proportion to the N images given, model inputs uint8 (N, *spec.shape); labels int64 (N,).

    done: told when each of the PARTS is made.

    The damaged and the rewritten digits are copies of those images and of no others.
    """
    count = len(labels)
    chance = [np.random.default_rng([seed, number]) for number in range(4)]
    drawn, drawn_labels = glyphs(round(GLYPHS * count), spec, chance[0])
    done(1)
    again = chance[1].permutation(count)[: round(REPENNED * count)]
    rewritten = restroked(images[again], spec, chance[1])
    done(1)
    hit = chance[2].permutation(count)[: round(DAMAGED * count)]
    spoilt = damaged(images[hit], spec, chance[2])
    done(1)
    others = negatives(round(NEGATIVES * count), images, spec, chance[3])
    done(1)
    labels = np.concatenate([drawn_labels, labels[again], labels[hit]])
    return Extras(np.concatenate([drawn, rewritten, spoilt]), labels, others)


def one_hot(labels: Labels, classes: int) -> Targets:
    """Float32 (N, classes) from int64 (N,)."""
    return np.eye(classes, dtype=np.float32)[labels]


def uniform(count: int, classes: int) -> Targets:
    """What a model should say of `count` marks that are none of its classes: each is as likely."""
    return np.full((count, classes), 1 / classes, np.float32)


def all_of(extras: Extras, classes: int) -> tuple[Image, Targets]:
    """Every extra and its target, the digits first."""
    targets = [one_hot(extras.labels, classes), uniform(len(extras.negatives), classes)]
    return np.concatenate([extras.digits, extras.negatives]), np.concatenate(targets)
