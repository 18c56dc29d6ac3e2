"""The options that several commands share. Nothing heavy is imported at the top: the doctor has --model too."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from runtime.cli.foreign_options import add_foreign_options, given_of
from runtime.cli.parser import Parser, as_called, float_between, int_at_least, print_note
from runtime.native import MAX_PIXELS, MAX_THREADS, MOST_PIXELS

if TYPE_CHECKING:
    from runtime.classifier import Classifier


def add_model_option(parser: Parser) -> None:
    """Add --model, of every command that loads a model.

    Args:
        parser: Gets the option.
    """
    parser.add_argument("-m", "--model", metavar="FILE", help="a .tflite model (default: the digits that ship)")


def add_threads_option(parser: Parser) -> None:
    """Add --num-threads, of every command that runs a model at one number of threads.

    Args:
        parser: Gets the option.
    """
    count = int_at_least(1, MAX_THREADS)
    parser.add_argument("--num-threads", type=count, default=1, metavar="N", help="interpreter threads (1)")


def add_classifier_options(parser: Parser, has_output: bool = False) -> None:
    """Add the options of every command that runs a model on pictures.

    Args:
        parser: Gets --model, --labels, --top-k, --threshold and --num-threads, and those of a model without a card.
        has_output: As for `add_foreign_options`.
    """
    add_model_option(parser)
    parser.add_argument("-l", "--labels", metavar="FILE", help="one label a line, for a model without a card")
    parser.add_argument("-k", "--top-k", type=int_at_least(1), default=3, metavar="N", help="candidates to name (3)")
    parser.add_argument(
        "-t",
        "--threshold",
        type=float_between(0, 1),
        metavar="X",
        help="answer 'unsure' below this score, 0 to 1 (default: the model's own)",
    )
    add_threads_option(parser)
    add_foreign_options(parser, has_output)


def add_read_option(parser: Parser) -> None:
    """Add --read, of every command that can read more than one digit.

    Args:
        parser: Gets the option.
    """
    parser.add_argument("--read", action="store_true", help="read every digit, row by row, not just the main one")


def add_max_pixels_option(parser: Parser) -> None:
    """Add --max-pixels, of every command that reads pictures of any size.

    Args:
        parser: Gets the option.
    """
    parser.add_argument(
        "--max-pixels",
        type=_pixels,
        default=MAX_PIXELS,
        metavar="N",
        help=f"pixels of color to decode at most; a larger JPEG is reduced ({MAX_PIXELS})",
    )


def _pixels(text: str) -> int:
    value = int_at_least(1)(text)
    if value > MOST_PIXELS:
        raise argparse.ArgumentTypeError(f"expected 1 to {MOST_PIXELS}; received {value}")
    return value


def load_classifier(options: argparse.Namespace) -> Classifier:
    """Load the classifier that the options of `add_classifier_options` ask for.

    Args:
        options: The parsed command line: `model`, `labels` (files, or None), `num_threads`, and what
            `add_foreign_options` adds.

    Returns:
        A classifier that is ready.

    Raises:
        ModelError: The labels cannot be read; and what `Classifier.load` raises.
    """
    from runtime.classifier import Classifier

    labels = read_labels_option(options.labels) if options.labels else None
    classifier = Classifier.load(options.model, labels, options.num_threads, given=given_of(options))
    if classifier.note:
        print_note(f"note: {as_called(classifier.note)}")
    return classifier


def read_labels_option(path: str) -> tuple[str, ...]:
    """Read the file of --labels; a note says where its encoding was guessed.

    Args:
        path: Name of the file.

    Returns:
        The labels.

    Raises:
        ModelError: It cannot be read.
    """
    from runtime.tflite.labels import read_labels  # not above: few models need it

    found = read_labels(path)
    if found.note:
        print_note(f"note: labels {path}: {found.note}")
    return found.labels
