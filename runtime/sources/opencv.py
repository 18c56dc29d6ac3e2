"""Cameras, RTSP and video files through OpenCV; the Pi's own camera through picamera2.

With runtime.frames' pictures this is all that knows OpenCV's capture. Live ones run in a thread of their
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
from typing import TYPE_CHECKING, Any

import cv2

from runtime.errors import SourceError
from runtime.frames import Frame
from runtime.health import Pace
from runtime.interpreter import quiet
from runtime.preprocess import as_picture

if TYPE_CHECKING:
    from runtime.sources import SourceOptions

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
    return _live(capture, text, f"camera {text} gives no more frames; is it unplugged?", Pace(waited=False))


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
    from runtime.rtsp import for_ffmpeg, why_not

    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")  # over UDP pictures tear
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS]
    capture = cv2.VideoCapture(for_ffmpeg(url), cv2.CAP_FFMPEG, limits)
    if not capture.isOpened():
        raise SourceError(f"cannot open {name}: {why_not(url)}")
    return _live(capture, name, f"{name} gives no more frames", Pace(waited=True))


def _live(capture: cv2.VideoCapture, source: str, end: str, pace: Pace) -> Iterator[Frame]:
    try:
        index = 0
        while True:
            ok, image = capture.read()
            if not ok:
                raise SourceError(end)
            if pace.is_now(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, time.monotonic()):
                yield Frame(as_picture(image), source, index, time.time())
            index += 1
    finally:
        capture.release()


def open_video(text: str) -> Iterator[Frame]:
    """Every frame of a video file."""
    if not Path(text).is_file():
        raise SourceError(f"no such file: {text}")
    with quiet():
        capture = cv2.VideoCapture(text)
    if not capture.isOpened():
        raise SourceError(f"{text}: not a video OpenCV can read; the file is damaged or its codec is not supported")
    return _stored(capture, text)


def _stored(capture: cv2.VideoCapture, source: str) -> Iterator[Frame]:
    try:
        index = 0
        while True:
            with quiet():
                ok, image = capture.read()
            if not ok:
                break
            yield Frame(as_picture(image), source, index, time.time())
            index += 1
    finally:
        capture.release()
    if index == 0:
        raise SourceError(f"{source}: no frame could be read from it")


def open_csi(text: str, options: SourceOptions) -> Iterator[Frame]:
    """Frames of a camera on the Pi's own connector: csi://0."""
    number = text.removeprefix("csi://") or "0"
    if not number.isdigit():
        raise SourceError(f"expected csi://0 or another number; received {text}")
    camera = _start_csi(text, int(number), options)
    return _csi(camera, text)


def _start_csi(text: str, number: int, options: SourceOptions) -> Any:
    try:
        from picamera2 import Picamera2
    except ImportError as error:
        raise SourceError(
            f"{text} needs picamera2 ({error}): sudo apt install python3-picamera2, "
            "and make the virtual environment with: python3 -m venv --system-site-packages"
        ) from None
    camera = None
    try:
        camera = Picamera2(number)
        # picamera2 names by the order in a 32-bit word: its RGB888 is B, G, R in memory, as OpenCV has it.
        main = {"size": (options.width or 640, options.height or 480), "format": "RGB888"}
        controls = {"FrameRate": options.fps} if options.fps else {}
        # It keeps one frame, the newest; with fewer buffers the camera pauses while that one is held.
        camera.configure(camera.create_video_configuration(main=main, controls=controls, buffer_count=4))
        camera.start()
    except (RuntimeError, IndexError, OSError) as error:
        if camera is not None:
            camera.close()  # or it is busy when it is tried again
        # picamera2 says "did not complete" of whatever it was.
        raise SourceError(
            f"cannot open {text}: {error.__context__ or error}; is the cable in, and another program using it? "
            "See: rpicam-hello --list-cameras"
        ) from None
    return camera


def csi_cameras() -> list[str]:
    """A line for each camera on the Pi's own connector; none where there is no picamera2."""
    try:
        from picamera2 import Picamera2
    except ImportError:
        return []
    found = enumerate(Picamera2.global_camera_info())  # USB cameras come here too, by their bus
    return [f"csi://{number}  {info.get('Model', '')}" for number, info in found if "usb" not in info.get("Id", "")]


def _csi(camera: Any, source: str) -> Iterator[Frame]:
    try:
        index = 0
        while True:
            yield Frame(as_picture(camera.capture_array("main")), source, index, time.time())
            index += 1
    finally:
        camera.stop()
        camera.close()
