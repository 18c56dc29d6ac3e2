"""fake://digits, a synthetic camera for tests and demos: digits that move across a sheet of paper."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.errors import SourceError
from runtime.sources.base import Frame, SourceOptions

PAPER, INK = 225, 40  # gray levels
FRAMES_PER_LABEL = 30  # one second at FPS
FPS = 30.0
MAX_LATE_S = 1.0  # the longest pause whose frames are caught up
WIDTH, HEIGHT = 640, 480  # pixels, where no size is asked for


def label_at(index: int) -> str:
    """Give the label of a frame.

    Args:
        index: The frame's number, from 0.

    Returns:
        "0" to "9" and again from "0", each for 30 frames.
    """
    return str(index // FRAMES_PER_LABEL % 10)


def draw(index: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """Draw a frame, with its label as a digit that moves along an ellipse.

    Args:
        index: The frame's number, from 0.
        width: Pixels.
        height: Pixels.

    Returns:
        uint8, (height, width, 3) BGR.
    """
    sheet = np.full((height, width, 3), PAPER, np.uint8)
    size = height / 80  # Hershey letters are about 21 pixels high at size 1
    thick = max(1, round(height / 40))
    angle = index * 2 * math.pi / 97  # 97 frames a round: not in step with the labels
    x = width / 2 - 10 * size + width * 0.15 * math.cos(angle)
    y = height / 2 + 11 * size + height * 0.12 * math.sin(angle)
    cv2.putText(
        sheet, label_at(index), (round(x), round(y)), cv2.FONT_HERSHEY_SIMPLEX, size, (INK,) * 3, thick, cv2.LINE_AA
    )
    return sheet


def open_fake(
    text: str,
    options: SourceOptions,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Frame]:
    """Open the synthetic camera.

    Args:
        text: "fake://digits".
        options: width, height (640 by 480 without them) and fps (30) are used.
        clock: Gives the time in seconds; it does not go back.
        sleep: Waits for so many seconds.

    Returns:
        The frames, without end, at the frame rate. After a pause the frames of at most one second are caught up.

    Raises:
        SourceError: `text` is not fake://digits.
    """
    if text != "fake://digits":
        raise SourceError(f"expected fake://digits; received {text}")
    return _frames(text, options, clock, sleep)


def _frames(
    text: str, options: SourceOptions, clock: Callable[[], float], sleep: Callable[[float], None]
) -> Iterator[Frame]:
    step = 1 / (options.fps or FPS)
    index, due = 0, clock()
    while True:
        image = draw(index, options.width or WIDTH, options.height or HEIGHT)
        due = max(due + step, clock() - MAX_LATE_S)
        sleep(max(0.0, due - clock()))
        yield Frame(image, text, index, time.time())
        index += 1
