"""The options of python -m runtime.camera."""

from __future__ import annotations

import argparse
import os

from runtime.cli.options import add_classifier_options, add_read_option
from runtime.cli.parser import Parser, float_between, int_at_least
from runtime.outputs.registry import add_options as add_output_options
from runtime.sources.base import STALE_S, SourceOptions
from runtime.sources.registry import GRAMMAR
from runtime.sources.transform import FLIPS, ROTATIONS

PASSWORD_VARIABLE = "EDGE_CLASSIFIER_SOURCE_PASSWORD"
EXAMPLE = """  python -m runtime.camera
  python -m runtime.camera /dev/video2 --smoothing 5 --json
  python -m runtime.camera http://camera.local/stream --mqtt mqtt://localhost/digits
  python -m runtime.camera recording.mp4 --count 100
  rpicam-vid -n -t 0 --codec mjpeg -o - | python -m runtime.camera -"""


def build_parser() -> Parser:
    """Declare every option of the camera, those of each output among them.

    Returns:
        The parser.
    """
    parser = Parser("python -m runtime.camera", "Say what a camera or a video shows, a line for each change.", EXAMPLE)
    parser.add_argument(
        "source",
        nargs="?",
        default="0",
        metavar="SOURCE",
        help=f"a camera, a stream or pictures: {GRAMMAR}",
    )
    _add_source_options(parser)
    add_classifier_options(parser, has_output=True)
    add_read_option(parser)
    parser.add_argument(
        "--smoothing",
        type=int_at_least(1),
        default=1,
        metavar="N",
        help="announce a reading that N of the last 2N-1 frames gave (default: 1, every frame)",
    )
    parser.add_argument("--every-frame", action="store_true", help="classify frames that did not change too")
    add_output_options(parser)
    parser.add_argument("--count", type=int_at_least(1), metavar="N", help="stop after N frames")
    return parser


def parse() -> argparse.Namespace:
    """Parse the command line; a usage error ends the process with status 2.

    Returns:
        The options, and in `frames` the SourceOptions that open_source takes.
    """
    parser = build_parser()
    options = parser.parse()
    if options.record and _is_same_file(options.source, options.record):
        parser.error(f"argument --record: {options.record} is the source; give the recording another name")
    options.source = _with_password(options.source, options.source_password_file)
    options.frames = SourceOptions(
        options.width,
        options.height,
        options.fps,
        options.flip,
        options.rotate,
        options.roi,
        options.stale_after,
        options.http_ca,
        options.insecure,
    )
    return options


def _with_password(source: str, file: str | None) -> str:
    """The source with the password that --source-password-file or the environment has for it."""
    has_user = "@" in source.partition("://")[2].partition("/")[0]
    if file is None and not (has_user and os.environ.get(PASSWORD_VARIABLE)):
        return source
    from runtime.passwords import find_password, with_password  # here: most starts need none of it

    return with_password(source, find_password("--source-password-file", file, PASSWORD_VARIABLE) or "")


def _is_same_file(one: str, other: str) -> bool:
    return os.path.isfile(one) and os.path.isfile(other) and os.path.samefile(one, other)  # noqa: PTH113, PTH121


def _add_source_options(parser: Parser) -> None:
    parser.add_argument("--list", action="store_true", help="show the cameras found and their formats, and end")
    parser.add_argument(
        "--source-password-file", metavar="FILE", help=f"has the password of SOURCE's user; so may {PASSWORD_VARIABLE}"
    )
    parser.add_argument("--width", type=int_at_least(1), metavar="N", help="pixels, asked of the camera")
    parser.add_argument("--height", type=int_at_least(1), metavar="N", help="pixels, asked of the camera")
    parser.add_argument(
        "--fps", type=float_between(0.01, 1000), metavar="X", help="frames a second, asked of the camera"
    )
    parser.add_argument("--flip", choices=sorted(FLIPS), help="horizontally, vertically or both, before --rotate")
    parser.add_argument("--rotate", type=int, choices=[0, *ROTATIONS], default=0, help="degrees clockwise")
    parser.add_argument(
        "--roi", type=_roi, metavar="X,Y,W,H", help="use only this part, in pixels of the turned picture"
    )
    parser.add_argument(
        "--give-up",
        type=float_between(0, 1e9),
        metavar="SECONDS",
        help="end if a camera stays lost for so long (default: never)",
    )
    parser.add_argument(
        "--stale-after",
        type=float_between(0.1, 3600),
        default=STALE_S,
        metavar="SECONDS",
        help=f"without a new frame for so long, a camera is stale; a slow one needs more (default: {STALE_S:g})",
    )
    parser.add_argument(
        "--http-ca",
        type=_readable_file,
        metavar="FILE",
        help="certificate (PEM) that an https camera must have, or have one signed by (default: those of the system)",
    )
    parser.add_argument("--insecure", action="store_true", help="take any certificate of an https camera")


def _readable_file(text: str) -> str:
    try:
        with open(text, "rb"):  # noqa: PTH123
            return text
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise argparse.ArgumentTypeError(f"expected a certificate file (PEM); {text}: {reason}") from None


def _roi(text: str) -> tuple[int, int, int, int]:
    try:
        x, y, w, h = (int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected X,Y,W,H in pixels; received {text!r}") from None
    if min(x, y) < 0 or min(w, h) < 1:
        raise argparse.ArgumentTypeError(f"expected X,Y of 0 or more and W,H of 1 or more; received {text!r}")
    return x, y, w, h
