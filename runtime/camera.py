"""python -m runtime.camera: what does the camera, or a video, show?"""

from __future__ import annotations

import signal
import time
from types import FrameType

from runtime.classifier import Prediction, Reading
from runtime.classify import add_model_options, add_read_option, load_classifier
from runtime.command import Parser, note_line, run, whole_number
from runtime.frames import Frame
from runtime.render import reading_to_dict, reading_to_text, to_json, to_text
from runtime.sources import open_source

EXAMPLE = """  python -m runtime.camera
  python -m runtime.camera /dev/video2 --json
  python -m runtime.camera recording.mp4 --count 100"""


class _Stop(Exception):
    """SIGINT or SIGTERM: the user is done."""


def main() -> int:
    """Read frames until the source ends, `--count` is reached, or a signal asks to stop; always 0."""
    options = _parser().parse()
    classifier = load_classifier(options)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    last: str | None = None
    try:
        frames = open_source(options.source)
        note_line(f"reading {options.source} with {classifier.interpreter.name}; Ctrl-C ends it")
        for count, frame in enumerate(frames, start=1):
            prediction = classifier.predict(frame.image, options.top_k, options.threshold)
            reading = classifier.read(frame.image, options.threshold) if options.read else None
            answer = reading.text if reading else prediction.label or prediction.reason
            if options.json:
                print(to_json(frame.source, prediction, _facts(frame, reading)), flush=True)
            elif answer != last:
                print(_change(frame, prediction, reading), flush=True)
            last = answer
            if count == options.count:
                break
    except _Stop:
        note_line("stopped")
    return 0


def _parser() -> Parser:
    parser = Parser("python -m runtime.camera", "Say what a camera or a video shows, a line for each change.", EXAMPLE)
    parser.add_argument("source", nargs="?", default="0", metavar="SOURCE", help="camera number, /dev/videoN or file")
    add_model_options(parser)
    add_read_option(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object a frame")
    parser.add_argument("--count", type=whole_number(1), metavar="N", help="stop after N frames")
    return parser


def _facts(frame: Frame, reading: Reading | None) -> dict[str, object]:
    return {
        **(reading_to_dict(reading) if reading else {}),
        "frame": frame.index,
        "captured_at": round(frame.captured_at, 3),
        "age_ms": round((time.time() - frame.captured_at) * 1000, 3),
        "state": "ok",
    }


def _change(frame: Frame, prediction: Prediction, reading: Reading | None) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(frame.captured_at))
    name = f"{clock} frame {frame.index}"
    return reading_to_text(name, reading) if reading else to_text(name, prediction)


def _stop(number: int, frame: FrameType | None) -> None:
    raise _Stop


if __name__ == "__main__":
    run(main)
