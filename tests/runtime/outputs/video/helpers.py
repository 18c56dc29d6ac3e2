"""Videos made from bytes, and what a reader finds in them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from runtime.outputs.video.base import VideoFormat
from runtime.outputs.video.file import FORMATS

SIZE = (48, 64)  # height, width, pixels
FPS = 10.0
TICKS = (0, 1, 2, 5, 6, 15)
AT_THEIR_TIMES = [(number, 100 * tick) for number, tick in enumerate(TICKS)]
# (number, time in milliseconds) of each frame that a reader is to find; AVI, which has one rate, repeats frames.
EXPECTED = {
    ".mp4": AT_THEIR_TIMES,
    ".mkv": AT_THEIR_TIMES,
    ".avi": [(number, 100 * tick) for tick, number in enumerate([0, 1, 2, 2, 2, 3, *[4] * 9, 5])],
}


def video(suffix: str) -> VideoFormat:
    """A video of a format, of SIZE and FPS."""
    return FORMATS[suffix](SIZE[1], SIZE[0], FPS)


def jpeg(number: int) -> bytes:
    """A picture that `numbers` finds its number in."""
    level = 10 * (number + 1)
    return cv2.imencode(".jpg", np.full((*SIZE, 3), level, np.uint8))[1].tobytes()


def made(video: VideoFormat) -> list[bytes]:
    """The head, and what is appended for the frames at TICKS."""
    return [video.head(), *(video.frame(jpeg(number), tick) for number, tick in enumerate(TICKS))]


def completed(video: VideoFormat, data: bytes) -> bytes:
    """The file after its end."""
    more, replaced = video.tail(len(data))
    whole = bytearray(data + more)
    for offset, part in replaced:
        whole[offset : offset + len(part)] = part
    assert len(whole) == len(data) + len(more)
    return bytes(whole)


def found(path: Path, data: bytes) -> list[tuple[int, int]]:
    """(number, time in milliseconds) of each frame that a reader finds."""
    path.write_bytes(data)
    video = cv2.VideoCapture(str(path))
    frames: list[tuple[int, int]] = []
    while True:
        is_there, picture = video.read()
        if not is_there:
            return frames
        frames.append((round(float(picture.mean()) / 10) - 1, round(video.get(cv2.CAP_PROP_POS_MSEC))))
