"""Teachers: their softened answers to the images that the student sees, and a loss that includes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from runtime.errors import DataError
from runtime.tflite.card import InputSpec
from train.augment import augment_batch
from train.batches import Batches, EpochData
from train.data.pictures import Image
from train.distillation import (
    ALPHA,
    TEMPERATURE,
    SoftTargets,
    TaughtCrossentropy,
    Teacher,
    beats_uniform,
    count_copies,
    make_soft_targets,
    read_teacher,
)
from train.models.recipes import RECIPES
from train.objective import InlierAccuracy
from train.synthetic.examples import Examples

COUNT, CLASSES = 40, 10
Change = Callable[[Image, np.random.Generator], Image] | None


def images() -> Image:
    """Image i is a block of brightness 5 i + 20."""
    out: Image = np.zeros((COUNT, 28, 28, 1), np.uint8)
    out[:, 8:20, 8:20, 0] = (5 * np.arange(COUNT) + 20)[:, None, None]
    return out


def brightness_teacher(activation: str = "linear") -> Teacher:
    """Its logits are a fixed linear map of the pixels."""
    start = keras.initializers.RandomNormal(stddev=0.05, seed=3)
    dense = keras.layers.Dense(CLASSES, activation=activation, kernel_initializer=start)
    layers = [keras.Input((28, 28, 1)), keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), dense]
    return Teacher("brightness", keras.Sequential(layers))


def softmax(logits: np.ndarray) -> np.ndarray:
    scaled = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=-1, keepdims=True))


def soft_targets_of(*teachers: Teacher, change: Change = augment_batch, seed: int = 0) -> SoftTargets:
    return make_soft_targets(teachers, images(), change, seed)


def test_the_answers_are_to_the_very_copies_that_are_learned_from() -> None:
    teacher = brightness_teacher()
    soft = soft_targets_of(teacher)
    assert soft.images.shape == (count_copies(images(), True), COUNT, 28, 28, 1)
    assert soft.images.dtype == np.uint8
    for copies, answers in zip(soft.images, soft.answers, strict=True):
        np.testing.assert_allclose(answers, softmax(np.asarray(teacher.model(copies)) / TEMPERATURE), atol=1e-5)
    assert (soft.images[0] != soft.images[1]).any()
    np.testing.assert_array_equal(soft_targets_of(teacher).images, soft.images)
    assert (soft_targets_of(teacher, seed=1).images != soft.images).any()


def test_without_augmentation_there_is_one_copy_as_it_is() -> None:
    soft = soft_targets_of(brightness_teacher(), change=None)
    np.testing.assert_array_equal(soft.images, images()[None])


def test_a_teacher_of_probabilities_answers_as_one_of_logits() -> None:
    np.testing.assert_allclose(
        soft_targets_of(brightness_teacher("softmax")).answers, soft_targets_of(brightness_teacher()).answers, atol=1e-4
    )


def test_two_teachers_answer_on_average() -> None:
    one, two = brightness_teacher(), Teacher("flat", keras.Sequential([keras.Input((28, 28, 1)), _Flat()]))
    expected = (soft_targets_of(one).answers + 1 / CLASSES) / 2
    np.testing.assert_allclose(soft_targets_of(one, two).answers, expected, atol=1e-5)


class _Flat(keras.layers.Layer):  # type: ignore[misc]
    """Equal logits whatever comes."""

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return keras.ops.zeros((keras.ops.shape(x)[0], CLASSES)) - 1.0


class _Coded(keras.layers.Layer):  # type: ignore[misc]
    """Logits of the class whose pixel in the first row is lit."""

    def call(self, x: keras.KerasTensor) -> keras.KerasTensor:
        return keras.ops.cast(x[:, 0, :CLASSES, 0], "float32") / 16


def test_the_loss_against_its_definition() -> None:
    rng = np.random.default_rng(0)
    label, answer = np.eye(CLASSES, dtype=np.float32)[[3, 7]], softmax(rng.normal(size=(2, CLASSES)))
    answer[1] = 0  # nobody was asked about the second
    logits = rng.normal(size=(2, CLASSES)).astype(np.float32)
    plain = -(label * np.log(softmax(logits))).sum(axis=1)
    soft = -(answer * np.log(softmax(logits / TEMPERATURE))).sum(axis=1)
    expected = [(1 - ALPHA) * plain[0] + ALPHA * TEMPERATURE**2 * soft[0], plain[1]]
    target = np.hstack([label, answer]).astype(np.float32)
    loss = TaughtCrossentropy(from_logits=True, reduction=None)
    np.testing.assert_allclose(loss(target, logits), expected, rtol=1e-5)
    probabilities = TaughtCrossentropy(from_logits=False, reduction=None)
    np.testing.assert_allclose(probabilities(target, softmax(logits)), expected, rtol=1e-4)
    assert keras.losses.deserialize(keras.losses.serialize(loss)).from_logits is True


@pytest.mark.parametrize("of_examples", [False, True])
def test_batches_pair_each_image_with_its_label_and_answer(of_examples: bool) -> None:
    labels = (np.arange(COUNT) % CLASSES).astype(np.int64)
    examples = Examples(images()[:30], labels[:30], images()[:20])
    more, targets_of_more = examples.pick_all(CLASSES)
    soft, others = (make_soft_targets([brightness_teacher()], part, augment_batch, 0) for part in (images(), more))
    material = EpochData(images(), labels, InputSpec(), CLASSES, examples, soft, others if of_examples else None)
    recipe = dataclasses.replace(RECIPES["cnn"], augment=False, batch_size=16)
    batches = Batches(recipe, 0, material, epoch=2)
    parts = [batches[index] for index in range(len(batches))]
    seen, targets = (np.concatenate([part[column] for part in parts]) for column in (0, 1))
    assert targets.shape == (len(seen), 2 * CLASSES)
    taught = targets[:, CLASSES:].sum(axis=1) > 0
    assert taught.sum() == (len(seen) if of_examples else COUNT)
    copies = np.concatenate([soft.images[1], others.images[1]])  # epoch 2 goes through the second copies
    answers = np.concatenate([soft.answers[1], others.answers[1]])
    known = np.concatenate([np.eye(CLASSES, dtype=np.float32)[labels], targets_of_more])
    for image, target in zip(seen[taught], targets[taught], strict=True):
        same = (copies == image).all(axis=(1, 2, 3))
        assert (np.hstack([known[same], answers[same]]) == target).all(axis=1).any()
    accuracy = InlierAccuracy()
    accuracy.update_state(targets, targets[:, :CLASSES])
    assert float(accuracy.result()) == 1.0


def test_a_teacher_is_asked_about_what_it_knows() -> None:
    """One that gives the label knows the digits; one that is sure of a digit everywhere does not know non-digits."""
    labels = np.arange(COUNT) % CLASSES
    right = np.eye(CLASSES, dtype=np.float32)[labels]
    coded: Image = np.zeros((COUNT, 28, 28, 1), np.uint8)
    coded[np.arange(COUNT), 0, labels, 0] = 255
    teacher = Teacher("reads the code", keras.Sequential([keras.Input((28, 28, 1)), _Coded()]))
    assert beats_uniform(teacher, coded, right)
    assert not beats_uniform(teacher, coded, np.roll(right, 1, axis=1))
    assert not beats_uniform(teacher, coded, np.full_like(right, 1 / CLASSES))


def test_files_that_are_no_teacher(tmp_path: Path) -> None:
    (tmp_path / "junk.keras").write_bytes(b"junk")
    with pytest.raises(DataError, match=r"junk\.keras: expected a \.keras file or a model's name"):
        read_teacher(str(tmp_path / "junk.keras"), CLASSES)
    brightness_teacher().model.save(tmp_path / "ten.keras")
    with pytest.raises(DataError, match="expected a model of 3 classes; received one of 10"):
        read_teacher(str(tmp_path / "ten.keras"), 3)
    assert read_teacher(str(tmp_path / "ten.keras"), CLASSES).digest() == brightness_teacher().digest()
