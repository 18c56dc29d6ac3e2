"""One conversion from options to proof: what is read, in which order, and what each step hands on.

Nothing is printed here and the .tflite is not written here: see __main__.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert import cards, parity, quantize, rejection
from convert.data import Calibration, Dataset, Pixels, Step, calibrate, load_dataset, to_inputs
from convert.temperature import MIN_IMAGES, Scores, expected_calibration_error, fit_temperature, log_scores, softmax
from runtime.errors import OptionError
from runtime.tflite.card import Decision, InputSpec, ModelCard, attach_card
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import to_probabilities

DATASET_NAME = "dataset.npz"  # beside the model, where train leaves it

ProgressFactory = Callable[
    [str, int], AbstractContextManager[Step]
]  # (what, how many pictures) -> told how many are done


@dataclass(frozen=True)
class Job:
    """The options of one conversion, as python -m convert -h describes them. reject_threshold: None chooses it."""

    model: Path
    output: Path
    quantization: str = "int8"
    limits: parity.Limits = field(default_factory=parity.Limits)
    data: Path | None = None
    card: Path | None = None
    labels: Path | None = None
    calibration_images: int = 500
    seed: int = 0
    reject_threshold: float | None = None


@dataclass(frozen=True)
class Prepared:
    """What is known before TensorFlow starts. test, validation: uint8 (N, H, W, C) model inputs; validation is
    empty where a temperature cannot be fitted. hard, negatives: likewise, for the reject threshold; empty where
    the data have none. calibration: None but for int8. draft: None without a card."""

    draft: ModelCard | None
    spec: InputSpec
    dataset: Dataset
    calibration: Calibration | None
    test: Pixels
    validation: Pixels
    hard: Pixels
    negatives: Pixels


@dataclass(frozen=True)
class ConvertedModel:
    """A converted model before it is judged. tflite: the bare flatbuffer. card: not yet filled in.
    reference: float32 (N, classes), the Keras model's probabilities for the test images."""

    tflite: bytes
    card: ModelCard
    interpreter: Interpreter
    reference: NDArray[np.float32]
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """tflite: the file, card inside. report: what parity.json says. misses: the limits missed, empty if none."""

    tflite: bytes
    parity: parity.Parity
    report: dict[str, Any]
    violations: tuple[str, ...]


def prepare(job: Job, watch: ProgressFactory) -> Prepared:
    """Read and check all inputs. Raises OptionError, DataError, ModelError."""
    quantize.check_source(job.model)
    draft = cards.read_draft(job.model, job.card)
    dataset = load_dataset(_data_path(job))
    spec = draft.input if draft else dataset.spec or cards.default_input_spec(quantize.input_shape(job.model))
    calibration = calibrate(dataset, spec, job.calibration_images, job.seed) if job.quantization == "int8" else None
    with watch("Preparing the test images", len(dataset.test)) as step:
        test = to_inputs(dataset, dataset.test.images, spec, step)
    kept = dataset.validation if dataset.validation and len(dataset.validation) >= MIN_IMAGES else None
    sources = (kept.images if kept else None, dataset.hard.images if dataset.hard else None, dataset.negatives)
    others = [test[:0]] * len(sources)
    for index, images in enumerate(sources):
        if images is not None:
            with watch("Preparing the validation images", len(images)) as step:
                others[index] = to_inputs(dataset, images, spec, step)
    return Prepared(draft, spec, dataset, calibration, test, *others)


def run_job(job: Job, prepared: Prepared, watch: ProgressFactory) -> Outcome:
    """Convert, run both models on all test images, compare, and fill in the card.

    Raises ModelError, ModelMismatch, DataError; a missed limit is no error here but in the outcome.
    """
    trial = _convert(job, prepared)
    evidence = _measure(trial, prepared, watch)
    found = parity.compare(trial.reference, evidence.probabilities, evidence.truth, trial.card.labels)
    scores = _validation_scores(trial, prepared, watch)
    temperature = _temperature(trial, prepared, evidence, scores[0])
    chosen = _threshold(job, prepared, [softmax(part / temperature["value"]) for part in scores])
    conversion = {
        "calibration": prepared.calibration.describe() if prepared.calibration else None,
        "temperature": temperature,
        "reject_threshold": chosen.as_dict(),
        "interpreter": trial.interpreter.name,
        "versions": dict(trial.versions),
    }
    decision = Decision(trial.card.decision.output, temperature["value"], chosen.value)
    card = cards.complete_card(trial.card, job.quantization, decision, found, evidence, conversion)
    missed = parity.violations(found, job.limits)
    report = {**_verdict(job, trial, missed), **found.as_dict(), **conversion}
    return Outcome(attach_card(trial.tflite, card), found, report, missed)


