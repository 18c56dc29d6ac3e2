"""Every named model trained, converted and measured in one go.

Command: python -m benchmarks.leaderboard

Runs live in FOLDER/NAME-SEED/, each as python -m train leaves it. A finished one is taken as it is, a half-done one
is resumed. What was measured is kept beside it in leaderboard.json, so that the page can be written again.
"""

from __future__ import annotations

import argparse
import dataclasses
import shlex
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev

import numpy as np

from benchmarks.page import add_page_option, write_section
from benchmarks.robustness import mnist_test
from benchmarks.runs import Record, Run
from benchmarks.timing import processor, side_by_side
from runtime.cli.parser import Parser, run
from runtime.errors import OptionError
from runtime.tflite.card_file import split_card
from runtime.tflite.interpreter import Interpreter
from runtime.tflite.tensors import quantize_input
from train.models.recipes import RECIPES, recipe_named
from workbench.run_folder import MODEL_FILE
from workbench.tables import markdown_table

EXAMPLE = """\
  MNIST_NPZ=mnist.npz python -m benchmarks.leaderboard --seeds 0,1,2 --page
  python -m benchmarks.leaderboard --models cnn --reuse runs --real ../shared/data/real"""
FOLDER = Path("artifacts/leaderboard")
MODELS = ("cnn", "cnn-tiny", "mlp-128", "mlp-dropout", "mlp-128-64", "mlp-128-128")
# Whose answers a model learns from, (name, seed) of each: those that `python -m train --teacher NAME ...` trains.
TEACHERS = {
    "cnn": (("cnn-clean", 0), ("cnn-clean", 1)),
    "cnn-tiny": (("cnn-large", 0),),
}
# What the tutorials claim: (accuracy in training, on the test images).
TUTORIALS = {"mlp-128": ("", "98 %"), "mlp-128-64": ("98 %", "91 %"), "mlp-128-128": ("99.3 %", "98.04 %")}
TIMED_IMAGES = 200


def main() -> int:
    """Train, convert and measure what is missing, time all, print the table.

    Returns:
        The exit status.

    Raises:
        OptionError: There are no measured runs.
    """
    options = _parser().parse()
    root = options.reuse
    wanted = [Run(name, seed, root / f"{name}-{seed}") for name in options.models for seed in options.seeds]
    if not options.page_only:
        for one in wanted:
            if not options.no_training:
                train(one, options.data, shlex.split(options.train_args))
                one.convert()
        ready = [one for one in wanted if one.tflite.is_file()]
        published = mnist_test() if options.data in ("auto", "mnist") else None
        timed(ready, [one.record(options.real, published) for one in ready])
    records = [record for one in wanted if (record := one.known()) is not None]
    if not records:
        raise OptionError(f"expected measured runs in {root}; there are none. Leave out --no-training and --page-only")
    text = report(records)
    print(text)
    if options.page or options.page_only:
        write_section("leaderboard", text)
    return 0


def train(run: Run, data: str, more: Sequence[str] = ()) -> None:
    """Train a run that is not trained yet, and before it, beside it, its teachers.

    Args:
        run: What to train.
        data: As --data of python -m train has it.
        more: Further words for python -m train.

    Raises:
        EdgeError: A training fails.
    """
    if run.is_trained():
        return
    words = []
    for name, seed in TEACHERS.get(run.name, ()):
        teacher = Run(name, seed, run.folder.with_name(f"{name}-{seed}"))
        train(teacher, data, more)
        words += ["--teacher", str(teacher.folder / MODEL_FILE)]
    run.train(data, [*words, *more])


def timed(runs: Sequence[Run], records: Sequence[Record]) -> None:
    """Time all models side by side and keep the result with each.

    Args:
        runs: Converted runs.
        records: A record a run.
    """
    calls = {}
    for one in runs:
        interpreter = Interpreter.load(split_card(one.tflite.read_bytes())[0])
        noise = np.random.default_rng(0).integers(0, 256, (TIMED_IMAGES, *interpreter.input.shape[1:]), np.uint8)
        inputs = [quantize_input(image, interpreter.input) for image in noise]
        calls[str(one.folder)] = lambda i, run=interpreter.run, inputs=inputs: run(inputs[i % TIMED_IMAGES])
    times = side_by_side(calls)
    for one, record in zip(runs, records, strict=True):
        micros = round(times[str(one.folder)].median, 2)
        one.keep(dataclasses.replace(record, micros=micros, machine=processor()))


def report(records: Sequence[Record]) -> str:
    """Write the tables and what they were measured on.

    Args:
        records: Records of all runs.

    Returns:
        Markdown: a row a model, over its seeds; with more than one seed, a row a run below.
    """
    names = list(dict.fromkeys(record.name for record in records))
    rows = [_row(name, [record for record in records if record.name == name]) for name in names]
    head = ["model", "weights", "file, bytes", "trained", "float", "int8", "as published", "drop", "agreement"]
    text = markdown_table([*head, "real pictures", "µs", "tutorial says"], rows)
    if len({record.seed for record in records}) > 1:
        text += "\n\n" + _by_seed(records)
    return f"{text}\n\n{_caption(records)}"


