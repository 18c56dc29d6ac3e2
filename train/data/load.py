"""Any dataset as model inputs: every picture goes through `runtime.preprocess`, as on the device."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from runtime.errors import DataError, ImageError
from runtime.preprocess import to_input
from runtime.tflite.card import InputSpec
from train.data.kinds import kind_of
from train.data.pictures import Image, Labels, RawDataset, Split, read_picture
from train.data.split import split_validation
from workbench.progress import bar

TEST_SHARE = 0.2  # of a dataset that comes without test images
PROGRESS_STEP = 100  # pictures between two updates of the bar
SHOWN_FILES = 3  # unreadable files named before "..."


@dataclass(frozen=True)
class Dataset:
    """Model inputs, and what they are of.

    Attributes:
        name: For the card and for messages.
        images_train: uint8 (N,) + input_spec.shape, as `to_input` made them; RGB where there are three channels.
        labels_train: int64 (N,), indices into `labels`.
        images_test: As images_train, of the test pictures.
        labels_test: As labels_train, of the test pictures.
        labels: Class names by index.
        input_spec: How the pictures became model inputs.
        warnings: What a person should know before trusting the dataset.
    """

    name: str
    images_train: Image
    labels_train: Labels
    images_test: Image
    labels_test: Labels
    labels: tuple[str, ...]
    input_spec: InputSpec
    warnings: tuple[str, ...] = ()

    def digest(self) -> str:
        """A short fingerprint of the training images and their labels.

        Returns:
            16 hexadecimal digits.
        """
        sha = hashlib.sha256(np.ascontiguousarray(self.images_train).data)
        sha.update(np.ascontiguousarray(self.labels_train).data)
        return sha.hexdigest()[:16]


def load(data: str = "auto", seed: int = 0, framing: str = "") -> Dataset:
    """Read the dataset that `--data` names, and frame its pictures.

    Args:
        data: A name or a path, see `train.data.kinds.KINDS`.
        seed: Seed of the stratified split into training and test images, where the dataset comes without one.
        framing: Framing of an .npz file: a name of `runtime.preprocess.FRAMINGS`. "" leaves it to the file.

    Returns:
        The dataset as model inputs.

    Raises:
        DataError: The dataset cannot be read or is not what it should be; one line.
        OptionError: A framing was given to a dataset that has its own.

    Example:
        >>> load("mnist-5k").images_train.shape
        (4000, 28, 28, 1)
    """
    raw = kind_of(data).read(data, framing)
    if raw.test is None:
        kept, held_out = split_validation(raw.train.labels, TEST_SHARE, seed)
        if not len(held_out):
            raise DataError(
                f"{data}: expected at least 2 images of some class, to hold one back as a test; received "
                f"{len(kept)} images of {len(raw.labels)} classes"
            )
        raw = replace(raw, train=raw.train.pick(kept), test=raw.train.pick(held_out))
    return _framed(raw, raw.test or raw.train)


def _framed(raw: RawDataset, test: Split) -> Dataset:
    """Every picture of both parts through `to_input`."""
    images_train, labels_train, bad_train = _inputs(raw.train, raw.spec, f"{raw.name}: training images")
    images_test, labels_test, bad_test = _inputs(test, raw.spec, f"{raw.name}: test images")
    warnings = list(raw.warnings)
    bad = [*bad_train, *bad_test]
    if bad:
        names = ", ".join(str(path) for path in bad[:SHOWN_FILES]) + (", ..." if len(bad) > SHOWN_FILES else "")
        warnings.append(f"WARNING: skipped {len(bad)} pictures that cannot be read: {names}")
    return Dataset(
        raw.name, images_train, labels_train, images_test, labels_test, raw.labels, raw.spec, tuple(warnings)
    )


def _inputs(part: Split, spec: InputSpec, title: str) -> tuple[Image, Labels, list[str]]:
    """Model inputs uint8 (N,) + spec.shape, their labels, and the files that cannot be read."""
    total = len(part.labels)
    inputs: Image = np.zeros((total, *spec.shape), np.uint8)
    readable: npt.NDArray[np.bool_] = np.ones(total, bool)
    with bar(title, total) as advance:
        for index, item in enumerate(part.pictures):
            readable[index] = _write_input(item, spec, inputs[index])
            if (index + 1) % PROGRESS_STEP == 0:
                advance(PROGRESS_STEP)
    bad = [str(part.pictures[int(index)]) for index in np.flatnonzero(~readable)]
    if len(bad) == total:
        raise DataError(f"{title}: expected pictures; none of the {total} files can be read, the first is {bad[0]}")
    return (inputs, part.labels, []) if not bad else (inputs[readable], part.labels[readable], bad)


def _write_input(item: Image | Path, spec: InputSpec, out: Image) -> bool:
    """Write one model input into `out`; False where the file cannot be read. A picture without a mark stays black."""
    try:
        picture = read_picture(item)
    except ImageError:
        return False
    model_input = to_input(picture, spec)
    if model_input is not None:
        out[...] = model_input
    return True
