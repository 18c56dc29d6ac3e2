"""V4L2 cameras, RTSP streams and video files, through OpenCV's VideoCapture; no other module uses it.

Live sources run in a thread of their own, so their functions must not change what belongs to the whole process, such
as standard error.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2

from runtime.errors import SourceError
from runtime.image.pixels import as_picture
from runtime.native import captured_stderr, is_encodable
from runtime.redaction import redacted
from runtime.sources.backlog import BacklogFilter
from runtime.sources.base import Frame, SourceOptions, frame_timeout
from runtime.sources.damage import DamageWatch

OPEN_TIMEOUT_MS = 5000  # for RTSP, where a camera does not answer
# Frames of one video. A decoder holds up to some twenty of them: 400 MB in all are enough for these (measured: VP9).
MAX_FRAME_PIXELS = 25_000_000
MISSING_FRAMES, MISSING_SHARE = 3, 0.05  # fewer frames than promised by more than the larger of the two: cut short
MAX_PROMISED, MAX_RATE = 1e9, 1e4  # frames and frames a second beyond which a header says nothing


def open_camera(text: str, options: SourceOptions) -> Iterator[Frame]:
    """Open a V4L2 camera.

    Args:
        text: A number, /dev/videoN, a link to it such as /dev/v4l/by-id/..., or any of them after "v4l2://".
        options: width, height and fps are asked of the camera, which may choose others.

    Returns:
        The frames, (h, w) or (h, w, 3) BGR uint8, without end; SourceError where the camera is gone.

    Raises:
        SourceError: There is no such camera, or it cannot be used; the message says what to do.
    """
    text = text.removeprefix("v4l2://")
    number = node_number(text)
    if sys.platform == "linux":
        problem = explain_node_error(Path(f"/dev/video{number}"))
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
        (cv2.CAP_PROP_BUFFERSIZE, 1),  # old frames wait in the driver's queue
    ):
        if value:
            capture.set(property_, value)
    message = f"camera {text} gives no more frames; is it unplugged?"
    return _live_frames(capture, text, message, BacklogFilter(starts_buffered=False))


def node_number(text: str) -> int:
    """Find the number of a camera.

    Args:
        text: "2", "/dev/video2", or a link to it such as /dev/v4l/by-id/...

    Returns:
        The number N of /dev/videoN.

    Raises:
        SourceError: `text` names no camera.
    """
    if text.isdigit():
        return int(text)
    found = re.fullmatch(r"/dev/video(\d+)", str(Path(text).resolve()))
    if found is None:
        raise SourceError(f"expected a camera such as 0, /dev/video0 or a link to it; received {text or 'none'}")
    return int(found[1])


def explain_node_error(node: Path) -> str:
    """Say why a device node cannot be used.

    Args:
        node: Such as /dev/video0. It is opened, and closed again.

    Returns:
        The reason and what to do; "" where the node can be opened.
    """
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


def open_rtsp(text: str, options: SourceOptions) -> Iterator[Frame]:
    """Open an RTSP stream, over TCP where the camera has that, else over UDP.

    Args:
        text: rtsp:// or rtsps://, with user and password where the camera wants them.
        options: `stale_s` is used: a stream has a size and a frame rate of its own.

    Returns:
        The frames, (h, w) or (h, w, 3) BGR uint8, without those that were buffered; SourceError where it ends.

    Raises:
        SourceError: The stream cannot be opened; the message has the server's own answer.
    """
    from runtime.sources.rtsp import diagnose, for_ffmpeg

    name = redacted(text)
    # Over UDP lost packets tear pictures: TCP first. Decoding by one thread after the other holds no frame back.
    os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_flags;prefer_tcp|flags;low_delay")
    limits = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        OPEN_TIMEOUT_MS,
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        round(1000 * frame_timeout(options)),
    ]
    capture = cv2.VideoCapture(for_ffmpeg(text), cv2.CAP_FFMPEG, limits)
    if not capture.isOpened():
        raise SourceError(f"cannot open {name}: {diagnose(text)}")
    return _live_frames(capture, name, f"{name} gives no more frames", BacklogFilter(starts_buffered=True))


def _live_frames(capture: cv2.VideoCapture, source: str, end: str, backlog: BacklogFilter) -> Iterator[Frame]:
    """Frames that are current, until `end` is raised as a SourceError. Left-out frames are counted by the index too."""
    try:
        index = 0
        while True:
            ok, image = capture.read()
            if not ok:
                raise SourceError(end)
            if backlog.is_current(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, time.monotonic()):
                yield Frame(as_picture(image), source, index, time.time())
            index += 1
    finally:
        capture.release()


def open_video(text: str, options: SourceOptions) -> Iterator[Frame]:
    """Open a video file.

    Args:
        text: The file.
        options: Not used: a video has a size of its own.

    Returns:
        Every frame, (h, w) or (h, w, 3) BGR uint8.

    Raises:
        SourceError: There is no such file, OpenCV cannot read it, or its frames are too large; from the iterator, where
            it has no frame, and after the last one where the file is cut short or damaged.
    """
    try:
        if not Path(text).is_file():
            raise SourceError(f"no such file: {text}")
    except (OSError, ValueError) as error:
        raise SourceError(f"{text}: cannot be read: {getattr(error, 'strerror', error)}") from None
    if not is_encodable(text):
        raise SourceError(f"{text}: OpenCV reads no video whose name is not UTF-8; rename it")
    with captured_stderr():
        capture = cv2.VideoCapture(text)
    if not capture.isOpened():
        raise SourceError(f"{text}: not a video OpenCV can read; the file is damaged or its codec is not supported")
    problem = explain_size(capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    if problem:
        capture.release()
        raise SourceError(f"{text}: {problem}")
    return _file_frames(capture, text)


def explain_size(width: float, height: float) -> str:
    """Say why frames of a size are not decoded: a decoder holds several of them at once, whatever the file has.

    Args:
        width: Pixels.
        height: Pixels.

    Returns:
        The reason and what to do; "" where they are decoded.

    Example:
        >>> explain_size(3840, 2160), explain_size(16000, 16000)[:29]
        ('', 'its frames are too large: 160')
    """
    if width * height <= MAX_FRAME_PIXELS:
        return ""
    return (
        f"its frames are too large: {width:.0f}x{height:.0f} pixels, of at most {MAX_FRAME_PIXELS:,} in all; "
        "make it smaller: ffmpeg -i VIDEO -vf scale=1920:-2 smaller.mp4"
    )


def _file_frames(capture: cv2.VideoCapture, source: str) -> Iterator[Frame]:
    watch = DamageWatch(source)
    try:
        index, last = 0, 0.0
        while True:
            with captured_stderr():
                ok, image = capture.read()
            if not ok:
                break
            last = max(last, capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
            if watch.is_whole():
                yield Frame(as_picture(image), source, index, time.time())
            index += 1
        missing = explain_missing(index, last, capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS))
    finally:
        capture.release()
        watch.close()
    if index == 0:
        raise SourceError(f"{source}: no frame could be read from it")
    damaged = f"{watch.damaged} of {index} frames are damaged, and were left out" if watch.damaged else ""
    if damaged or missing:
        raise SourceError(f"{source}: {'; '.join(filter(None, [damaged, missing or 'copy it again']))}")


def report_frames(path: str) -> None:
    """Decode a video and print a line for each frame, and what FFmpeg complains of; for `DamageWatch`.

    Args:
        path: The video.
    """
    import ctypes

    flush = ctypes.CDLL(None).fflush  # FFmpeg's log goes through C's own buffer
    capture = cv2.VideoCapture(path)
    property_ = getattr(cv2, "CAP_PROP_FRAME_TYPE", None)
    while capture.grab():
        flush(None)
        kind = capture.get(property_) if property_ is not None else 0.0
        os.write(1, f"frame {chr(int(kind)) if 32 < kind < 127 else '?'}\n".encode())


def explain_missing(frames: int, last: float, promised: float, fps: float) -> str:
    """Say that a video ended before its time.

    Args:
        frames: Number of frames that were read.
        last: When the last one is shown, in seconds from the video's start; 0 where that is not known.
        promised: Number of frames that the file's header says there are, or that its length and rate give.
        fps: Frames a second, by the header.

    Returns:
        What is missing; "" where nothing is, as far as can be known.

    Example:
        >>> explain_missing(60, 5.9, 60, 10), explain_missing(30, 2.9, 60, 10)[:38]
        ('', 'it is cut short or damaged: 30 of abou')
    """
    if not (0 < promised < MAX_PROMISED and 0 < fps < MAX_RATE):  # such as raw H.264, which has no header
        return ""
    # A length that is a guess is off by a few frames; so is a rate that changes, of which the time is right.
    at_time = last * fps + 1 if last > 0 else float(frames)
    if promised - max(frames, at_time) <= max(MISSING_FRAMES, MISSING_SHARE * promised):
        return ""
    return (
        f"it is cut short or damaged: {frames} of about {promised:.0f} frames could be read; "
        "copy it again, or repair it: ffmpeg -i VIDEO -c copy repaired.mkv"
    )
