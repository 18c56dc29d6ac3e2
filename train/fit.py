"""The training loop: Keras's own `fit`, an epoch at a time, with every epoch committed to the disk.

A resumed run goes the way an uninterrupted one would have gone: shuffling and augmentation depend on
(seed, epoch, batch) alone, dropout on (seed, epoch), and the optimizer and its step are in the checkpoint.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from runtime.cli.parser import print_note
from runtime.errors import DataError, OptionError
from runtime.tflite.card import InputSpec
from train import checkpoint
from train.augment import augment_batch
from train.batches import Batches, EpochData, InlierAccuracy, without_teacher
from train.checkpoint import Epoch, History
from train.data.load import Dataset
from train.data.pictures import Image, Labels
from train.data.split import split_validation
from train.distillation import BATCH, SoftTargets, TaughtCrossentropy, Teacher, beats_uniform, make_lessons, passes_for
from train.models.fused import fused, quick, unfused
from train.models.recipes import Recipe, build
from train.optimizer import averaged, optimizer_for
from train.progress import Reporter
from train.synthetic.extras import PARTS, Extras, Targets, all_of, applies_to, make_extras, one_hot
from workbench.progress import bar

EVALUATION_BATCH = 512
HISTORY_FILE = "history.csv"
SPLIT_SEED = 0  # whatever the --seed: runs are compared, and taught by one another, on the same images
VALIDATION_SEED = 2**33  # beyond any --seed: what chooses the epoch was not learned from

Log = Callable[[History], object]


@dataclass(frozen=True)
class Plan:
    """recipe: with the epochs, batch size and learning rate of this run. seed: of all that is random but the
    choice of the images held back. teachers: whose answers it learns from as well. precision: of train.models.fused."""

    recipe: Recipe
    seed: int = 0
    teachers: tuple[Teacher, ...] = ()
    precision: str = "float32"


@dataclass(frozen=True)
class Trained:
    """model: keras.Model with the weights of best_epoch (from 1). learn, choose: indices of the training
    images that it learned from and that chose the epoch (none where the recipe holds none back). extras: what
    they were extended by to choose the epoch; None where they were not."""

    model: Any
    history: History
    best_epoch: int
    learn: Labels
    choose: Labels
    extras: Extras | None = None


def train(plan: Plan, dataset: Dataset, folder: Path, resume: bool = False, log: Log = lambda history: None) -> Trained:
    """Train by `plan` and keep history.csv and checkpoint/ in `folder` as it goes.

    resume: go on after the last whole epoch there; raises OptionError where that run had other options.
    Without it whatever is there is discarded. log: told the history at the start and after each epoch.
    """
    options = options_of(plan, dataset)
    saved = folder / checkpoint.FOLDER
    history = _resumed(saved, options, plan.recipe) if resume else _discarded(saved)
    log(history)
    make_deterministic(plan.seed)
    learn, choose = split_validation(dataset.labels_train, plan.recipe.validation, SPLIT_SEED)
    run = _Run(plan, dataset, learn, choose)
    if not is_finished(history, plan.recipe):
        model = _load(checkpoint.model_path(saved, len(history))) if history else run.fresh_model()
        with Reporter(plan.recipe.epochs) as reporter:
            while not is_finished(history, plan.recipe):
                history = (*history, run.epoch(model, len(history) + 1, reporter))
                checkpoint.commit(saved, options, history, model.save)
                checkpoint.write_csv(folder / HISTORY_FILE, history)
                log(history)
                reporter.end_epoch(history[-1])
    checkpoint.write_csv(folder / HISTORY_FILE, history)  # a kill may have come between commit and csv
    # At the end of a cosine the mean of the weights is at its best; which epoch validates best is then chance.
    best = len(history) if plan.recipe.schedule == "cosine" else checkpoint.best_epoch(history)
    model = run.for_labels(averaged(_load(checkpoint.model_path(saved, best))))
    return Trained(model, history, best, learn, choose, run.extras_to_choose)


def options_of(plan: Plan, dataset: Dataset) -> dict[str, Any]:
    """What decides the course of a run, by the option that sets it."""
    recipe = plan.recipe
    return {
        "--model": recipe.name,
        "--data": f"{dataset.name} ({len(dataset.images_train)} images, {dataset.digest()})",
        "--epochs": recipe.epochs,
        "--batch-size": recipe.batch_size,
        "--learning-rate": recipe.learning_rate,
        "--seed": plan.seed,
        "--precision": plan.precision,
        "--teacher": ", ".join(f"{teacher.name} ({teacher.digest()})" for teacher in plan.teachers) or None,
    }


def is_finished(history: History, recipe: Recipe) -> bool:
    """All epochs done, or `patience` of them without a lower validation loss."""
    stale = len(history) - checkpoint.best_epoch(history)
    return len(history) >= recipe.epochs or (recipe.patience is not None and stale >= recipe.patience)


def make_deterministic(seed: int) -> None:
    """The same seed, the same weights: on one machine, bit for bit."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