def _row(name: str, found: Sequence[Record]) -> list[str]:
    training, test = TUTORIALS.get(name, ("", ""))
    claim = f"{training} in training, {test} in test" if training else f"{test} in test" if test else ""
    real = [percent([r.real_micro for r in found]), percent([r.real_macro for r in found])]
    drops = mean((r.float_accuracy - r.accuracy) * 100 for r in found)
    times = [r.micros for r in found if r.micros is not None]
    return [
        f"`{name}`",
        f"{found[0].parameters:,}",
        f"{round(mean(r.size for r in found)):,}",
        percent([r.train_accuracy for r in found]),
        percent([r.float_accuracy for r in found]),
        f"**{percent([r.accuracy for r in found])}**",
        percent([r.published for r in found]),
        points(drops),
        percent([r.agreement for r in found]),
        ", ".join(dict.fromkeys(real)),
        f"{mean(times):.1f}" if times else "",
        claim,
    ]


def percent(shares: Sequence[float | None]) -> str:
    """Format accuracies.

    Args:
        shares: 0 to 1, None where one is not known.

    Returns:
        Their mean, and from two on the sample standard deviation; "-" where one is not known.

    Example:
        >>> percent([0.99, 0.97]), percent([None])
        ('98.00 ± 1.41 %', '-')
    """
    known = [100 * share for share in shares if share is not None]
    if not known or len(known) < len(shares):
        return "-"
    return f"{mean(known):.2f} %" if len(known) == 1 else f"{mean(known):.2f} ± {stdev(known):.2f} %"


def points(drop: float) -> str:
    """Format a difference of percentages.

    Args:
        drop: Percentage points.

    Returns:
        Two decimals, and never "-0.00".

    Example:
        >>> points(-0.001)
        '0.00'
    """
    return f"{round(drop, 2) + 0.0:.2f}"


def _by_seed(records: Sequence[Record]) -> str:
    head = ["run", "epochs", "trained in", "float", "int8", "as published", "drop", "agreement"]
    rows = []
    for r in records:
        shares = [percent([share]) for share in (r.float_accuracy, r.accuracy, r.published)]
        shares += [points((r.float_accuracy - r.accuracy) * 100)]
        shares += [percent([share]) for share in (r.agreement, r.real_micro, r.real_macro)]
        rows.append([f"`{r.name}`, seed {r.seed}", str(r.epochs), f"{r.seconds:,.0f} s", *shares])
    return markdown_table([*head, "real, micro", "real, macro"], rows)


def _caption(records: Sequence[Record]) -> str:
    data = ", ".join(sorted({f"{r.dataset} ({r.n:,} test images)" for r in records}))
    machines = ", ".join(sorted({r.machine for r in records if r.machine})) or "not timed"
    seeds = ", ".join(str(seed) for seed in sorted({r.seed for r in records}))
    runs = f"seeds {seeds}, ± their standard deviation" if "," in seeds else f"seed {seeds}"
    return (
        f"`make leaderboard`: {data}; {runs}. Trained: Keras's accuracy over the epoch that is kept. "
        "Float, int8: test images as preprocessing frames them, as on the device; as published: int8 on the images "
        "as they come, not framed again. Drop in points. Real pictures: single digits through the whole runtime, "
        "blank and unsure counted as misses, micro and macro over their sources. µs: an image in the device's "
        "interpreter on one thread "
        f"({machines}), median of 2,000, all models taking turns."
    )


def _parser() -> Parser:
    parser = Parser("python -m benchmarks.leaderboard", "Train, convert and measure every named model.", EXAMPLE)
    models = [name for name in MODELS if name in RECIPES]
    add = parser.add_argument
    add("--models", type=_names, default=models, metavar="A,B", help=f"(default: {','.join(models)})")
    add("--seeds", type=_seeds, default=[0], metavar="0,1,2", help="a run of each model for each (default: 0)")
    add("--data", default="mnist", help="as python -m train has it (default: mnist)")
    add("--train-args", default="", metavar="WORDS", help='more for python -m train, as in "--epochs 4"')
    add("--reuse", type=Path, default=FOLDER, metavar="FOLDER", help=f"where the runs are (default: {FOLDER})")
    add("--real", type=Path, metavar="FOLDER", help="real pictures with a manifest.csv, see make eval-real")
    add("--no-training", action="store_true", help="only measure what is trained and converted already")
    add("--page-only", action="store_true", help="only write the page again, from what was measured")
    add_page_option(parser)
    return parser


def _names(text: str) -> list[str]:
    return [recipe_named(name).name for name in text.split(",")]


def _seeds(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected whole numbers such as 0,1,2; received {text!r}") from None


if __name__ == "__main__":
    run(main)
