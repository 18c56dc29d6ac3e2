"""The options of a conversion, and the inputs that they name: read, checked and prepared."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from convert import cards, converter
from convert.data import Calibration, calibrate, to_inputs
from convert.parity import Limits
from convert.quantize import DEFAULT, load_quantization
from convert.temperature import MIN_IMAGES
from runtime.errors import OptionError
from runtime.tflite.card import InputSpec, ModelCard
from workbench.dataset import Dataset, Pixels, read_dataset
from workbench.progress import ProgressFactory
from workbench.run_folder import DATASET_FILE


@dataclass(frozen=True)
class Job:
    """The options of one conversion, as python -m convert -h describes them.

    Attributes:
        model: The Keras model.
        output: The .tflite to write.
        quantization: A name that load_quantization knows.
        limits: What parity must meet.
        data: The pictures; None for dataset.npz beside the model.
        card: The draft card; None for card.json beside the model, if any.
        labels: A labels file; None for the card's labels.
        calibration_images: How many images to calibrate with.
        seed: Seed of the calibration sample.
        reject_threshold: 0 to 1; None chooses it.
    """

    model: Path
    output: Path
    quantization: str = DEFAULT
    limits: Limits = field(default_factory=Limits)
    data: Path | None = None
    card: Path | None = None
    labels: Path | None = None
    calibration_images: int = 500
    seed: int = 0
    reject_threshold: float | None = None


@dataclass(frozen=True)
class Prepared:
    """What is known before TensorFlow starts. Pictures are uint8 (N, H, W, C) model inputs.

    Attributes:
        draft: None without a card.
        spec: The model's input.
        dataset: The pictures as they were read.
        calibration: None for a quantization that needs none.
        test: The test images.
        validation: Empty where there are too few to fit a temperature.
        hard: More validation images, for the reject threshold; empty where the data have none.
        negatives: Pictures of none of the classes, for the reject threshold; empty where the data have none.
    """

    draft: ModelCard | None
    spec: InputSpec
    dataset: Dataset
    calibration: Calibration | None
    test: Pixels
    validation: Pixels
    hard: Pixels
    negatives: Pixels


def prepare(job: Job, progress: ProgressFactory) -> Prepared:
    """Read and check all inputs.

    Args:
        job: The options.
        progress: Makes a progress bar.

    Returns:
        The pictures as model inputs, and the draft card.

    Raises:
        OptionError: A file that an option names cannot be used, or there is no such quantization.
        DataError: The pictures cannot be read, or do not fit.
        ModelError: The model or its card cannot be read.
    """
    converter.check_source(job.model)
    draft = cards.read_draft(job.model, job.card)
    dataset = read_dataset(_data_path(job))
    spec = draft.input if draft else dataset.spec or cards.default_input_spec(converter.input_shape(job.model))
    needs_calibration = load_quantization(job.quantization).needs_calibration
    calibration = calibrate(dataset, spec, job.calibration_images, job.seed) if needs_calibration else None
    with progress("Preparing the test images", len(dataset.test)) as advance:
        test = to_inputs(dataset, dataset.test.images, spec, advance)
    validation = dataset.validation if dataset.validation and len(dataset.validation) >= MIN_IMAGES else None
    inputs = []
    for images in (
        validation.images if validation else None,
        dataset.hard.images if dataset.hard else None,
        dataset.negatives,
    ):
        if images is None:
            inputs.append(test[:0])
            continue
        with progress("Preparing the validation images", len(images)) as advance:
            inputs.append(to_inputs(dataset, images, spec, advance))
    return Prepared(draft, spec, dataset, calibration, test, *inputs)


def _data_path(job: Job) -> Path:
    if job.data is not None:
        return job.data
    beside = job.model.parent / DATASET_FILE
    if not beside.exists():
        raise OptionError(
            f"expected test images in {beside}; there are none. Give them with --data FILE.npz (x_test, y_test, and "
            "x_train, y_train for int8): without them the conversion cannot be proven"
        )
    return beside
