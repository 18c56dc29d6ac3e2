"""What a network costs and how well it learns in a short training.

Command: python -m benchmarks.architectures

Every candidate of benchmarks/candidates.py is trained for a few epochs on MNIST's training split, as `cnn` is but
for the drawn digits and negatives, converted to int8 and judged on the validation split: the test images are not
looked at. All are timed in one run, taking turns. What is trained already is kept and only timed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.candidates import Candidate, chosen
from benchmarks.page import add_page_option, write_section
from benchmarks.timing import Timing, processor, side_by_side
from convert.converter import Request, convert_model
from convert.data import calibrate
from convert.parity import run_all
from convert.quantize import DEFAULT
from runtime.cli.parser import Parser, int_at_least, print_note, run
from runtime.errors import DataError
from runtime.tflite.interpreter import Interpreter
from train.data.load import Dataset, load
from train.data.split import split_validation
from train.models.recipes import RECIPES, Recipe
from workbench import dataset as pictures
from workbench.files import write_bytes, write_text
from workbench.run_folder import CHECKPOINT_FOLDER, MODEL_FILE, STATE_FILE, TFLITE_FILE
from workbench.tables import markdown_table

EXAMPLE = """\
  MNIST_NPZ=mnist.npz python -m benchmarks.architectures --epochs 4 --page
  python -m benchmarks.architectures --epochs 0 --only tiny "16k5/2 24 32/2 32"   # untrained: sizes and times"""
FOLDER = Path("artifacts/architectures")
CALIBRATION_IMAGES = 500
HELD_BACK = 5000 / 60000  # of the training images: twice what a training holds back, for networks that differ little
TIMED_IMAGES = 200
COMMAND = "make candidates"


@dataclass(frozen=True)
class Result:
    """One network, measured.

    Attributes:
        name: The candidate's.
        steps: The network in words.
        epochs: Epochs of training.
        seed: Seed of all random numbers.
        parameters: Parameters of the Keras model.
        size: Bytes of the bare .tflite.
        float_accuracy: Accuracy of the Keras model on the validation images, 0 to 1; None untrained.
        accuracy: The same of the int8 model.
    """

    name: str
    steps: str
    epochs: int
    seed: int
    parameters: int
    size: int
    float_accuracy: float | None
    accuracy: float | None


def main() -> int:
    """Train, convert and judge each candidate that has no result yet, time all, print the table.

    Returns:
        The exit status.
    """
    parser = Parser("python -m benchmarks.architectures", "Compare candidate networks in int8.", EXAMPLE)
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="candidates, or networks in words")
    parser.add_argument("--epochs", type=int_at_least(0), default=4, metavar="N", help="0: untrained (default: 4)")
    parser.add_argument(
        "--seed", type=int_at_least(0), default=0, metavar="N", help="of all random numbers (default: 0)"
    )
    parser.add_argument("--data", default="mnist", help="as python -m train has it (default: mnist)")
    parser.add_argument("-o", "--output", type=Path, default=FOLDER, metavar="FOLDER", help=f"(default: {FOLDER})")
    add_page_option(parser)
    options = parser.parse()
    candidates = chosen(options.only)

    from train.quiet import import_tensorflow

    import_tensorflow()
    dataset = load(options.data, options.seed)
    work = Work(dataset, options.epochs, options.seed, options.output)
    results = [work.result(candidate) for candidate in candidates]
    times = timings({result.name: work.tflite(result.name, result.steps) for result in results}, dataset)
    text = report(results, times, dataset)
    print(text)
    if options.page:
        write_section("candidates", text)
    return 0


