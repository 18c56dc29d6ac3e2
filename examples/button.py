"""A button on a Raspberry Pi takes a picture and reads it.

Command: python examples/button.py [SOURCE]

Wiring: a push button between GPIO 17 and ground. It needs gpiozero (sudo apt install python3-gpiozero).
"""

from __future__ import annotations

import sys
from contextlib import closing
from signal import pause

from gpiozero import Button

from runtime import Classifier, EdgeError, open_source

PIN = 17  # GPIO number, not the number on the header
BOUNCE_S = 0.05  # a push button's contacts close several times within some milliseconds


def read_picture(classifier: Classifier, source: str) -> str:
    """Open the camera, classify its first frame, and close it: the picture is of now, and not from a buffer.

    Args:
        classifier: Reads the picture.
        source: The camera, as `open_source` takes it.

    Returns:
        The label, why there is none, or the error.
    """
    try:
        with closing(open_source(source)) as frames:  # type: ignore[type-var]  # a generator
            prediction = classifier.predict(next(frames).image)
    except EdgeError as error:
        return f"error: {error}"
    return prediction.label or f"nothing read: {prediction.reason}"


def watch(source: str) -> Button:
    """Print a reading at each press.

    Args:
        source: The camera, as `open_source` takes it.

    Returns:
        The button; it works for as long as it is kept.
    """
    classifier = Classifier.load()
    button = Button(PIN, bounce_time=BOUNCE_S)
    button.when_pressed = lambda: print(read_picture(classifier, source), flush=True)
    return button


if __name__ == "__main__":
    button = watch(sys.argv[1] if len(sys.argv) > 1 else "0")
    print("press the button; Ctrl-C ends it", flush=True)
    pause()
