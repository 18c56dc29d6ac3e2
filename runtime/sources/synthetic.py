"""fake://digits: a camera for tests and demos, with digits that move across a sheet."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.errors import SourceError
from runtime.sources.base import Frame

if TYPE_CHECKING:
    from runtime.sources.base import SourceOptions

PAPER, INK = 225, 40  # gray levels
FRAMES_A_DIGIT = 30
FPS = 30.0


def digit_at(index: int) -> int:
    """The digit that frame `index` shows: each for a second, 0 to 9 and again."""
    return index // FRAMES_A_DIGIT % 10


def draw(index: int, width: int = 640, height: int = 480) -> NDArray[np.uint8]:
    """Frame `index`: (height, width, 3) BGR, uint8. The digit goes round in a circle."""
    sheet = np.full((height, width, 3), PAPER, np.uint8)
    size = height / 80  # Hershey letters are about 21 pixels high at size 1
    thick = max(1, round(height / 40))
    angle = index * 2 * math.pi / 97  # not in step with the digits
    x = width / 2 - 10 * size + width * 0.15 * math.cos(angle)
    y = height / 2 + 11 * size + height * 0.12 * math.sin(angle)
    text = str(digit_at(index))
    cv2.putText(sheet, text, (round(x), round(y)), cv2.FONT_HERSHEY_SIMPLEX, size, (INK,) * 3, thick, cv2.LINE_AA)
    return sheet


def open_fake(
    text: str,
    options: SourceOptions,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Frame]:
    """Frames for ever, `options.fps` a second (30)."""
    if text != "fake://digits":
        raise SourceError(f"expected fake://digits; received {text}")
    return _frames(text, options, clock, sleep)


def _frames(
    text: str, options: SourceOptions, clock: Callable[[], float], sleep: Callable[[float], None]
) -> Iterator[Frame]:
    step = 1 / (options.fps or FPS)
    index, due = 0, clock()
    while True:
        image = draw(index, options.width or 640, options.height or 480)
        due = max(due + step, clock() - 1)  # after a pause at most a second is caught up
        sleep(max(0.0, due - clock()))
        yield Frame(image, text, index, clock())
        index += 1
