"""The options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

from runtime.classifier import Classifier
from runtime.cli.parser import Parser, float_between, int_at_least
from runtime.errors import ModelError


def add_model_options(parser: Parser) -> None:
    """Add the options of every command that runs a model on pictures.

    Args:
        parser: Gets --model, --labels, --top-k, --threshold and --num-threads.
    """
    parser.add_argument("-m", "--model", metavar="FILE", help="a .tflite model (default: the digits that ship)")
    parser.add_argument("-l", "--labels", metavar="FILE", help="one label a line, for a model without a card")
    parser.add_argument("-k", "--top-k", type=int_at_least(1), default=3, metavar="N", help="candidates to name (3)")
    parser.add_argument(
        "-t",
        "--threshold",
        type=float_between(0, 1),
        metavar="X",
        help="answer 'unsure' below this score, 0 to 1 (default: the model's own)",
    )
    parser.add_argument("--num-threads", type=int_at_least(1), default=1, metavar="N", help="interpreter threads (1)")


def add_read_option(parser: Parser) -> None:
    """Add --read, of every command that can read more than one digit.

    Args:
        parser: Gets the option.
    """
    parser.add_argument("--read", action="store_true", help="read every digit, row by row, not just the main one")


def load_classifier(options: argparse.Namespace) -> Classifier:
    """Load the classifier that the options of `add_model_options` ask for.

    Args:
        options: The parsed command line: `model`, `labels` (files, or None) and `num_threads`.

    Returns:
        A classifier that is ready.

    Raises:
        ModelError: The labels cannot be read; and what `Classifier.load` raises.
    """
    labels = None
    if options.labels:
        from runtime.tflite.labels import parse_labels  # not above: few models need it

        try:
            labels = parse_labels(Path(options.labels).read_text(encoding="utf-8-sig"))  # editors may write a BOM
        except OSError as error:
            raise ModelError(f"cannot read labels {options.labels}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ModelError(
                f"cannot read labels {options.labels}: expected text in UTF-8, one label a line; received other bytes"
            ) from None
    return Classifier.load(options.model, labels, options.num_threads)
