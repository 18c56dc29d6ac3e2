"""The data of a run: what its epochs are made of, and what validates them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from runtime.tflite.card import InputSpec
from train.augment import augment_batch
from train.batches import EpochData
from train.data.load import Dataset
from train.data.pictures import Image, Labels
from train.data.targets import Targets, one_hot
from train.distillation import (
    BATCH,
    SoftTargets,
    Teacher,
    beats_uniform,
    count_copies,
    make_soft_targets,
    without_teacher,
)
from train.models.fused import fused_teacher
from train.plan import Plan
from train.synthetic.examples import KINDS, Examples, applies_to, make_examples
from workbench.progress import bar

VALIDATION_SEED = 2**33  # beyond any --seed: validation sees examples that training did not


@dataclass(frozen=True)
class TrainingData:
    """The data of a run.

    Attributes:
        epochs: What every epoch is made of.
        validation: Images uint8 (N, H, W, C), and their labels int64 (N,) or targets as `epochs` has them. None
            where no images are held out.
        validation_synthetic: The examples among the validation images. None where there are none.
    """

    epochs: EpochData
    validation: tuple[Image, Labels | Targets] | None
    validation_synthetic: Examples | None


def prepare_data(plan: Plan, dataset: Dataset, train_indices: Labels, validation_indices: Labels) -> TrainingData:
    """Divide a dataset, make its synthetic examples, and ask the teachers.

    Args:
        plan: Plan of the run.
        dataset: What it learns from.
        train_indices: int64 (N,), the training images to train on.
        validation_indices: int64 (M,), the training images held out; M may be 0.

    Returns:
        The data of the run.
    """
    images, labels = _select(dataset, train_indices)
    spec, classes = dataset.input_spec, len(dataset.labels)
    exposed = plan.recipe.outlier_exposure and applies_to(dataset.labels, spec)
    synthetic = _make_examples(images, labels, spec, plan.seed) if exposed else None
    soft_targets = _soft_targets(plan, plan.teachers, images, spec) if plan.teachers else None
    synthetic_soft_targets = _synthetic_soft_targets(plan, synthetic, spec, classes) if synthetic else None
    epochs = EpochData(images, labels, spec, classes, synthetic, soft_targets, synthetic_soft_targets)
    if not len(validation_indices):
        return TrainingData(epochs, None, None)
    images, labels = _select(dataset, validation_indices)
    more = _make_examples(images, labels, spec, plan.seed + VALIDATION_SEED) if exposed else None
    return TrainingData(epochs, _validation(epochs, images, labels, more), more)


def _select(dataset: Dataset, indices: Labels) -> tuple[Image, Labels]:
    """Training images by ascending index; all of them without a copy."""
    if len(indices) == len(dataset.labels_train):
        return dataset.images_train, dataset.labels_train
    return dataset.images_train[indices], dataset.labels_train[indices]


def _validation(
    epochs: EpochData, images: Image, labels: Labels, synthetic: Examples | None
) -> tuple[Image, Labels | Targets]:
    """Validation images with labels or targets of the form that `epochs` gives."""
    if not epochs.has_distributions:
        return images, labels
    targets = one_hot(labels, epochs.classes)
    if synthetic is not None:
        more, more_targets = synthetic.pick_all(epochs.classes)
        images, targets = np.concatenate([images, more]), np.concatenate([targets, more_targets])
    return images, without_teacher(targets) if epochs.soft_targets is not None else targets


def _make_examples(images: Image, labels: Labels, spec: InputSpec, seed: int) -> Examples:
    with bar("making synthetic digits and negatives", KINDS) as done:
        return make_examples(images, labels, spec, seed, done)


def _synthetic_soft_targets(plan: Plan, synthetic: Examples, spec: InputSpec, classes: int) -> SoftTargets | None:
    """From the teachers that know the examples; None where there are none."""
    images, targets = synthetic.pick_all(classes)
    teachers = [teacher for teacher in plan.teachers if beats_uniform(teacher, images, targets)]
    return _soft_targets(plan, teachers, images, spec) if teachers else None


def _soft_targets(plan: Plan, teachers: Sequence[Teacher], images: Image, spec: InputSpec) -> SoftTargets:
    change = partial(augment_batch, framing=spec.framing) if plan.recipe.augment else None
    asked = [dataclasses.replace(one, model=fused_teacher(one.model, plan.precision)) for one in teachers]
    steps = count_copies(images, change is not None) * math.ceil(len(images) / BATCH)
    with bar("asking the teacher", steps) as done:
        return make_soft_targets(asked, images, change, plan.seed, done)
