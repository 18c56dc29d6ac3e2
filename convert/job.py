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

from convert import cards, confidence, parity, quantize
from convert.data import Calibration, Dataset, Pixels, Step, calibrate, load_dataset, to_inputs
from runtime.card import Decision, InputSpec, ModelCard, attach_card
from runtime.classifier import to_probabilities
from runtime.errors import OptionError
from runtime.interpreter import Interpreter

DATASET_NAME = "dataset.npz"  # beside the model, where train leaves it

Watch = Callable[[str, int], AbstractContextManager[Step]]  # (what, how many pictures) -> told how many are done


@dataclass(frozen=True)
class Job:
    """The options of one conversion, as python -m convert -h describes them."""

    model: Path
    output: Path
    quantization: str = "int8"
    limits: parity.Limits = field(default_factory=parity.Limits)
    data: Path | None = None
    card: Path | None = None
    labels: Path | None = None
    calibration_images: int = 500
    seed: int = 0
    reject_threshold: float = 0.5


@dataclass(frozen=True)
class Prepared:
    """What is known before TensorFlow starts. test, validation: uint8 (N, H, W, C) model inputs; validation is
    empty where a temperature cannot be fitted. calibration: None but for int8. draft: None without a card."""

    draft: ModelCard | None
    spec: InputSpec
    dataset: Dataset
    calibration: Calibration | None
    test: Pixels
    validation: Pixels


@dataclass(frozen=True)
class Trial:
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
    misses: tuple[str, ...]


def prepare(job: Job, watch: Watch) -> Prepared:
    """Read and check all inputs. Raises OptionError, DataError, ModelError."""
    quantize.check_source(job.model)
    draft = cards.read_draft(job.model, job.card)
    dataset = load_dataset(_data_path(job))
    spec = draft.input if draft else dataset.spec or cards.plain_spec(quantize.input_shape(job.model))
    calibration = calibrate(dataset, spec, job.calibration_images, job.seed) if job.quantization == "int8" else None
    with watch("Preparing the test images", len(dataset.test)) as step:
        test = to_inputs(dataset, dataset.test.images, spec, step)
    validation = test[:0]
    if dataset.validation is not None and len(dataset.validation) >= confidence.MIN_IMAGES:
        with watch("Preparing the validation images", len(dataset.validation)) as step:
            validation = to_inputs(dataset, dataset.validation.images, spec, step)
    return Prepared(draft, spec, dataset, calibration, test, validation)


def run_job(job: Job, prepared: Prepared, watch: Watch) -> Outcome:
    """Convert, run both models on all test images, compare, and fill in the card.

    Raises ModelError, ModelMismatch, DataError; a missed limit is no error here but in the outcome.
    """
    trial = _convert(job, prepared)
    evidence = _measure(trial, prepared, watch)
    found = parity.compare(trial.reference, evidence.probabilities, evidence.truth, trial.card.labels)
    temperature = _temperature(trial, prepared, evidence, watch)
    conversion = {
        "calibration": prepared.calibration.describe() if prepared.calibration else None,
        "temperature": temperature,
        "interpreter": trial.interpreter.name,
        "versions": dict(trial.versions),
    }
    decision = Decision(trial.card.decision.output, temperature["value"], job.reject_threshold)
    card = cards.fill(trial.card, job.quantization, decision, found, evidence, conversion)
    missed = parity.misses(found, job.limits)
    report = {**_verdict(job, trial, missed), **found.as_dict(), **conversion}
    return Outcome(attach_card(trial.tflite, card), found, report, missed)


def _convert(job: Job, prepared: Prepared) -> Trial:
    """The converted model, loaded, with all refusals that need no picture run through it."""
    converted = quantize.convert_model(job.model, job.quantization, prepared.test, prepared.calibration)
    interpreter = Interpreter.load(converted.tflite)
    if prepared.calibration is not None:
        quantize.check_pixel_input(interpreter.input, prepared.calibration)
    output = parity.output_kind(converted.reference)
    card = _card(job, prepared, interpreter, output)
    truth = prepared.dataset.test.labels
    cards.check_card(card, interpreter, truth, output)
    reference = _probabilities(converted.reference, output)
    if converted.reference_divided is not None:
        parity.check_undivided(reference, _probabilities(converted.reference_divided, output), truth)
    return Trial(converted.tflite, card, interpreter, reference, converted.versions)


def _measure(trial: Trial, prepared: Prepared, watch: Watch) -> cards.Evidence:
    """The .tflite on every test image, at temperature 1."""
    with watch("Running the .tflite on the test images", len(prepared.test)) as step:
        raw = parity.run_all(trial.interpreter, prepared.test, step)
    plain = Decision(output=trial.card.decision.output)
    probabilities = np.stack([to_probabilities(row, trial.interpreter.output, plain) for row in raw])
    return cards.Evidence(prepared.test, raw, probabilities, prepared.dataset.test.labels)


def _temperature(trial: Trial, prepared: Prepared, evidence: cards.Evidence, watch: Watch) -> dict[str, Any]:
    """Fitted on the validation images; the calibration error on the test images is a report, no more."""
    info, output = trial.interpreter.output, trial.card.decision.output
    fitted_on, value = len(prepared.validation), 1.0
    if fitted_on and prepared.dataset.validation is not None:
        with watch("Running the .tflite on the validation images", fitted_on) as step:
            raw = parity.run_all(trial.interpreter, prepared.validation, step)
        value = confidence.fit_temperature(confidence.log_scores(raw, info, output), prepared.dataset.validation.labels)
    scores = confidence.log_scores(evidence.raw, info, output)
    errors = [
        round(confidence.expected_calibration_error(confidence.softmax(scores / t), evidence.truth), 5)
        for t in (1.0, value)
    ]
    return {
        "value": value,
        "validation_images": fitted_on,
        "test_calibration_error_before": errors[0],
        "test_calibration_error_after": errors[1],
    }


def _verdict(job: Job, trial: Trial, missed: tuple[str, ...]) -> dict[str, Any]:
    return {
        "model": str(job.model),
        "quantization": job.quantization,
        "model_sha256": hashlib.sha256(trial.tflite).hexdigest(),
        "passed": not missed,
        "missed": list(missed),
        "limits": dataclasses.asdict(job.limits),
        "reject_threshold": job.reject_threshold,
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


def _probabilities(outputs: NDArray[np.float32], output: str) -> NDArray[np.float32]:
    """float32 (N, classes) from the Keras model's outputs."""
    if output == "probabilities":
        return outputs
    return confidence.softmax(outputs.astype(np.float64)).astype(np.float32)
