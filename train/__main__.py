"""python -m train: from a dataset to artifacts/model.keras."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.cli.parser import Parser, float_between, int_at_least, print_note, run
from runtime.errors import DataError, OptionError
from runtime.native import silence_native_code
from train.data.kinds import KINDS
from train.models.recipes import DEFAULT, PRECISIONS, RECIPES, Recipe, recipe_named
from workbench.run_folder import (
    CARD_FILE,
    DATASET_FILE,
    H5_FILE,
    HISTORY_FILE,
    METRICS_FILE,
    MODEL_FILE,
    REPORT_FILE,
    TEACHERS_FOLDER,
)

if TYPE_CHECKING:
    from train.data.load import Dataset
    from train.distillation import Teacher
    from train.fit import Trained
    from train.outputs import Metrics
    from train.plan import Plan

EXAMPLE = """\
  python -m train
  python -m train --model cnn-tiny --teacher cnn-large
  python -m train --model mlp-128-64 --data fashion-mnist --seed 7
  python -m train --data my_pictures/ --epochs 20"""
MAX_SEED = 2**32 - 1  # NumPy's


def main() -> int:
    """Parse, train, write.

    Returns:
        The exit status.

    Raises:
        EdgeError: What a user can mend.
    """
    options = _parser().parse()
    recipe = _recipe(options)
    folder = _folder(options.output)
    # Without --resume: a resumed run ends where an uninterrupted one does.
    command = shlex.join(["python", "-m", "train", *(word for word in sys.argv[1:] if word != "--resume")])

    from train.data.load import load

    dataset = load(options.data, options.seed, options.framing)
    for warning in dataset.warnings:
        print_note(warning)
    try:
        _train(options, recipe, dataset, folder, command)
    except KeyboardInterrupt:
        print_note(f"interrupted; whole epochs are kept. Go on with: {command} --resume")
        raise
    except OSError as error:
        raise DataError(f"cannot write into {folder}: {error}") from error
    return 0


def _train(options: argparse.Namespace, recipe: Recipe, dataset: Dataset, folder: Path, command: str) -> None:
    from train.quiet import import_tensorflow

    silence_native_code()
    import_tensorflow()
    from train import outputs
    from train.fit import train
    from train.models.fused import check_precision
    from train.plan import Plan
    from train.report.build import write_report
    from train.tensorboard import Log

    check_precision(options.precision)
    plan = Plan(recipe, options.seed, _teachers(options, dataset, folder), options.precision)
    logs = {"log": Log(folder)} if options.tensorboard else {}
    trained = train(plan, dataset, folder, options.resume, **logs)
    metrics = outputs.write_outputs(trained, plan, dataset, folder, command)
    write_report(folder, trained.model)
    if options.save_h5:
        outputs.write_h5(folder / H5_FILE, trained.model)
    _print_summary(metrics, trained, plan, dataset, folder)


def _teachers(options: argparse.Namespace, dataset: Dataset, folder: Path) -> tuple[Teacher, ...]:
    """The teachers, read from their files or trained first, each in a folder of its own.

    Their seeds are 0, 1 and so on, whatever the student's: runs of all seeds have the same teachers.
    """
    from train.distillation import Teacher, read_teacher
    from train.fit import train
    from train.plan import Plan

    found = []
    for seed, name in enumerate(options.teacher or []):
        if name not in RECIPES:
            found.append(read_teacher(name, len(dataset.labels)))
            continue
        print_note(f"training a teacher first: {name}, seed {seed}")
        plan = Plan(recipe_named(name), seed, precision=options.precision)
        trained = train(plan, dataset, folder / TEACHERS_FOLDER / f"{name}-{seed}", options.resume)
        seconds = sum(epoch.seconds for epoch in trained.history)
        found.append(Teacher(f"{name}, seed {seed}", trained.model, seconds))
    return tuple(found)


def _summary() -> str:
    models = "\n".join(f"  {recipe.name:12} {recipe.description}" for recipe in RECIPES.values())
    data = "\n".join(f"  {kind.name:14} {kind.summary}" for kind in KINDS)
    return f"Train a Keras model on labeled pictures.\n\nmodels:\n{models}\n\ndata:\n{data}"


def _parser() -> Parser:
    from runtime.preprocess import FRAMINGS  # here: it imports NumPy and OpenCV

    parser = Parser("python -m train", _summary(), EXAMPLE)
    parser.add_argument("--model", metavar="NAME", default=DEFAULT, help=f"one of the above (default: {DEFAULT})")
    parser.add_argument("--data", metavar="DATA", default="auto", help="one of the above (default: auto)")
    parser.add_argument(
        "--framing",
        metavar="NAME",
        default="",
        help=f"how the images of a FILE.npz become inputs: {', '.join(FRAMINGS)} (default: as the file says)",
    )
    _add_course(parser)
    parser.add_argument(
        "--teacher",
        metavar="NAME|FILE",
        action="append",
        help="learn from the answers of this model too: one of the above, which is trained first; or a .keras file. "
        "May be given again. Trained teachers have the seeds 0, 1 and so on, whatever the --seed",
    )
    parser.add_argument("--resume", action="store_true", help="go on after the last whole epoch of an interrupted run")
    parser.add_argument("--tensorboard", action="store_true", help="write TensorBoard logs into FOLDER/logs")
    parser.add_argument("--save-h5", action="store_true", help="write model.h5 too")
    parser.add_argument("-o", "--output", metavar="FOLDER", default="artifacts", help="(default: artifacts)")
    return parser


def _add_course(parser: Parser) -> None:
    """Options that change the course of a training."""
    for flag, kind, meaning in (
        ("--epochs", int_at_least(1), "how often to go through the images"),
        ("--batch-size", int_at_least(1), "images a step"),
        ("--learning-rate", float_between(1e-8, 10.0), "at its peak"),
    ):
        parser.add_argument(flag, type=kind, metavar="N", help=f"{meaning} (default: the model's own)")
    parser.add_argument(
        "--seed",
        type=int_at_least(0),
        metavar="N",
        default=0,
        help="of all chance but the teachers' (default: 0)",
    )
    parser.add_argument(
        "--precision",
        choices=tuple(PRECISIONS),
        default="float32",
        help="of the arithmetic in convolutional networks while they are trained; bfloat16 is faster where the "
        "processor computes in it (AVX512-BF16, AMX), and slower elsewhere (default: float32)",
    )


def _recipe(options: argparse.Namespace) -> Recipe:
    """The model's recipe with what the command line changes of it."""
    if options.seed > MAX_SEED:
        raise OptionError(f"--seed: expected 0 to {MAX_SEED}; received {options.seed}")
    given = {
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "learning_rate": options.learning_rate,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    return dataclasses.replace(recipe_named(options.model), **changes)


def _folder(name: str) -> Path:
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(f"-o {name}: expected a folder to write into; received: {error.strerror}") from None
    return folder


def _print_summary(metrics: Metrics, trained: Trained, plan: Plan, dataset: Dataset, folder: Path) -> None:
    beside = ", ".join((HISTORY_FILE, METRICS_FILE, CARD_FILE, DATASET_FILE))
    kept = f"kept: {metrics.best_epoch}"
    model = folder / MODEL_FILE
    print(f"model  {metrics.model}, {metrics.parameters:,} parameters; epochs: {metrics.epochs} ({kept}), ", end="")
    print(f"{metrics.seconds:.0f} s, seed {metrics.seed}")
    for teacher in plan.teachers:
        print(f"taught by {teacher.name}" + (f", {teacher.seconds:.0f} s" if teacher.seconds else ""))
    print(f"data   {dataset.name}: {len(trained.train_indices):,} images to learn from, ", end="")
    print(f"{len(trained.validation_indices):,} held back, {metrics.n:,} to test")
    print(f"test   accuracy {metrics.accuracy:.4f}, loss {metrics.loss:.4f}")
    print(f"files  {model}, and {beside} beside it")
    print(f"report {folder / REPORT_FILE}, and its pictures (PNG) beside it")
    print("next   python -m convert" + ("" if str(folder) == "artifacts" else f" {shlex.quote(str(model))}"))


if __name__ == "__main__":
    run(main)
