"""python -m runtime.classify: say what each picture shows."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.cli.options import add_classifier_options, add_max_pixels_option, add_read_option, load_classifier
from runtime.cli.parser import Parser, print_error, print_note, run
from runtime.cli.printing import print_data, print_lines
from runtime.errors import EdgeError, ImageError, OutputError, SourceError
from runtime.image.files import STDIN, expand, read_image
from runtime.outputs.format import (
    prediction_to_json,
    prediction_to_text,
    reading_to_dict,
    reading_to_text,
)
from runtime.results import Prediction, Reading

EXAMPLE = """  python -m runtime.classify samples/photo_7.jpg
  python -m runtime.classify --json photos/ 'scans/*.png' > readings.jsonl
  python -m runtime.classify --read page.jpg --annotate out"""


def main() -> int:
    """Classify every picture of the command line.

    Returns:
        The exit status: 1 where one of them could not be read, else 0.

    Raises:
        EdgeError: The model cannot be used, or the folder of annotated pictures cannot be made.
    """
    parser = build_parser()
    options = parser.parse()
    if options.read and options.csv:
        parser.error("argument --read: not allowed with argument --csv; use --json")
    classifier = load_classifier(options)
    annotate = Path(options.annotate) if options.annotate else None
    if annotate:
        from runtime.outputs.disk import make_folder  # here: a start without --annotate needs none of it

        make_folder(annotate)
    if options.csv:
        from runtime.outputs.csv_rows import CSV_HEADER, csv_line  # here: a start without --csv needs none of it

        print_lines(csv_line(CSV_HEADER))
    failed = False
    for name, image in _pictures(options.inputs, options.max_pixels):
        if isinstance(image, EdgeError):
            print_error(image)
            failed = True
            continue
        try:
            prediction = classifier.predict(image, options.top_k, options.threshold)
            reading = classifier.read(image, options.threshold) if options.read else None
            if options.json:
                print_data(prediction_to_json(name, prediction, reading_to_dict(reading) if reading else None))
            else:
                print_lines(_text(options, name, prediction, reading))
            if annotate:
                _save(annotate, name, _annotated(image, prediction, reading))
        except (MemoryError, cv2.error):
            print_error(f"{name}: not enough memory to look at it on this machine; make it smaller")
            failed = True
        except OutputError as error:  # the others are still read
            print_error(error)
            failed = True
    return 1 if failed else 0


def build_parser() -> Parser:
    """The options of this command.

    Returns:
        A parser of the command line.
    """
    parser = Parser("python -m runtime.classify", "Say what each picture shows.", EXAMPLE)
    parser.add_argument("inputs", nargs="+", metavar="IMAGE|FOLDER|GLOB|-", help="pictures; - is standard input")
    add_classifier_options(parser)
    add_read_option(parser)
    add_max_pixels_option(parser)
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="one JSON object a line")
    output.add_argument("--csv", action="store_true", help="CSV with a header")
    parser.add_argument("--annotate", metavar="FOLDER", help="save each picture there with its reading drawn in")
    return parser


def _pictures(inputs: list[str], max_pixels: int) -> Iterator[tuple[str, NDArray[np.uint8] | EdgeError]]:
    """(name, picture) of each input, in order; (name, error) where it cannot be read."""
    said: set[str] = set()

    def say(kind: str, text: str) -> None:
        if kind not in said:  # once, however many there are
            said.add(kind)
            print_note(f"note: {text}" + (", as in others like it" if len(inputs) > 1 else ""))

    for item in expand(inputs, say):
        if isinstance(item, SourceError):
            yield "", item
            continue
        try:
            yield item, read_image(item, max_pixels, say)
        except ImageError as error:
            yield item, error


def _text(options: argparse.Namespace, name: str, prediction: Prediction, reading: Reading | None) -> str:
    if reading:
        return reading_to_text(name, reading)
    if options.csv:
        from runtime.outputs.csv_rows import prediction_to_csv

        return prediction_to_csv(name, prediction)
    return prediction_to_text(name, prediction)


def _annotated(image: NDArray[np.uint8], prediction: Prediction, reading: Reading | None) -> NDArray[np.uint8]:
    """The picture with what was read in it."""
    from runtime.outputs.overlay import overlay, overlay_regions  # here: a start without --annotate needs none of it

    return overlay_regions(image, reading) if reading else overlay(image, prediction)


def _save(folder: Path, name: str, picture: NDArray[np.uint8]) -> None:
    """Save under the picture's own name, JPEG as JPEG and all else as PNG; nothing is overwritten, no part is left."""
    from runtime.outputs.disk import write_new  # here: a start without --annotate needs none of it

    stem = "stdin" if name == STDIN else Path(name).stem
    suffix = ".jpg" if Path(name).suffix.lower() in (".jpg", ".jpeg") else ".png"
    target = folder / f"{stem}{suffix}"
    try:
        saved = write_new(target, cv2.imencode(suffix, picture)[1].tobytes())
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror}") from None
    print_note(f"saved {saved}")


if __name__ == "__main__":
    run(main)
