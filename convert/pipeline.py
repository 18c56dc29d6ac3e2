"""One conversion: the pipeline from prepared inputs to the file and its report.

Nothing is printed here and the .tflite is not written here: see __main__.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convert import cards, chance, converter, parity, rejection
from convert.job import Job, Prepared
from convert.metadata import attach_metadata, metadata_table
from convert.temperature import Scores, fit_temperature, log_scores, tempered
from runtime.classifier import Classifier
from runtime.tflite.card import Decision, ModelCard
from runtime.tflite.card_file import attach_card
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import to_probabilities
from workbench.dataset import Split
from workbench.metrics import expected_calibration_error, softmax
from workbench.progress import ProgressFactory


@dataclass(frozen=True)
class ConvertedModel:
    """A converted model before it is measured.

    Attributes:
        tflite: The bare flatbuffer.
        card: Not completed yet.
        interpreter: Interpreter of the flatbuffer.
        reference: float32 (N, classes), the Keras model's probabilities for the test images.
        conversion: What the child made.
    """

    tflite: bytes
    card: ModelCard
    interpreter: Interpreter
    reference: NDArray[np.float32]
    conversion: converter.Conversion


@dataclass(frozen=True)
class Outcome:
    """The result of a conversion.

    Attributes:
        tflite: The file, card inside.
        parity: How it compares with the Keras model.
        report: The content of parity.json.
        violations: The limits that are missed, empty if none.
        quality: How good the .tflite is on the test images.
        faults: Why the model is of no use, empty where it is of some.
    """

    tflite: bytes
    parity: parity.Parity
    report: dict[str, Any]
    violations: tuple[str, ...]
    quality: chance.Quality
    faults: tuple[str, ...]


def run_job(job: Job, prepared: Prepared, progress: ProgressFactory) -> Outcome:
    """Convert, run both models on all test images, compare, and complete the card.

    Args:
        job: The options.
        prepared: The inputs.
        progress: Makes a progress bar.

    Returns:
        The file and its report. A missed limit is among its violations, and raises nothing.

    Raises:
        ModelError: The model cannot be loaded, converted or run.
        ModelMismatch: Model, card and pictures do not fit each other.
        DataError: The labels of the test images are not the model's.
    """
    converted = _convert(job, prepared)
    outputs = _run_on_test_images(converted, prepared, progress)
    comparison = parity.compare(converted.reference, outputs.probabilities, outputs.truth, converted.card.labels)
    scores, output = _validation_scores(converted, prepared, progress), converted.card.decision.output
    temperature = _temperature(converted, prepared, outputs, scores[0])
    threshold = _threshold(job, prepared, [tempered(part, temperature["value"], output) for part in scores])
    conversion = {
        "calibration": prepared.calibration.describe() if prepared.calibration else None,
        "normalization": _normalization(converted.conversion),
        "temperature": temperature,
        "reject_threshold": threshold.as_dict(),
        "interpreter": converted.interpreter.name,
        "versions": dict(converted.conversion.versions),
    }
    decision = Decision(converted.card.decision.output, temperature["value"], threshold.value)
    card = cards.complete_card(converted.card, job.quantization, decision, comparison, outputs, conversion)
    pictures = cards.golden_pictures(Classifier(converted.interpreter, card), outputs)
    card = dataclasses.replace(card, golden_pictures=pictures)
    model = attach_metadata(converted.tflite, metadata_table(card))
    quality, faults = _quality(converted, outputs, decision)
    violations = parity.violations(comparison, job.limits)
    report = {
        **_summary(job, model, violations, comparison.n),
        "passed": not violations and not faults,
        "quality": {**quality.as_dict(), "faults": list(faults)},
        **comparison.as_dict(),
        **conversion,
    }
    return Outcome(attach_card(model, card), comparison, report, violations, quality, faults)


def _normalization(conversion: converter.Conversion) -> dict[str, Any]:
    """What was put into the model as its first step, for the card."""
    return {**vars(conversion.normalization), "decided_by": conversion.decided_by}


def _quality(
    converted: ConvertedModel, outputs: cards.TestOutputs, decision: Decision
) -> tuple[chance.Quality, tuple[str, ...]]:
    """How good the answers are that the device will give, at the card's temperature and threshold."""
    info = converted.interpreter.output
    scores = np.stack([to_probabilities(row, info, decision) for row in outputs.raw]).max(axis=1)
    predicted = outputs.probabilities.argmax(axis=1)
    quality = chance.measure(predicted, outputs.truth, scores, decision.reject_threshold)
    return quality, chance.faults(predicted, outputs.truth, converted.card.labels, quality, float(scores.max()))


def _convert(job: Job, prepared: Prepared) -> ConvertedModel:
    """The converted model, after all checks that need no run of it."""
    test = Split(prepared.test, prepared.dataset.test.labels)
    conversion = converter.convert_model(_request(job, prepared), test, prepared.calibration)
    interpreter = Interpreter.load(conversion.tflite)
    if prepared.calibration is not None and np.issubdtype(interpreter.input.dtype, np.integer):
        converter.check_pixel_input(interpreter.input, prepared.calibration)
    output = parity.output_activation(conversion.outputs, conversion.output)
    card = _card(job, prepared, interpreter, output)
    truth = prepared.dataset.test.labels
    cards.check_card(card, interpreter, truth, output)
    reference = reference_probabilities(conversion.outputs, output)
    return ConvertedModel(conversion.tflite, card, interpreter, reference, conversion)


