"""Knowledge distillation: a student learns from the softened answers of larger networks, its teachers.

Source: Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network, 2015. The teachers answer once, to a few
augmented copies of every image. Each epoch of the student uses one of these copies.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from runtime.errors import DataError
from train.data.pictures import Image
from train.data.targets import Targets
from workbench.metrics import softmax

MAX_COPIES = 12  # of every image
POOL_BYTES = 1 << 30  # at most, for all copies
TEMPERATURE = 3.0  # divides the logits of teacher and student
ALPHA = 0.7  # weight of the teacher's answer in the loss; the label has the rest
BATCH = 500
EXAMINED = 2000  # images, to find out whether a teacher knows them
LOG_FLOOR = 1e-7  # of probabilities, before their logarithm

Change = Callable[[Image, np.random.Generator], Image]


@dataclass(frozen=True)
class Teacher:
    """A trained network to learn from.

    Attributes:
        name: For the card.
        model: keras.Model from pixels 0 to 255 to logits or probabilities, (N, classes).
        seconds: Seconds of its training, where it was trained for this run; else 0.
    """

    name: str
    model: Any
    seconds: float = 0.0

    def digest(self) -> str:
        """A fingerprint of its weights.

        Returns:
            12 hexadecimal digits.
        """
        sha = hashlib.sha256()
        for weights in self.model.get_weights():
            sha.update(np.ascontiguousarray(weights).tobytes())
        return sha.hexdigest()[:12]


@dataclass(frozen=True)
class SoftTargets:
    """Copies of images and the teachers' answers to them.

    Attributes:
        images: uint8 (copies, N, H, W, C).
        answers: float32 (copies, N, classes), rows that sum to 1.
    """

    images: Image
    answers: Targets


def read_teacher(path: str, classes: int) -> Teacher:
    """Load a teacher from a .keras file.

    Args:
        path: The file.
        classes: How many the dataset has.

    Returns:
        The teacher.

    Raises:
        DataError: The file is not a .keras file, or its model has other classes.
    """
    try:
        model = keras.models.load_model(path, compile=False)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"--teacher {path}: expected a .keras file or a model's name; received: {error}") from None
    if model.output_shape[-1] != classes:
        raise DataError(
            f"--teacher {path}: expected a model of {classes} classes; received one of {model.output_shape[-1]}. "
            "Give one that was trained on the same data"
        )
    return Teacher(path, model)


def make_soft_targets(
    teachers: Sequence[Teacher],
    images: Image,
    change: Change | None,
    seed: int,
    done: Callable[[int], None] = lambda batches: None,
) -> SoftTargets:
    """Augment images and ask the teachers.

    Args:
        teachers: At least one; their answers are averaged.
        images: uint8 (N, H, W, C).
        change: Augments a batch. None: there is one copy, unchanged.
        seed: Seed of the augmentation.
        done: Called with 1 after each batch of BATCH images.

    Returns:
        The copies and the answers at TEMPERATURE.
    """
    copies = count_copies(images, change is not None)
    changed: Image = np.empty((copies, *images.shape), np.uint8)
    answers = None
    for copy in range(copies):
        rng = np.random.default_rng([seed, copy])
        for start in range(0, len(images), BATCH):
            part = images[start : start + BATCH]
            changed[copy, start : start + BATCH] = part if change is None else change(part, rng)
            batch = changed[copy, start : start + BATCH]
            answer = np.mean([_answers(teacher, batch, TEMPERATURE) for teacher in teachers], axis=0)
            if answers is None:
                answers = np.empty((copies, len(images), answer.shape[1]), np.float32)
            answers[copy, start : start + BATCH] = answer
            done(1)
    return SoftTargets(changed, np.zeros((copies, 0, 0), np.float32) if answers is None else answers)


def beats_uniform(teacher: Teacher, images: Image, targets: Targets) -> bool:
    """Whether a teacher's answers have lower cross-entropy with the targets than the uniform distribution.

    A teacher that learned from other images takes non-digits for digits: it must not be asked about them.

    Args:
        teacher: The teacher.
        images: uint8 (N, H, W, C), of which about EXAMINED are looked at.
        targets: float32 (N, classes).

    Returns:
        True where it does.
    """
    every = max(1, len(images) // EXAMINED)
    answers = _answers(teacher, images[::every], 1.0)
    losses = -(targets[::every] * np.log(np.maximum(answers, LOG_FLOOR))).sum(axis=1)
    return bool(losses.mean() < math.log(targets.shape[1]))


def count_copies(images: Image, augmented: bool) -> int:
    """How many copies of every image the teachers answer to.

    Args:
        images: uint8 (N, H, W, C).
        augmented: Whether the copies differ.

    Returns:
        1 where they do not; else up to MAX_COPIES, as far as POOL_BYTES go.
    """
    return max(1, min(MAX_COPIES, POOL_BYTES // max(1, images.nbytes))) if augmented else 1


def without_teacher(targets: Targets) -> Targets:
    """Targets for `TaughtCrossentropy` of images that no teacher was asked about.

    Args:
        targets: float32 (N, classes).

    Returns:
        float32 (N, 2 x classes), the second half 0.
    """
    return np.hstack([targets, np.zeros_like(targets)])


def _answers(teacher: Teacher, images: Image, temperature: float) -> Targets:
    """Probabilities at that temperature, float32 (N, classes)."""
    outputs = np.asarray(teacher.model.predict_on_batch(images), np.float32)
    if (outputs >= 0).all() and np.abs(outputs.sum(axis=1) - 1).max() < 1e-3:
        outputs = np.log(np.maximum(outputs, LOG_FLOOR))
    return softmax(outputs, temperature)


@keras.saving.register_keras_serializable("edge-classifier")
class TaughtCrossentropy(keras.losses.Loss):  # type: ignore[misc]
    """Cross-entropy with the label and, where a teacher answered, with its softened answer too."""

    def __init__(self, from_logits: bool, name: str = "taught", **others: Any) -> None:
        """Make the loss.

        Args:
            from_logits: Whether the model gives logits; else it gives probabilities.
            name: Name of the loss.
            **others: What keras.losses.Loss takes.
        """
        super().__init__(name=name, **others)
        self.from_logits = from_logits

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each image.

        The softened part counts TEMPERATURE squared, so that its gradients keep their size.

        Args:
            y_true: (N, 2 x classes): the label's distribution, then the teacher's, 0 throughout where no teacher
                was asked.
            y_pred: (N, classes), logits or probabilities.

        Returns:
            (N,).
        """
        ops = keras.ops
        classes = y_pred.shape[-1]
        logits = y_pred if self.from_logits else ops.log(ops.maximum(y_pred, LOG_FLOOR))
        label, answer = y_true[:, :classes], y_true[:, classes:]
        is_taught = ops.sum(answer, axis=-1)  # 1 or 0
        hard = -ops.sum(label * ops.log_softmax(logits), axis=-1)
        soft = -ops.sum(answer * ops.log_softmax(logits / TEMPERATURE), axis=-1)
        return (1 - ALPHA * is_taught) * hard + ALPHA * TEMPERATURE**2 * soft

    def get_config(self) -> dict[str, Any]:
        """What Keras needs to make the loss again.

        Returns:
            The arguments of `__init__`.
        """
        return {**super().get_config(), "from_logits": self.from_logits}