class _Run:
    """What stays the same from epoch to epoch."""

    def __init__(self, plan: Plan, dataset: Dataset, learn: Labels, choose: Labels) -> None:
        self._plan, self._dataset = plan, dataset
        self._exposed = plan.recipe.exposure and applies_to(dataset.labels, dataset.input_spec)
        # Indexing copies: without a split the arrays serve as they are.
        whole = not len(choose)
        images = dataset.images_train if whole else dataset.images_train[learn]
        labels = dataset.labels_train if whole else dataset.labels_train[learn]
        spec, classes = dataset.input_spec, len(dataset.labels)
        extras = _extras(images, labels, spec, plan.seed) if self._exposed else None
        lessons = _lessons(plan, plan.teachers, images, spec) if plan.teachers else None
        more_lessons = _lessons_of_extras(plan, extras, spec, classes) if extras else None
        self._material = EpochData(images, labels, spec, classes, extras, lessons, more_lessons)
        self.extras_to_choose: Extras | None = None
        self._validation = None if whole else self._held_back(choose)

    def _held_back(self, choose: Labels) -> tuple[Image, Labels | Targets]:
        images, labels = self._dataset.images_train[choose], self._dataset.labels_train[choose]
        classes = self._material.classes
        if not self._exposed:
            return images, without_teacher(one_hot(labels, classes)) if self._material.lessons else labels
        self.extras_to_choose = _extras(images, labels, self._material.spec, self._plan.seed + VALIDATION_SEED)
        more, targets = all_of(self.extras_to_choose, classes)
        targets = np.concatenate([one_hot(labels, classes), targets])
        return np.concatenate([images, more]), without_teacher(targets) if self._material.lessons else targets

    def fresh_model(self) -> Any:
        """The recipe's model, compiled."""
        recipe = self._plan.recipe
        model = fused(build(recipe, self._dataset.input_spec.shape, len(self._dataset.labels)), self._plan.precision)
        logits = recipe.output == "logits"
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
        metric: Any = "accuracy"
        if self._material.lessons is not None:
            loss, metric = TaughtCrossentropy(from_logits=logits), InlierAccuracy(name="accuracy")
        elif self._exposed:
            loss, metric = keras.losses.CategoricalCrossentropy(from_logits=logits), InlierAccuracy(name="accuracy")
        steps = len(Batches(recipe, self._plan.seed, self._material, 1))
        model.compile(optimizer_for(recipe, steps), loss, metrics=[metric])
        return model

    def for_labels(self, model: Any) -> Any:
        """The model as anybody can load and evaluate it: compiled for labels, with what Keras has of its own."""
        plain = unfused(model)
        if plain is not model or self._exposed or self._material.lessons is not None:
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=self._plan.recipe.output == "logits")
            plain.compile(keras.optimizers.Adam(self._plan.recipe.learning_rate), loss, metrics=["accuracy"])
        return plain

    def epoch(self, model: Any, number: int, reporter: Reporter) -> Epoch:
        """Train `model` for the epoch of that number (from 1)."""
        batches = Batches(self._plan.recipe, self._plan.seed, self._material, number)
        _reseed(model, self._plan.seed, number)
        reporter.start_epoch(number, len(batches))
        start = time.monotonic()
        logs = model.fit(
            batches,
            validation_data=self._validation,
            validation_batch_size=EVALUATION_BATCH,
            callbacks=self._callbacks(reporter),
            shuffle=False,  # Batches does it, by the seed
            verbose=0,
        ).history
        seconds = round(time.monotonic() - start, 3)
        figures = {name: float(values[-1]) for name, values in logs.items()}
        if not math.isfinite(figures["loss"]):
            raise OptionError(f"training diverged in epoch {number} (loss {figures['loss']}): lower --learning-rate")
        val_loss, val_accuracy = figures.get("val_loss"), figures.get("val_accuracy")
        rate = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))
        return Epoch(number, figures["loss"], figures["accuracy"], val_loss, val_accuracy, rate, seconds)

    def _callbacks(self, reporter: Reporter) -> list[Any]:
        averaged = (
            [keras.callbacks.SwapEMAWeights()] if self._plan.recipe.schedule == "cosine" else []
        )  # validation sees the mean
        return [*averaged, *([_BatchCallback(reporter)] if reporter.is_live else [])]