def _request(job: Job, prepared: Prepared) -> converter.Request:
    labels = prepared.draft.labels if prepared.draft else prepared.dataset.labels
    labels = cards.read_labels(job.labels) if job.labels else labels
    classes = len(labels) if labels else int(prepared.dataset.test.labels.max()) + 1
    feeding = job.feeding
    return converter.Request(job.model, job.quantization, feeding.normalization, feeding.io, job.trust, classes)


def _run_on_test_images(converted: ConvertedModel, prepared: Prepared, progress: ProgressFactory) -> cards.TestOutputs:
    """The .tflite on every test image, at temperature 1."""
    with progress("Running the .tflite on the test images", len(prepared.test)) as advance:
        raw = parity.run_all(converted.interpreter, prepared.test, advance)
    probabilities = tflite_probabilities(raw, converted.interpreter, converted.card.decision.output)
    return cards.TestOutputs(prepared.test, raw, probabilities, prepared.dataset.test.labels)


def _validation_scores(converted: ConvertedModel, prepared: Prepared, progress: ProgressFactory) -> list[Scores]:
    """The .tflite on the validation images, the hard ones and the negatives: (N, classes) each."""
    info, output = converted.interpreter.output, converted.card.decision.output
    scores = []
    for images in (prepared.validation, prepared.hard, prepared.negatives):
        raw = np.zeros((0, len(converted.card.labels)), info.dtype)
        if len(images):
            with progress("Running the .tflite on the validation images", len(images)) as advance:
                raw = parity.run_all(converted.interpreter, images, advance)
        scores.append(log_scores(raw, info, output))
    return scores


def _threshold(job: Job, prepared: Prepared, probabilities: list[Scores]) -> rejection.Threshold:
    """probabilities: of the validation images, the hard ones and the negatives, after the temperature."""
    splits = (prepared.dataset.validation if len(prepared.validation) else None, prepared.dataset.hard)
    labels = [split.labels for split in splits if split is not None]
    truth = np.concatenate(labels) if labels else np.zeros(0, np.int64)
    validation, negatives = np.concatenate(probabilities[:2]), probabilities[2]
    return rejection.choose_threshold(validation, truth, negatives, job.reject_threshold)


def _temperature(
    converted: ConvertedModel, prepared: Prepared, outputs: cards.TestOutputs, validation: Scores
) -> dict[str, Any]:
    """Fitted on the validation images; the calibration error on the test images is only reported."""
    fitted_on, value = len(prepared.validation), 1.0
    info, output = converted.interpreter.output, converted.card.decision.output
    if fitted_on and prepared.dataset.validation is not None and output != "sigmoid":
        value = fit_temperature(validation, prepared.dataset.validation.labels)
    scores = log_scores(outputs.raw, info, output)
    before, after = (expected_calibration_error(tempered(scores, t, output), outputs.truth) for t in (1.0, value))
    return {
        "value": value,
        "validation_images": fitted_on,
        "test_calibration_error_before": round(before, 5),
        "test_calibration_error_after": round(after, 5),
    }


def _summary(job: Job, model: bytes, missed: tuple[str, ...], n: int) -> dict[str, Any]:
    return {
        "model": str(job.model),
        "quantization": job.quantization,
        "model_sha256": hashlib.sha256(model).hexdigest(),
        "missed": list(missed),
        "limits": dict(zip(("max_accuracy_drop", "min_agreement"), job.limits.on(n), strict=True)),
    }


def _card(job: Job, prepared: Prepared, interpreter: Interpreter, output: str) -> ModelCard:
    """The draft, or a card of what the model and the data say."""
    card = prepared.draft
    if card is None:
        labels = prepared.dataset.labels or tuple(map(str, range(interpreter.output.shape[-1])))
        card = ModelCard(job.model.stem, "", labels, prepared.spec, Decision(output=output))
    return card if job.labels is None else dataclasses.replace(card, labels=cards.read_labels(job.labels))


def reference_probabilities(outputs: NDArray[np.float32], output: str) -> NDArray[np.float32]:
    """Probabilities of the Keras model's outputs.

    Args:
        outputs: (N, classes).
        output: As output_activation tells.

    Returns:
        float32 (N, classes); each row sums to 1, but for sigmoids.
    """
    return outputs if output in ("probabilities", "sigmoid") else softmax(outputs.astype(np.float64)).astype(np.float32)


def tflite_probabilities(raw: NDArray[Any], interpreter: Interpreter, output: str) -> NDArray[np.float32]:
    """Probabilities of the .tflite's output tensors, as the device computes them at temperature 1.

    Args:
        raw: (N, classes) output tensors.
        interpreter: Interpreter of the .tflite.
        output: As output_activation tells.

    Returns:
        float32 (N, classes); each row sums to 1, but for sigmoids.
    """
    decision = Decision(output=output)
    return np.stack([to_probabilities(row, interpreter.output, decision) for row in raw])