def _convert(job: Job, prepared: Prepared) -> ConvertedModel:
    """The converted model, loaded, with all refusals that need no picture run through it."""
    converted = quantize.convert_model(job.model, job.quantization, prepared.test, prepared.calibration)
    interpreter = Interpreter.load(converted.tflite)
    if prepared.calibration is not None:
        quantize.check_pixel_input(interpreter.input, prepared.calibration)
    output = parity.output_activation(converted.reference)
    card = _card(job, prepared, interpreter, output)
    truth = prepared.dataset.test.labels
    cards.check_card(card, interpreter, truth, output)
    reference = probabilities_of(converted.reference, output)
    if converted.reference_divided is not None:
        parity.check_expects_pixels(reference, probabilities_of(converted.reference_divided, output), truth)
    return ConvertedModel(converted.tflite, card, interpreter, reference, converted.versions)


def _measure(trial: ConvertedModel, prepared: Prepared, watch: ProgressFactory) -> cards.TestOutputs:
    """The .tflite on every test image, at temperature 1."""
    with watch("Running the .tflite on the test images", len(prepared.test)) as step:
        raw = parity.run_all(trial.interpreter, prepared.test, step)
    plain = Decision(output=trial.card.decision.output)
    probabilities = np.stack([to_probabilities(row, trial.interpreter.output, plain) for row in raw])
    return cards.TestOutputs(prepared.test, raw, probabilities, prepared.dataset.test.labels)


def _validation_scores(trial: ConvertedModel, prepared: Prepared, watch: ProgressFactory) -> list[Scores]:
    """What the .tflite says of the validation images, the hard ones and the negatives: (N, classes) each."""
    info, output = trial.interpreter.output, trial.card.decision.output
    found = []
    for images in (prepared.validation, prepared.hard, prepared.negatives):
        raw = np.zeros((0, len(trial.card.labels)), info.dtype)
        if len(images):
            with watch("Running the .tflite on the validation images", len(images)) as step:
                raw = parity.run_all(trial.interpreter, images, step)
        found.append(log_scores(raw, info, output))
    return found


def _threshold(job: Job, prepared: Prepared, probabilities: list[Scores]) -> rejection.Threshold:
    """probabilities: of the validation images, the hard ones and the negatives, after the temperature."""
    parts = (prepared.dataset.validation if len(prepared.validation) else None, prepared.dataset.hard)
    truth = [part.labels for part in parts if part is not None]
    images = np.concatenate(probabilities[:2])
    labels = np.concatenate(truth) if truth else np.zeros(0, np.int64)
    return rejection.threshold(images, labels, probabilities[2], job.reject_threshold)


def _temperature(
    trial: ConvertedModel, prepared: Prepared, evidence: cards.TestOutputs, validation: Scores
) -> dict[str, Any]:
    """Fitted on the validation images; the calibration error on the test images is a report, no more."""
    fitted_on, value = len(prepared.validation), 1.0
    if fitted_on and prepared.dataset.validation is not None:
        value = fit_temperature(validation, prepared.dataset.validation.labels)
    scores = log_scores(evidence.raw, trial.interpreter.output, trial.card.decision.output)
    errors = [round(expected_calibration_error(softmax(scores / t), evidence.truth), 5) for t in (1.0, value)]
    return {
        "value": value,
        "validation_images": fitted_on,
        "test_calibration_error_before": errors[0],
        "test_calibration_error_after": errors[1],
    }


def _verdict(job: Job, trial: ConvertedModel, missed: tuple[str, ...]) -> dict[str, Any]:
    return {
        "model": str(job.model),
        "quantization": job.quantization,
        "model_sha256": hashlib.sha256(trial.tflite).hexdigest(),
        "passed": not missed,
        "missed": list(missed),
        "limits": dataclasses.asdict(job.limits),
    }


def _data_path(job: Job) -> Path:
    if job.data is not None:
        return job.data
    beside = job.model.parent / DATASET_NAME
    if not beside.exists():
        raise OptionError(
            f"expected test images in {beside}; there are none. Give them with --data FILE.npz (x_test, y_test, and "
            "x_train, y_train for int8): without them the conversion cannot be proven"
        )
    return beside


def _card(job: Job, prepared: Prepared, interpreter: Interpreter, output: str) -> ModelCard:
    if prepared.draft is not None:
        card = prepared.draft
    else:
        labels = prepared.dataset.labels or tuple(map(str, range(interpreter.output.shape[-1])))
        card = ModelCard(job.model.stem, "", labels, prepared.spec, Decision(output=output))
    return card if job.labels is None else dataclasses.replace(card, labels=cards.read_labels(job.labels))


def probabilities_of(outputs: NDArray[np.float32], output: str) -> NDArray[np.float32]:
    """float32 (N, classes) from the Keras model's outputs."""
    if output == "probabilities":
        return outputs
    return softmax(outputs.astype(np.float64)).astype(np.float32)