@dataclass(frozen=True)
class Work:
    """What all candidates of a run share. Each has a folder of its own, named by all that decides its result.

    Attributes:
        dataset: The pictures.
        epochs: Epochs of training; 0 leaves the networks untrained.
        seed: Seed of all random numbers.
        output: The folder of the candidates' folders.
    """

    dataset: Dataset
    epochs: int
    seed: int
    output: Path

    def tflite(self, name: str, steps: str) -> Path:
        """Name the int8 file of a network, of this recipe, seed and data.

        Args:
            name: The candidate's.
            steps: The network in words.

        Returns:
            Where the file is, or will be.
        """
        recipe = _recipe(Candidate(name, steps), self.epochs)
        settings = {
            key: value for key, value in dataclasses.asdict(recipe).items() if key not in ("build", "description")
        }
        held_back = hashlib.sha256(self._split(recipe)[1].tobytes()).hexdigest()
        key = json.dumps([settings, held_back, self.epochs, self.seed, self.dataset.digest()])
        digest = hashlib.sha256(key.encode()).hexdigest()
        return self.output / f"{'_'.join(steps.replace('/', '-').split())}-{digest[:8]}" / TFLITE_FILE

    def result(self, candidate: Candidate) -> Result:
        """Read the result of a candidate; train, convert and judge it first where there is none.

        Args:
            candidate: The network.

        Returns:
            Its result.

        Raises:
            DataError: The result of an earlier run is damaged.
        """
        path = self.tflite(candidate.name, candidate.steps)
        record = path.with_name("result.json")
        if path.is_file() and record.is_file():
            try:
                return dataclasses.replace(Result(**json.loads(record.read_text("utf-8"))), name=candidate.name)
            except (ValueError, TypeError) as error:
                raise DataError(f"{record}: damaged ({error}); remove it to train again") from None
        print_note(f"{candidate.name}: {candidate.steps}")
        result = self._make(candidate, path)
        write_text(record, json.dumps(dataclasses.asdict(result), indent=1) + "\n")
        return result

    def _make(self, candidate: Candidate, path: Path) -> Result:
        recipe = _recipe(candidate, self.epochs)
        model = self._model(recipe, path.parent)
        keras_file = path.with_name(MODEL_FILE)
        keras_file.parent.mkdir(parents=True, exist_ok=True)
        model.save(keras_file)
        train, validation = self._split(recipe)
        images = self.dataset.images_train[validation]
        source = pictures.Dataset(
            path,
            self.dataset.input_spec,
            self.dataset.labels,
            pictures.Split(self.dataset.images_train[train], self.dataset.labels_train[train]),
            None,
            pictures.Split(images, self.dataset.labels_train[validation]),
        )
        calibration = calibrate(source, self.dataset.input_spec, CALIBRATION_IMAGES, 0)
        converted = convert_model(Request(keras_file, DEFAULT), source.test, calibration)
        write_bytes(path, converted.tflite)
        outputs = run_all(Interpreter.load(converted.tflite), images)
        accuracies = [
            self._accuracy(scores, validation) if self.epochs else None for scores in (converted.outputs, outputs)
        ]
        sizes = (int(model.count_params()), len(converted.tflite))
        return Result(candidate.name, candidate.steps, self.epochs, self.seed, *sizes, *accuracies)

    def _split(self, recipe: Recipe) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The split that training makes: (training indices, validation indices)."""
        from train.fit import SPLIT_SEED

        return split_validation(self.dataset.labels_train, recipe.validation, SPLIT_SEED)

    def _model(self, recipe: Recipe, folder: Path) -> Any:
        """Trained by the project's own loop; untrained for 0 epochs."""
        from train.fit import make_deterministic, train
        from train.models.recipes import build
        from train.plan import Plan

        if not self.epochs:
            make_deterministic(self.seed)
            return build(recipe, self.dataset.input_spec.shape, len(self.dataset.labels))
        resume = (folder / CHECKPOINT_FOLDER / STATE_FILE).is_file()
        return train(Plan(recipe, self.seed), self.dataset, folder, resume).model

    def _accuracy(self, scores: NDArray[Any], indices: NDArray[np.int64]) -> float:
        return float((scores.argmax(axis=1) == self.dataset.labels_train[indices]).mean())


def _recipe(candidate: Candidate, epochs: int) -> Recipe:
    """The recipe of `cnn`, shortened, without what takes minutes to draw and says nothing of the network."""
    return dataclasses.replace(
        RECIPES["cnn"],
        name=candidate.steps,
        build=candidate.build,
        epochs=max(epochs, 1),
        patience=None,
        outlier_exposure=False,
        validation=HELD_BACK,
        output="logits",
    )


def timings(files: dict[str, Path], dataset: Dataset) -> dict[str, Timing]:
    """Time int8 files side by side.

    Args:
        files: The .tflite files by name.
        dataset: Its first training images are what they are run on.

    Returns:
        Microseconds an image, by name.
    """
    images = dataset.images_train[:TIMED_IMAGES]
    inputs = [(image.astype(np.int16) - 128).astype(np.int8)[np.newaxis] for image in images]
    loaded = {name: Interpreter.load(path.read_bytes()) for name, path in files.items()}
    calls = {name: _running(interpreter, inputs) for name, interpreter in loaded.items()}
    return side_by_side(calls)


def _running(interpreter: Interpreter, inputs: Sequence[NDArray[np.int8]]) -> Any:
    return lambda number: interpreter.run(inputs[number % len(inputs)])


def report(results: Sequence[Result], times: dict[str, Timing], dataset: Dataset) -> str:
    """Write the table, and what it was measured on.

    Args:
        results: Results of the candidates, a row each.
        times: Times of their int8 files, by name.
        dataset: What they were trained on.

    Returns:
        Markdown.
    """
    head = ["network", "steps", "parameters", "KiB", "µs an image", "float", "int8"]
    rows = [
        [
            result.name,
            f"`{result.steps}`",
            f"{result.parameters:,}",
            f"{result.size / 1024:.1f}",
            f"{times[result.name].median:.1f}",
            *("untrained" if share is None else f"{share:.2%}" for share in (result.float_accuracy, result.accuracy)),
        ]
        for result in results
    ]
    validation_images = len(split_validation(dataset.labels_train, HELD_BACK, 0)[1])
    epochs = f"{results[0].epochs} epochs" if results[0].epochs else "no training"
    return (
        f"{markdown_table(head, rows)}\n\n"
        f"`{COMMAND}`: {dataset.name}, {epochs}, seed {results[0].seed}; accuracy on {validation_images:,} "
        f"validation images; KiB of the int8 file without its card; {processor()}, one thread, median of "
        f"{next(iter(times.values())).calls:,} runs, taking turns."
    )


if __name__ == "__main__":
    run(main)
