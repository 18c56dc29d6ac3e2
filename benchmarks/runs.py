"""One named model of one seed: trained, converted and measured in a folder of its own, whatever of it is missing."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.real_pictures import Outcome, manifest, outcome
from benchmarks.robustness import Images, Labels, scores_as_published
from convert.quantize import DEFAULT
from runtime.classifier import Classifier
from runtime.cli.parser import print_note
from runtime.errors import DataError, EdgeError, OptionError
from workbench.files import write_text
from workbench.run_folder import (
    CHECKPOINT_FOLDER,
    HISTORY_FILE,
    LEADERBOARD_FILE,
    METRICS_FILE,
    MODEL_FILE,
    PARITY_FILE,
    STATE_FILE,
    TFLITE_FILE,
)

NO_LIMITS = ("--max-accuracy-drop", "1", "--min-agreement", "0")  # a record is wanted whatever the figures


@dataclass(frozen=True)
class Record:
    """What is known of one run. Accuracies and the agreement are 0 to 1.

    Attributes:
        name: The model's.
        seed: Seed of the training.
        dataset: Its name.
        sha256: SHA-256 of the .tflite, card included.
        parameters: Parameters of the Keras model.
        size: Bytes of the .tflite, card included.
        epochs: Epochs of training.
        seconds: Seconds of training.
        train_accuracy: Keras's mean over the chosen epoch.
        float_accuracy: Accuracy of the Keras model, on the test images.
        accuracy: Accuracy of the int8 file, on the test images.
        agreement: Share of test images with the same answer from both.
        n: Number of test images.
        real_micro: Single digits of real pictures through the runtime, over the pictures; None where there were none.
        real_macro: The same, over their sources.
        micros: Microseconds an image, in the interpreter of `machine`.
        machine: The processor.
        published: Accuracy of the int8 file on MNIST's test images as published, not framed again; None where they
            were not there.
    """

    name: str
    seed: int
    dataset: str
    sha256: str
    parameters: int
    size: int
    epochs: int
    seconds: float
    train_accuracy: float
    float_accuracy: float
    accuracy: float
    agreement: float
    n: int
    real_micro: float | None
    real_macro: float | None
    micros: float | None = None
    machine: str = ""
    published: float | None = None


@dataclass(frozen=True)
class Run:
    """One training of a model, with all that comes of it.

    Attributes:
        name: The model's.
        seed: Seed of the training.
        folder: Its artifacts, made or to be made.
    """

    name: str
    seed: int
    folder: Path

    @property
    def tflite(self) -> Path:
        """The int8 file."""
        return self.folder / TFLITE_FILE

    def train(self, data: str, more: Sequence[str] = ()) -> None:
        """Train as far as that is not done; a half-done training is resumed.

        Args:
            data: As --data of python -m train has it.
            more: Further words for python -m train.

        Raises:
            EdgeError: It fails.
        """
        if self.is_trained():
            return
        print_note(f"training {self.name}, seed {self.seed}, into {self.folder}")
        words = ["--model", self.name, "--data", data, "--seed", str(self.seed), "-o", str(self.folder)]
        half_done = (self.folder / CHECKPOINT_FOLDER / STATE_FILE).is_file()
        _command("train", *words, *more, *(["--resume"] if half_done else []))

    def convert(self) -> None:
        """Convert what was trained, where that is not done.

        Raises:
            EdgeError: It fails.
        """
        if not self.is_converted():
            print_note(f"converting {self.folder}")
            _command("convert", str(self.folder / MODEL_FILE), *NO_LIMITS, "-o", str(self.tflite))

    def is_trained(self) -> bool:
        """Tell whether a training has ended in the folder, and no other was begun since.

        Returns:
            Whether the model is there and complete.

        Raises:
            OptionError: The folder is another run's.
        """
        metrics = read_json(self.folder / METRICS_FILE)
        if metrics is None or not (self.folder / MODEL_FILE).is_file():
            return False
        if (metrics["model"], metrics["seed"]) != (self.name, self.seed):
            raise OptionError(
                f"{self.folder}: expected a run of {self.name} with seed {self.seed}; received one of "
                f"{metrics['model']} with seed {metrics['seed']}. Move it, or give another folder with --reuse"
            )
        state = read_json(self.folder / CHECKPOINT_FOLDER / STATE_FILE)
        return state is None or len(state["history"]) == metrics["epochs"]

    def is_converted(self) -> bool:
        """Tell whether the int8 file is of the model that is there.

        Returns:
            True where it is.
        """
        parity, model = self.folder / PARITY_FILE, self.folder / MODEL_FILE
        return (
            self.tflite.is_file()
            and parity.is_file()
            and min(self.tflite.stat().st_mtime, parity.stat().st_mtime) >= model.stat().st_mtime
            and (read_json(parity) or {}).get("quantization") == DEFAULT
        )

    def record(self, real: Path | None, published: tuple[Images, Labels] | None = None) -> Record:
        """Give the run's record: from its JSON where that is of this very file and complete, measured otherwise.

        Args:
            real: A folder of real pictures; None: without.
            published: MNIST's test images and labels as published; None: without.

        Returns:
            The record.
        """
        sha256 = hashlib.sha256(self.tflite.read_bytes()).hexdigest()
        known = self.known()
        if (
            known is not None
            and known.sha256 == sha256
            and (known.real_micro is not None or real is None)
            and (known.published is not None or published is None)
        ):
            return known
        print_note(f"measuring {self.tflite}")
        record = self._measured(sha256, real, published)
        self.keep(record)
        return record

    def known(self) -> Record | None:
        """Read the record of an earlier measurement.

        Returns:
            The record; None where there is none, or where another version wrote it.
        """
        values = read_json(self.folder / LEADERBOARD_FILE)
        try:
            return None if values is None else Record(**values)
        except TypeError:
            return None  # written by another version: measured again

    def keep(self, record: Record) -> None:
        """Write the run's record.

        Args:
            record: What was measured.
        """
        write_text(self.folder / LEADERBOARD_FILE, json.dumps(dataclasses.asdict(record), indent=1) + "\n")

    def _measured(self, sha256: str, real: Path | None, published: tuple[Images, Labels] | None) -> Record:
        metrics = read_json(self.folder / METRICS_FILE) or {}
        parity = read_json(self.folder / PARITY_FILE) or {}
        micro, macro = (None, None) if real is None else real_accuracy(self.tflite, real)
        return Record(
            name=self.name,
            seed=self.seed,
            dataset=metrics["dataset"],
            sha256=sha256,
            parameters=metrics["parameters"],
            size=self.tflite.stat().st_size,
            epochs=metrics["epochs"],
            seconds=metrics["seconds"],
            train_accuracy=_train_accuracy(self.folder / HISTORY_FILE, metrics["best_epoch"]),
            float_accuracy=parity["float_accuracy"],
            accuracy=parity["quantized_accuracy"],
            agreement=parity["agreement"],
            n=parity["n"],
            real_micro=micro,
            real_macro=macro,
            published=None if published is None else published_accuracy(self.tflite, *published),
        )


def published_accuracy(model: Path, images: Images, labels: Labels) -> float:
    """Measure accuracy on MNIST's images as they are.

    Args:
        model: The .tflite.
        images: uint8 (N, 28, 28).
        labels: (N,) class numbers.

    Returns:
        0 to 1.
    """
    scores = scores_as_published(Classifier.load(model), images)
    return float((scores.argmax(axis=1) == labels).mean())


def real_accuracy(model: Path, folder: Path) -> tuple[float, float]:
    """Measure accuracy on the single digits of a folder of real pictures, through the whole pipeline.

    Args:
        model: The .tflite.
        folder: With a manifest.csv.

    Returns:
        (micro, macro over the sources), 0 to 1.

    Raises:
        DataError: There are no pictures of single digits.
    """
    classifier = Classifier.load(model)
    rows = [row for row in manifest(folder) if row["task"] == "single"]
    found = [one for row in rows if (one := outcome(classifier, folder, row)) is not None]
    if not found:
        raise DataError(f"{folder}: expected pictures of single digits in its manifest.csv; there are none to read")
    sources: dict[str, list[Outcome]] = {}
    for one in found:
        sources.setdefault(one.repo, []).append(one)
    shares = [sum(one.right for one in group) / len(group) for group in sources.values()]
    return sum(one.right for one in found) / len(found), sum(shares) / len(shares)


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON file.

    Args:
        path: The file.

    Returns:
        Its values; None where there is no such file.

    Raises:
        DataError: It is damaged.
    """
    try:
        values: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}); remove it and run again") from None
    return values


def _train_accuracy(path: Path, epoch: int) -> float:
    with path.open(newline="", encoding="utf-8") as file:
        return next(float(row["accuracy"]) for row in csv.DictReader(file) if int(row["epoch"]) == epoch)


def _command(*words: str) -> None:
    """Run python -m WORDS with its standard output on standard error. Raises EdgeError where it fails."""
    done = subprocess.run([sys.executable, "-m", *words], stdout=sys.stderr.fileno(), check=False)
    if done.returncode:
        raise EdgeError(f"python -m {' '.join(words)} ended with status {done.returncode}; see above")
