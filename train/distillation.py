"""What larger networks teach a smaller one: their answers to the very images it learns from, softened.

Hinton, Vinyals, Dean: Distilling the Knowledge in a Neural Network, 2015. The teachers answer once, to a few
augmented copies of every image; each epoch of the pupil goes through one of these.
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
from train.synthetic.extras import Targets

PASSES = 12  # copies of every image,
POOL_BYTES = 1 << 30  # as long as they take no more than this
TEMPERATURE = 3.0  # the temperature that both answers are divided by
ALPHA = 0.7  # of the loss that is about the teacher's answer; the rest is about the label
BATCH = 500
EXAMINED = 2000  # images, to find out whether a teacher knows them


@dataclass(frozen=True)
class Teacher:
    """name: for the card. model: keras.Model from pixels 0 to 255 to logits or probabilities, (N, classes).
    seconds: of its epochs, where it was trained for this run."""

    name: str
    model: Any
    seconds: float = 0.0

    def digest(self) -> str:
        """A fingerprint of its weights."""
        sha = hashlib.sha256()
        for weights in self.model.get_weights():
            sha.update(np.ascontiguousarray(weights).tobytes())
        return sha.hexdigest()[:12]


@dataclass(frozen=True)
class SoftTargets:
    """images: uint8 (passes, N, H, W, C). answers: float32 (passes, N, classes), rows that sum to 1."""

    images: Image
    answers: Targets


def read_teacher(path: str, classes: int) -> Teacher:
    """A .keras file as a Teacher. Raises DataError where it is none, or one of other classes."""
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


def make_lessons(
    teachers: Sequence[Teacher],
    images: Image,
    change: Callable[[Image, np.random.Generator], Image] | None,
    seed: int,
    done: Callable[[int], None] = lambda batches: None,
) -> SoftTargets:
    """Changed copies of uint8 (N, H, W, C) and what the teachers, on average, say of them.

    change: augments a batch; None: one copy, as it is. done: told of each batch answered.
    """
    passes = passes_for(images, change is not None)
    copies: Image = np.empty((passes, *images.shape), np.uint8)
    answers = None
    for number in range(passes):
        rng = np.random.default_rng([seed, number])
        for start in range(0, len(images), BATCH):
            part = images[start : start + BATCH]
            copies[number, start : start + BATCH] = part if change is None else change(part, rng)
            asked = copies[number, start : start + BATCH]
            said = np.mean([_soft(teacher, asked, TEMPERATURE) for teacher in teachers], axis=0)
            if answers is None:
                answers = np.empty((passes, len(images), said.shape[1]), np.float32)
            answers[number, start : start + BATCH] = said
            done(1)
    return SoftTargets(copies, np.zeros((passes, 0, 0), np.float32) if answers is None else answers)


def beats_uniform(teacher: Teacher, images: Image, targets: Targets) -> bool:
    """Whether a teacher's answers to uint8 (N, H, W, C) are nearer to the targets, (N, classes), than no answer is.

    One that learned from other images takes what is no digit for one, and is not to be asked about it.
    """
    every = max(1, len(images) // EXAMINED)
    said = _soft(teacher, images[::every], 1.0)
    losses = -(targets[::every] * np.log(np.maximum(said, 1e-7))).sum(axis=1)
    return bool(losses.mean() < math.log(targets.shape[1]))


def passes_for(images: Image, changed: bool) -> int:
    """How many copies of every image there will be."""
    return 1 if not changed else max(1, min(PASSES, POOL_BYTES // max(1, images.nbytes)))


def _soft(teacher: Teacher, images: Image, softness: float) -> Targets:
    """Probabilities at that temperature, float32 (N, classes)."""
    outputs = np.asarray(teacher.model.predict_on_batch(images), np.float32)
    if (outputs >= 0).all() and np.abs(outputs.sum(axis=1) - 1).max() < 1e-3:
        outputs = np.log(np.maximum(outputs, 1e-7))
    scaled = np.exp((outputs - outputs.max(axis=1, keepdims=True)) / np.float32(softness))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True), np.float32)


@keras.saving.register_keras_serializable("edge-classifier")
class TaughtCrossentropy(keras.losses.Loss):  # type: ignore[misc]
    """Cross-entropy with the label, and where a teacher answered, with its softened answer too.

    y_true: (N, 2 x classes): what the label says, then what the teacher says, 0 throughout where it was not
    asked. y_pred: (N, classes), logits, or probabilities.
    """

    def __init__(self, from_logits: bool, name: str = "taught", **others: Any) -> None:
        super().__init__(name=name, **others)
        self.from_logits = from_logits

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """(N,) losses. The softened part counts SOFTNESS squared, so that its gradients keep their size."""
        ops = keras.ops
        classes = y_pred.shape[-1]
        logits = y_pred if self.from_logits else ops.log(ops.maximum(y_pred, 1e-7))
        label, answer = y_true[:, :classes], y_true[:, classes:]
        asked = ops.sum(answer, axis=-1)  # 1 or 0
        plain = -ops.sum(label * ops.log_softmax(logits), axis=-1)
        soft = -ops.sum(answer * ops.log_softmax(logits / TEMPERATURE), axis=-1)
        return (1 - ALPHA * asked) * plain + ALPHA * TEMPERATURE**2 * soft

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "from_logits": self.from_logits}
