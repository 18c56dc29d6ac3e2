"""Cameras, RTSP and video files through OpenCV; the Pi's own camera through picamera2.

With runtime.image.files this is all that knows OpenCV's capture. Live ones run in a thread of their
own, so nothing here may touch what belongs to the process, such as standard error.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from runtime.errors import SourceError
from runtime.image.pixels import as_picture
from runtime.native import captured_stderr
from runtime.sources.backlog import BacklogFilter
from runtime.sources.base import Frame

if TYPE_CHECKING:
    from runtime.sources.base import SourceOptions

OPEN_TIMEOUT_MS = 5000  # RTSP: a camera that does not answer
READ_TIMEOUT_MS = 10000  # RTSP: a camera that went away; the loop says "stale" long before


def open_camera(text: str, options: SourceOptions) -> Iterator[Frame]:
    """Frames of a V4L2 camera: a number or /dev/videoN. Raises SourceError that says what to do."""
    number = node_number(text)
    if sys.platform == "linux":
        problem = node_problem(Path(f"/dev/video{number}"))
        if problem:
            raise SourceError(f"cannot open camera {text}: {problem}")
    capture = cv2.VideoCapture(number, cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY)
    if not capture.isOpened():
        raise SourceError(
            f"cannot open camera {text}: it is busy or gives no pictures; "
            f"see who has it with: fuser -v /dev/video{number}, and what there is with: python -m runtime.camera --list"
            " (one on the Pi's own connector is csi://0)"
        )
    for property_, value in (
        (cv2.CAP_PROP_FRAME_WIDTH, options.width),
        (cv2.CAP_PROP_FRAME_HEIGHT, options.height),
        (cv2.CAP_PROP_FPS, options.fps),
        (cv2.CAP_PROP_BUFFERSIZE, 1),  # the driver's queue is where old frames wait
    ):
        if value:
            capture.set(property_, value)
    return _live(capture, text, f"camera {text} gives no more frames; is it unplugged?", BacklogFilter(waited=False))


def node_number(text: str) -> int:
    """N of "N", of /dev/videoN, and of what points at it, such as /dev/v4l/by-id/... Raises SourceError."""
    if text.isdigit():
        return int(text)
    found = re.fullmatch(r"/dev/video(\d+)", str(Path(text).resolve()))
    if found is None:
        raise SourceError(f"expected a camera such as 0, /dev/video0 or a link to it; received {text or 'none'}")
    return int(found[1])


def node_problem(node: Path) -> str:
    """Why a device node cannot be used, with the remedy; "" where nothing is known against it."""
    if not node.exists():
        return (
            f"{node} does not exist. Plug a camera in (one on the Pi's own connector is csi://0), "
            "or name a video file or a picture"
        )
    try:
        os.close(os.open(node, os.O_RDWR | os.O_NONBLOCK))
    except PermissionError:
        return f"you may not read {node}: sudo usermod -aG video $USER, then log in again"
    except OSError as error:
        if error.errno == errno.EBUSY:
            return f"{node} is busy; see who has it with: fuser -v {node}"
        return f"{node}: {error.strerror}; unplug it and plug it in again"
    return ""


def open_rtsp(url: str, name: str) -> Iterator[Frame]:
    """Frames of an RTSP stream, over TCP. name: the URL without its password."""
    from runtime.sources.rtsp import explain_error, for_ffmpeg

    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")  # over UDP pictures tear
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS]
    capture = cv2.VideoCapture(for_ffmpeg(url), cv2.CAP_FFMPEG, limits)
    if not capture.isOpened():
        raise SourceError(f"cannot open {name}: {explain_error(url)}")
    return _live(capture, name, f"{name} gives no more frames", BacklogFilter(waited=True))


def _live(capture: cv2.VideoCapture, source: str, end: str, pace: BacklogFilter) -> Iterator[Frame]:
    try:
        index = 0
        while True:
            ok, image = capture.read()
            if not ok:
                raise SourceError(end)
            if pace.is_current(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, time.monotonic()):
                yield Frame(as_picture(image), source, index, time.time())
            index += 1
    finally:
        capture.release()


def open_video(text: str) -> Iterator[Frame]:
    """Every frame of a video file."""
    if not Path(text).is_file():
        raise SourceError(f"no such file: {text}")
    with captured_stderr():
        capture = cv2.VideoCapture(text)
    if not capture.isOpened():
        raise SourceError(f"{text}: not a video OpenCV can read; the file is damaged or its codec is not supported")
    return _stored(capture, text)


def _stored(capture: cv2.VideoCapture, source: str) -> Iterator[Frame]:
    try:
        index = 0
        while True:
            with captured_stderr():
                ok, image = capture.read()
            if not ok:
                break
            yield Frame(as_picture(image), source, index, time.time())
            index += 1
    finally:
        capture.release()
    if index == 0:
        raise SourceError(f"{source}: no frame could be read from it")
