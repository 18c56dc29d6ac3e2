"""python -m convert: a Keras model becomes a .tflite, proven on the whole test set before it is written."""

from __future__ import annotations

import argparse
import json
import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convert.quantize import DEFAULT, QUANTIZATIONS, load_quantization
from runtime.cli.foreign_options import channel_deviations, channel_numbers
from runtime.cli.parser import Parser, float_between, int_at_least, print_note, run
from runtime.errors import EdgeError, OptionError, ParityError
from workbench.files import write_bytes, write_text
from workbench.run_folder import CARD_FILE, DATASET_FILE, MODEL_FILE, PARITY_FILE, TFLITE_FILE

if TYPE_CHECKING:
    from convert.job import Job
    from convert.normalization import Normalization
    from convert.pipeline import Outcome

SCALE_NAMES = ("0..1", "-1..1", "0..255", "imagenet")  # the rows of convert.normalization.SCALES

EXAMPLE = """\
  python -m convert artifacts/model.keras --quantization int8 -o artifacts/model.tflite
  python -m convert my_model.h5 --data my_images.npz --labels labels.txt -o my_model.tflite
  python -m convert keras_model.h5 --scale=-1..1 --data my_images.npz --labels labels.txt"""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, convert, prove, write.

    Args:
        argv: The words of the command line; None for those of this process.

    Returns:
        The exit status.

    Raises:
        EdgeError: The conversion failed, or the .tflite does not do what the Keras model does.
    """
    options = _parser().parse(argv)
    _check_output(options.output)
    job = _job(options)
    outcome = _prove(job)
    write_bytes(job.output, outcome.tflite)
    print(f"{job.output}: {len(outcome.tflite):,} bytes, {job.quantization}, card inside")
    print(f"next: {shlex.join(['python', '-m', 'runtime.classify', '-m', str(job.output)])} IMAGE")
    return 0


def _prove(job: Job) -> Outcome:
    """Run the job; parity.json and the table are made whether or not parity holds.

    A model that was measured and misses leaves no .tflite: that of an earlier run would pass for this model's. One
    that fails before it is measured leaves all as it was.
    """
    from convert import chance
    from convert.job import prepare
    from convert.pipeline import run_job
    from convert.report import parity_text
    from workbench.progress import bar

    outcome = run_job(job, prepare(job, bar), bar)
    report = json.dumps(outcome.report, indent=1, ensure_ascii=False) + "\n"
    write_text(job.output.with_name(PARITY_FILE), report)
    text = parity_text(outcome.parity, job.limits, job.quantization, outcome.quality)
    print(text, end="\n\n", flush=True)
    _note_feeding(outcome)
    for warning in (*chance.warnings(outcome.quality), *(outcome.faults if job.allow_useless else ())):
        print_note(f"warning: {warning}")
    if outcome.violations:
        missed = "; ".join(outcome.violations)
        raise ParityError(f"the .tflite does not do what the Keras model does: {missed}. {_removed(job.output)}")
    if outcome.faults and not job.allow_useless:
        raise ParityError(
            f"{job.model.name} is of no use: {outcome.faults[0]} (or --allow-useless). {_removed(job.output)}"
        )
    return outcome


def _note_feeding(outcome: Outcome) -> None:
    """What was put into the model because the pictures, and not the model, said so."""
    said = outcome.report["normalization"]
    if "test images" in said["decided_by"]:
        print_note(f"note: pixels are fed as {said['name']}, as {said['decided_by']}; --scale says another range")


def _removed(output: Path) -> str:
    stale = output.exists()
    output.unlink(missing_ok=True)
    return f"There is no {output.name}{' (the one from an earlier run was removed)' if stale else ''}"


def _job(options: argparse.Namespace) -> Job:
    from convert.job import Feeding, Job
    from convert.parity import Limits

    return Job(
        model=options.model,
        output=options.output,
        quantization=options.quantization,
        limits=Limits(options.max_accuracy_drop, options.min_agreement),
        data=options.data,
        card=options.card,
        labels=options.labels,
        calibration_images=options.calibration_images,
        seed=options.seed,
        reject_threshold=options.reject_threshold,
        feeding=Feeding(_normalization(options), options.framing, options.io),
        trust=options.trust,
        allow_useless=options.allow_useless,
    )


def _normalization(options: argparse.Namespace) -> Normalization | None:
    from convert.normalization import SCALES, Normalization

    if options.scale is not None:
        return SCALES[options.scale]
    if options.mean is None and options.std is None:
        return None
    mean, std = options.mean or (0.0,), options.std or (1.0,)
    return Normalization("given", mean, std)


def _parser() -> Parser:
    parser = Parser(
        "python -m convert", "Turn a Keras model into a .tflite, proven equal on the whole test set.", EXAMPLE
    )
    add, share = parser.add_argument, float_between(0, 1)
    model, output = Path("artifacts") / MODEL_FILE, Path("artifacts") / TFLITE_FILE
    add(
        "model",
        nargs="?",
        type=Path,
        default=model,
        help=f".keras or .h5 file, or SavedModel folder (default: {model})",
    )
    add(
        "--quantization",
        type=_quantization,
        default=DEFAULT,
        metavar=f"{{{','.join(QUANTIZATIONS)}}}",
        help=f"or one that an installed package adds (default: {DEFAULT}, int8 in and out)",
    )
    add("--max-accuracy-drop", type=share, metavar="X", help="as a fraction (default: 0.002, at least 3 images)")
    add("--min-agreement", type=share, metavar="X", help="as a fraction (default: 0.998, all but 3 images at most)")
    add("--data", type=Path, metavar="FILE.npz", help=f"images (default: {DATASET_FILE} beside the model)")
    add("--card", type=Path, metavar="FILE", help=f"draft card (default: {CARD_FILE} beside the model)")
    add("-l", "--labels", type=Path, metavar="FILE", help="one class a line (default: the card's, else numbers)")
    add(
        "--calibration-images",
        type=int_at_least(1),
        default=500,
        metavar="N",
        help="if it is calibrated, as int8 is (default: 500)",
    )
    add("--seed", type=int_at_least(0), default=0, metavar="N", help="draws the calibration images (default: 0)")
    add(
        "--reject-threshold",
        type=share,
        metavar="X",
        help='scores below it are "unsure" (default: chosen on validation images and negatives, else 0.5)',
    )
    _add_feeding(parser)
    add("--trust", action="store_true", help="let code in the model's file run, such as Lambda layers")
    add("--allow-useless", action="store_true", help="convert a model that is no better than chance, too")
    add("-o", "--output", type=Path, default=output, metavar="FILE", help=f"default: {output}")
    return parser


def _add_feeding(parser: Parser) -> None:
    group = parser.add_argument_group("what the model was trained on, where it does not say")
    choice = group.add_mutually_exclusive_group()
    choice.add_argument(
        "--scale",
        choices=SCALE_NAMES,
        help="range of its pixels, put into the .tflite (default: the model's own, else tried on the test images)",
    )
    choice.add_argument(
        "--mean", type=channel_numbers, metavar="M", help="as 127.5 or 123.7,116.3,103.5: (pixel - M) / S"
    )
    group.add_argument("--std", type=channel_deviations, metavar="S", help="likewise, above 0 (default: 1)")
    group.add_argument(
        "--framing",
        type=_framing,
        metavar="{ink,whole}",
        help="ink: the mark, as MNIST has it; whole: the whole picture (default: the card's, else whole)",
    )
    group.add_argument("--io", choices=("int8", "uint8"), default="int8", help="what an int8 model takes and gives")


def _framing(name: str) -> str:
    """The name, where there is such a framing."""
    from runtime.preprocess import load_framing

    try:
        load_framing(name)
    except EdgeError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return name


def _quantization(name: str) -> str:
    """The name, where there is such a quantization."""
    try:
        return load_quantization(name).name
    except OptionError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _check_output(output: Path) -> None:
    """Whether the file can be written at all, before minutes of work."""
    if output.suffix != ".tflite" or output.is_dir():
        raise OptionError(f"-o {output}: expected a file name that ends in .tflite")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptionError(f"-o {output}: cannot make the folder {output.parent} ({error.strerror})") from None
    if not os.access(output.parent, os.W_OK):
        raise OptionError(f"-o {output}: the folder {output.parent} cannot be written to")


if __name__ == "__main__":
    run(main)
