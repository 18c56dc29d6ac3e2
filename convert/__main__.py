"""python -m convert: a Keras model becomes a .tflite, proven on the whole test set before it is written."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from convert.quantize import DEFAULT, QUANTIZATIONS, load_quantization
from runtime.cli.parser import Parser, float_between, int_at_least, run
from runtime.errors import EdgeError, OptionError, ParityError
from workbench.files import write_bytes, write_text
from workbench.run_folder import CARD_FILE, DATASET_FILE, MODEL_FILE, PARITY_FILE, TFLITE_FILE

if TYPE_CHECKING:
    from convert.job import Job
    from convert.pipeline import Outcome

EXAMPLE = """\
  python -m convert artifacts/model.keras --quantization int8 -o artifacts/model.tflite
  python -m convert my_model.h5 --data my_images.npz --labels labels.txt -o my_model.tflite"""


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
    print(f"next: python -m runtime.classify -m {job.output} IMAGE")
    return 0


def _prove(job: Job) -> Outcome:
    """Run the job; parity.json and the table are made whether or not parity holds.

    A failure after the model was opened leaves no .tflite: that of an earlier run would pass for this model's.
    """
    from convert.job import prepare
    from convert.pipeline import run_job
    from convert.report import parity_text
    from workbench.progress import bar

    prepared = prepare(job, bar)
    stale = job.output.exists()
    job.output.unlink(missing_ok=True)
    try:
        outcome = run_job(job, prepared, bar)
        report = json.dumps(outcome.report, indent=1, ensure_ascii=False) + "\n"
        write_text(job.output.with_name(PARITY_FILE), report)
        print(parity_text(outcome.parity, job.limits, job.quantization), end="\n\n", flush=True)
        if outcome.violations:
            raise ParityError(f"the .tflite does not do what the Keras model does: {'; '.join(outcome.violations)}")
    except EdgeError as error:
        removed = " (the one from an earlier run was removed)" if stale else ""
        raise type(error)(f"{str(error).rstrip('.')}. There is no {job.output}{removed}") from error
    return outcome


def _job(options: argparse.Namespace) -> Job:
    from convert.job import Job
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
    )


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
    add("--max-accuracy-drop", type=share, default=0.002, metavar="X", help="as a fraction (default: 0.002)")
    add("--min-agreement", type=share, default=0.998, metavar="X", help="same answers, as a fraction (default: 0.998)")
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
    add("-o", "--output", type=Path, default=output, metavar="FILE", help=f"default: {output}")
    return parser


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
