"""The options that say what a model without a card does not say of itself."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from runtime.cli.parser import Parser, int_at_least

if TYPE_CHECKING:
    from runtime.foreign.given import Given

SCALES = ("0..1", "-1..1", "0..255", "imagenet")  # the rows of runtime.foreign.normalization.SCALES
MAX_NUMBER = 1e6  # of --mean and --std
MAX_SIDE = 4096  # pixels
OPTIONS = ("scale", "mean", "std", "size", "model_output", "resize", "color", "framing")


def add_foreign_options(parser: Parser, has_output: bool = False) -> None:
    """Add the options of every command that runs a model without a card.

    Args:
        parser: Gets --scale, --mean, --std, --size, --model-output, --resize, --color and --framing.
        has_output: Whether the parser has an --output of its own; else that is another name of --model-output.
    """
    group = parser.add_argument_group("a model without a card")
    scale = group.add_mutually_exclusive_group()
    scale.add_argument("--scale", choices=SCALES, help="the pixels that it was trained on")
    scale.add_argument(
        "--mean", type=channel_numbers, metavar="M", help="as 127.5 or 123.7,116.3,103.5: (pixel - M) / S"
    )
    group.add_argument(
        "--std", type=channel_deviations, metavar="S", help="with --mean: a number, or one for each channel"
    )
    group.add_argument("--size", type=_size, metavar="HxW", help="pixels of a model that leaves them open, as 224x224")
    names = ["--model-output"] if has_output else ["--model-output", "--output"]
    group.add_argument(*names, type=int_at_least(0), metavar="N", help="the output with the scores, from 0")
    group.add_argument("--resize", choices=("stretch", "crop", "pad"), help="how a picture is made to fit (stretch)")
    group.add_argument("--color", "--colour", choices=("gray", "rgb", "bgr"), help="order of the channels (rgb)")
    group.add_argument("--framing", choices=("whole", "ink"), help="the whole picture, or the mark in it as digits are")
    parser.require("--std", "--mean")


def given_of(options: argparse.Namespace, labels: tuple[str, ...] | None = None) -> Given | None:
    """What the command line says of a model without a card.

    Args:
        options: The parsed options of `add_foreign_options`.
        labels: Those of --labels.

    Returns:
        It; None where the command line says nothing, so that nothing is imported for it.
    """
    if labels is None and all(getattr(options, name, None) is None for name in OPTIONS):
        return None
    from runtime.foreign.given import Given
    from runtime.foreign.normalization import SCALES, Scale

    scale = SCALES[options.scale] if options.scale else None
    if options.mean is not None:
        std = options.std or (1.0,)
        size = max(len(options.mean), len(std))
        means, stds = (values * (size // len(values)) for values in (options.mean, std))
        scale = Scale(f"(pixel - {_written(options.mean)}) / {_written(std)}", means, stds)
    return Given(
        scale=scale,
        size=options.size,
        output=options.model_output,
        resize=options.resize,
        color=options.color,
        framing=options.framing,
        labels=labels,
    )


def _written(values: tuple[float, ...]) -> str:
    return ",".join(f"{value:g}" for value in values)


def channel_numbers(text: str) -> tuple[float, ...]:
    """The argument of --mean: one number, or one for each of three channels.

    Args:
        text: Numbers with commas between.

    Returns:
        1 or 3 numbers, each below MAX_NUMBER.

    Raises:
        argparse.ArgumentTypeError: They are not.

    Example:
        >>> channel_numbers("123.7,116.3,103.5")
        (123.7, 116.3, 103.5)
    """
    try:
        values = tuple(float(word) for word in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number, or three with commas; received {text!r}") from None
    if len(values) not in (1, 3) or not all(abs(value) < MAX_NUMBER for value in values):
        raise argparse.ArgumentTypeError(f"expected 1 or 3 numbers below {MAX_NUMBER:g}; received {text!r}")
    return values


def channel_deviations(text: str) -> tuple[float, ...]:
    """The argument of --std: as `channel_numbers`, above 0.

    Args:
        text: Numbers with commas between.

    Returns:
        1 or 3 numbers.

    Raises:
        argparse.ArgumentTypeError: They are not.
    """
    values = channel_numbers(text)
    if min(values) < 1 / MAX_NUMBER:
        raise argparse.ArgumentTypeError(f"expected numbers above 0; received {text!r}")
    return values


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,4})[xX](\d{1,4})", text, re.ASCII)
    height, width = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise argparse.ArgumentTypeError(f"expected height and width in pixels, as 224x224; received {text!r}")
    return height, width
