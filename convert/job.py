"""The options of a conversion, and the inputs that they name: read, checked and prepared."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from convert import cards, converter
from convert.data import Calibration, calibrate, to_inputs
from convert.normalization import Normalization
from convert.parity import Limits
from convert.quantize import DEFAULT, load_quantization
from convert.temperature import MIN_IMAGES
from runtime.errors import OptionError
from runtime.tflite.card import InputSpec, ModelCard
from workbench.dataset import Dataset, Pixels, read_dataset
from workbench.progress import ProgressFactory
from workbench.run_folder import DATASET_FILE


@dataclass(frozen=True)
class Feeding:
    """How pictures become what the model was trained on.

    Attributes:
        normalization: The range of its pixels; None finds it out.
        framing: "ink" or "whole"; None takes the card's, else "whole".
        io: "int8" or "uint8", the dtype of input and output of an integer quantization.
    """

    normalization: Normalization | None = None
    framing: str | None = None
    io: str = "int8"


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
        feeding: How pictures become what the model was trained on.
        trust: True where code in the model's file may run.
        allow_useless: True where a model that is no better than chance is converted all the same.
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
    feeding: Feeding = field(default_factory=Feeding)
    trust: bool = False
    allow_useless: bool = False


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
    spec = _spec(job, draft, dataset)
    needs_calibration = load_quantization(job.quantization).needs_calibration
    if job.feeding.io != "int8" and not needs_calibration:
        raise OptionError(f"--io {job.feeding.io} is for int8; {job.quantization} takes and gives float32")
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


def _spec(job: Job, draft: ModelCard | None, dataset: Dataset) -> InputSpec:
    """The card's, else that of the pictures, else what the model's shape says; with the framing that was asked for."""
    spec = draft.input if draft else dataset.spec
    if spec is None:
        labels = cards.read_labels(job.labels) if job.labels else dataset.labels
        classes = len(labels) if labels else int(dataset.test.labels.max()) + 1
        shape = converter.input_shape(converter.Request(job.model, trust=job.trust, classes=classes))
        spec = cards.default_input_spec(shape, dataset.test.images.shape[1:3])
    return spec if job.feeding.framing in (None, spec.framing) else cards.with_framing(spec, job.feeding.framing)


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
