"""One grammar for everything that gives frames: open_source("0"), ("rtsp://..."), ("video.mp4"), ("-").

What each word needs (OpenCV's capture, HTTP, picamera2) is imported only when it is asked for.
"""

from __future__ import annotations

import io
import os
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from runtime.errors import OptionError, SourceError
from runtime.image.files import STDIN, VIDEO_SUFFIXES, decode_image, expand, read_image
from runtime.image.jpeg import JPEG_START
from runtime.sources.base import Frame, SourceOptions
from runtime.sources.network import redacted
from runtime.sources.transform import turned

NODES = ("/dev/video", "/dev/v4l/")  # the latter: udev's links that stay with a camera
GRAMMAR = "0, /dev/video0, csi://0, rtsp://..., http://..., a video, a picture, a folder, - or fake://digits"


def open_source(text: str, options: SourceOptions | None = None) -> Iterator[Frame]:
    """Frames from a camera, a stream, a video file or pictures: see GRAMMAR.

    The source is opened at once, so that errors come at the call; it is released when the iterator is
    closed. A live source that fails raises SourceError; one that ends was finite. Raises SourceError,
    OptionError where a size is asked of what has its own, and ImageError where a picture cannot be read.
    """
    options = options or SourceOptions()
    frames = _open(text, options)
    if options.flip or options.rotate or options.roi:
        return turned(frames, options)
    return frames


def _open(text: str, options: SourceOptions) -> Iterator[Frame]:
    scheme = text.partition("://")[0] if "://" in text else ""
    if text.isdigit() or text.startswith(NODES) or scheme == "v4l2":
        from runtime.sources.opencv import open_camera

        return open_camera(text.removeprefix("v4l2://"), options)
    if scheme == "csi":
        from runtime.sources.csi import open_csi

        return open_csi(text, options)
    if scheme == "fake":
        from runtime.sources.synthetic import open_fake

        return open_fake(text, options)
    if options.width or options.height or options.fps:
        raise OptionError(f"--width, --height and --fps are asked of a camera; {redacted(text)} has its own")
    if scheme in ("rtsp", "rtsps"):
        from runtime.sources.opencv import open_rtsp

        return open_rtsp(text, redacted(text))
    if scheme in ("http", "https"):
        from runtime.sources.mjpeg import open_http

        return open_http(text, redacted(text))
    if scheme:
        raise SourceError(f"expected {GRAMMAR}; received {redacted(text)}")
    return _open_stored(text)


def _open_stored(text: str) -> Iterator[Frame]:
    if text == STDIN:
        return _standard_input()
    if Path(text).suffix.lower() in VIDEO_SUFFIXES:
        from runtime.sources.opencv import open_video

        return open_video(text)
    files = []
    for item in expand([text]):
        if isinstance(item, SourceError):
            raise item
        files.append(item)
    return (Frame(read_image(file), file, i, time.time()) for i, file in enumerate(files))


def is_live(text: str) -> bool:
    """True where frames come at the source's own pace, and only the newest one counts.

    Standard input is live where it is a pipe, and not where it is a file.
    """
    if text == STDIN:
        return not stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode)
    return text.isdigit() or "://" in text or text.startswith(NODES)


def has_video(text: str) -> bool:
    """True where one frame follows from the last, as in a video; False for pictures."""
    return is_live(text) or text == STDIN or Path(text).suffix.lower() in VIDEO_SUFFIXES


def _standard_input() -> Iterator[Frame]:
    stream = io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False))
    if not stream.peek(3)[:3].startswith(JPEG_START):  # one picture of another kind
        image = decode_image(stream.read(), "standard input")
        return iter([Frame(image, STDIN, 0, time.time())])
    from runtime.sources.mjpeg import frames_of

    return frames_of(stream.read1, STDIN)