def _extras(images: Image, labels: Labels, spec: InputSpec, seed: int) -> Extras:
    with bar("making synthetic digits and negatives", PARTS) as done:
        return make_extras(images, labels, spec, seed, done)


def _lessons_of_extras(plan: Plan, extras: Extras, spec: InputSpec, classes: int) -> SoftTargets | None:
    """Of the teachers that know the extras; None where there are none."""
    images, targets = all_of(extras, classes)
    teachers = [teacher for teacher in plan.teachers if beats_uniform(teacher, images, targets)]
    return _lessons(plan, teachers, images, spec) if teachers else None


def _lessons(plan: Plan, teachers: Sequence[Teacher], images: Image, spec: InputSpec) -> SoftTargets:
    change = partial(augment_batch, framing=spec.framing) if plan.recipe.augment else None
    teachers = [dataclasses.replace(teacher, model=quick(teacher.model, plan.precision)) for teacher in teachers]
    steps = passes_for(images, change is not None) * math.ceil(len(images) / BATCH)
    with bar("asking the teacher", steps) as done:
        return make_lessons(teachers, images, change, plan.seed, done)


class _BatchCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Keras's batch results to the progress bar."""

    def __init__(self, reporter: Reporter) -> None:
        super().__init__()
        self._reporter = reporter

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        figures = logs or {}
        self._reporter.batch(float(figures.get("loss", 0.0)), float(figures.get("accuracy", 0.0)))


def _reseed(model: Any, seed: int, epoch: int) -> None:
    """Dropout's generators, which a .keras file does not hold, to a state that the epoch alone decides."""
    for index, layer in enumerate(model.layers):
        generator = getattr(layer, "seed_generator", None)
        if generator is not None:
            generator.state.assign(np.random.SeedSequence([seed, epoch, index]).generate_state(2))


def _load(path: Path) -> Any:
    try:
        return keras.models.load_model(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: damaged ({error}), cannot resume; leave --resume out to start again") from None


def _resumed(saved: Path, options: dict[str, Any], recipe: Recipe) -> History:
    history = checkpoint.history_of(saved, options)
    if not history:
        print_note("nothing to resume: starting from the beginning")
    elif is_finished(history, recipe):
        print_note(f"nothing left to train: that run was complete after epoch {len(history)}; writing its results")
    else:
        print_note(f"resuming after epoch {len(history)} of {recipe.epochs}")
    return history


def _discarded(saved: Path) -> History:
    epochs = checkpoint.discard(saved)
    if epochs:
        print_note(f"starting again: the {epochs} epochs in {saved} are dropped (--resume goes on instead)")
    return ()
