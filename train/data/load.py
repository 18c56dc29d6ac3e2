"""`load("auto")` and its kin: any dataset as model inputs, every picture through `runtime.preprocess`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from runtime.errors import DataError
from runtime.preprocess import to_input
from runtime.tflite.card import InputSpec
from train.data.folders import read_folder
from train.data.named import fashion_mnist, mnist, mnist_5k
from train.data.npz import read_npz
from train.data.pictures import Image, Labels, RawDataset, Split, read_picture
from train.data.split import split_validation
from workbench.progress import bar

NAMES = ("auto", "mnist", "mnist-5k", "fashion-mnist")
TEST_SHARE = 0.2  # of a dataset whose maker gave no test images
PROGRESS_STEP = 100  # pictures between two updates of the bar
SHOWN_FILES = 3  # unreadable files named before "and so on"


@dataclass(frozen=True)
class Dataset:
    """Model inputs and what they are of.

    images_*: uint8 (N,) + input_spec.shape, as `to_input` made them; RGB where there are three channels.
    labels_*: int64 (N,), indices into `labels`. warnings: what a person should know before trusting it.
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
        """A short fingerprint of the training images and labels: 16 hexadecimal digits."""
        sha = hashlib.sha256(np.ascontiguousarray(self.images_train).data)
        sha.update(np.ascontiguousarray(self.labels_train).data)
        return sha.hexdigest()[:16]


def load(data: str = "auto", seed: int = 0) -> Dataset:
    """The dataset that `--data` names: one of NAMES, a .npz file or a folder with a subfolder a class.

    seed: of the split into training and test images where the dataset comes without one (stratified).
    Raises DataError, one line, where it cannot be had or is not what it should be.
    """
    raw = _find(data)
    if raw.test is None:
        kept, held = split_validation(raw.train.labels, TEST_SHARE, seed)
        if not len(held):
            raise DataError(
                f"{data}: expected at least 2 images of some class, to hold one back as a test; received "
                f"{len(kept)} images of {len(raw.labels)} classes"
            )
        raw = replace(raw, train=raw.train.pick(kept), test=raw.train.pick(held))
    return _framed(raw, raw.test or raw.train)


def _find(data: str) -> RawDataset:
    if data in ("auto", "mnist"):
        return mnist(fall_back=data == "auto")
    if data == "mnist-5k":
        return mnist_5k()
    if data == "fashion-mnist":
        return fashion_mnist()
    path = Path(data)
    if path.is_dir():
        return read_folder(path)
    if path.suffix.lower() == ".npz" or path.is_file():
        return read_npz(path)
    raise DataError(f"{data}: expected one of {', '.join(NAMES)}, a .npz file or a folder; there is no such thing here")


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
    """Model inputs uint8 (N,) + spec.shape, their labels, and the files that are no pictures."""
    _silence_opencv()
    total = len(part.labels)
    inputs: Image = np.zeros((total, *spec.shape), np.uint8)
    readable: npt.NDArray[np.bool_] = np.ones(total, bool)
    with bar(title, total) as advance:
        for index, item in enumerate(part.pictures):
            readable[index] = _frame(item, spec, inputs[index])
            if (index + 1) % PROGRESS_STEP == 0:
                advance(PROGRESS_STEP)
    bad = [str(part.pictures[int(index)]) for index in np.flatnonzero(~readable)]
    if len(bad) == total:
        raise DataError(f"{title}: expected pictures; none of the {total} files can be read, the first is {bad[0]}")
    return (inputs, part.labels, []) if not bad else (inputs[readable], part.labels[readable], bad)


def _frame(item: Image | Path, spec: InputSpec, out: Image) -> bool:
    """Write one model input into `out`; False where the picture cannot be read. No mark at all stays black."""
    picture = read_picture(item)
    if picture is None:
        return False
    framed = to_input(picture, spec)
    if framed is not None:
        out[...] = framed
    return True


def _silence_opencv() -> None:
    """OpenCV's own complaints about a broken picture: we name the file ourselves."""
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
