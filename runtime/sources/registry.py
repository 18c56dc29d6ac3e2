"""The sources that frames can come from: one row for each kind, and the functions that look rows up.

A new source is one file and one row of SCHEMES. A source from another package is a row too: a `Scheme` that
the entry point NAME of the group `edge_classifier.sources` names, for a source such as NAME://something.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.errors import OptionError, SourceError
from runtime.image.files import STDIN, VIDEO_SUFFIXES
from runtime.plugins import load_plugin, plugin_names
from runtime.redaction import redacted
from runtime.sources.base import Frame, SourceOptions
from runtime.sources.transform import transform_frames

if TYPE_CHECKING:
    from runtime.sources.base import SourceOpener

ENTRY_POINTS = "edge_classifier.sources"
DEVICE_PREFIXES = ("/dev/video", "/dev/v4l/")  # the latter: udev's links, which stay with a camera


@dataclass(frozen=True)
class Scheme:
    """One kind of source.

    Attributes:
        name: The part before "://", or the table's own name for a source that is written without one.
        open: "module:function" of a `SourceOpener`. It is a string, so that a module is imported only when one of its
            sources is asked for.
        live: True where frames come at the source's own pace, and only the newest one counts.
        video: True where one frame follows from the last; False for separate pictures.
        sized: True where --width, --height and --fps can be asked of the source.
        example: The source as a person types it, for help and error messages.

    Example:
        >>> Scheme("toy", "toy_camera:open_toy", live=True, video=True, sized=False, example="toy://x").name
        'toy'
    """

    name: str
    open: str
    live: bool
    video: bool
    sized: bool
    example: str


V4L2 = "v4l2"
# With a space, which no URL scheme has (RFC 3986, 3.1).
VIDEO, PICTURES, STANDARD_INPUT = "video file", "picture files", "standard input"

SCHEMES: dict[str, Scheme] = {
    row.name: row
    for row in (
        # name, opener, live, video, sized, example
        Scheme(V4L2, "runtime.sources.opencv:open_camera", True, True, True, "0, /dev/video0"),
        Scheme("csi", "runtime.sources.csi:open_csi", True, True, True, "csi://0"),
        Scheme("rtsp", "runtime.sources.opencv:open_rtsp", True, True, False, "rtsp[s]://..."),
        Scheme("rtsps", "runtime.sources.opencv:open_rtsp", True, True, False, "rtsp[s]://..."),
        Scheme("http", "runtime.sources.mjpeg:open_http", True, True, False, "http[s]://... (MJPEG)"),
        Scheme("https", "runtime.sources.mjpeg:open_http", True, True, False, "http[s]://... (MJPEG)"),
        Scheme(VIDEO, "runtime.sources.opencv:open_video", False, True, False, "a video"),
        Scheme(PICTURES, "runtime.sources.pictures:open_files", False, False, False, "a picture, a folder, a pattern"),
        # Live where it is a pipe; is_live looks at it.
        Scheme(STANDARD_INPUT, "runtime.sources.standard_input:open_stdin", True, True, False, "- (JPEG after JPEG)"),
        Scheme("fake", "runtime.sources.synthetic:open_fake", True, True, True, "fake://digits"),
    )
}


def _any_of(examples: list[str]) -> str:
    return ", ".join(examples[:-1]) + " or " + examples[-1]


GRAMMAR = _any_of(list(dict.fromkeys(row.example for row in SCHEMES.values())))


def open_source(text: str, options: SourceOptions | None = None) -> Iterator[Frame]:
    """Open a camera, a stream, a video file or pictures; GRAMMAR lists what `text` can be.

    Args:
        text: The source, such as "0", "rtsp://camera/1", "clip.mp4" or "-".
        options: What a camera is asked for, and how its frames are flipped, rotated and cropped.

    Returns:
        An iterator of frames. The source is already open, so that errors come at the call; it is released when the
        iterator is closed. A live source that fails raises SourceError; a source that ends was finite.

    Raises:
        SourceError: The source cannot be opened, or `text` is none of GRAMMAR.
        OptionError: A size or a frame rate is asked of a source that has its own.
        ImageError: A picture cannot be read.

    Example:
        >>> frame = next(open_source("samples/photo_7.jpg"))
        >>> frame.index, frame.image.ndim
        (0, 3)
    """
    options = options or SourceOptions()
    scheme = find_scheme(text)
    if not scheme.sized and (options.width or options.height or options.fps):
        raise OptionError(f"--width, --height and --fps are asked of a camera; {redacted(text)} has its own")
    frames = _opener(scheme)(text, options)
    if options.flip or options.rotate or options.roi:
        return transform_frames(frames, options)
    return frames


def is_live(text: str) -> bool:
    """Tell whether frames come at the source's own pace, so that only the newest one counts.

    Args:
        text: The source, as for `open_source`.

    Returns:
        True for cameras and streams. Standard input is live where it is a pipe, and not where it is a file.

    Raises:
        SourceError: `text` is none of GRAMMAR.
    """
    if text == STDIN:
        return not stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode)
    return find_scheme(text).live


def has_video(text: str) -> bool:
    """Tell whether one frame follows from the last, as in a video.

    Args:
        text: The source, as for `open_source`.

    Returns:
        True for cameras, streams and videos; False for separate pictures.

    Raises:
        SourceError: `text` is none of GRAMMAR.
    """
    return find_scheme(text).video


def find_scheme(text: str) -> Scheme:
    """Look up the row of a source.

    Args:
        text: The source, as for `open_source`.

    Returns:
        A row of SCHEMES, or the row of an installed package for a name that is not built in.

    Raises:
        SourceError: There is no such row; the message lists those that there are.
    """
    if text.isdigit() or text.startswith(DEVICE_PREFIXES):
        return SCHEMES[V4L2]
    if text == STDIN:
        return SCHEMES[STANDARD_INPUT]
    name, separator, _ = text.partition("://")
    if separator:
        return SCHEMES.get(name) or SCHEMES.get(name.lower()) or _installed_scheme(name, text)
    return SCHEMES[VIDEO if Path(text).suffix.lower() in VIDEO_SUFFIXES or _is_video(text) else PICTURES]


def _is_video(text: str) -> bool:
    """Whether a file has the content of a video, whatever its name: rpicam-vid writes .h264."""
    from runtime.image.content import HEAD, video_kind

    try:
        if not stat.S_ISREG(os.stat(text).st_mode):  # noqa: PTH116 a name that is no path raises ValueError here too
            return False
        with open(text, "rb") as file:  # noqa: PTH123
            return bool(video_kind(file.read(HEAD)))
    except (OSError, ValueError):  # told where it is opened
        return False


def _installed_scheme(name: str, text: str) -> Scheme:
    """The row that another package gives for `name`."""
    names = plugin_names(ENTRY_POINTS)
    if name not in names:
        others = "; installed: " + ", ".join(f"{other}://" for other in names) if names else ""
        raise SourceError(f"expected {GRAMMAR}{others}; received {redacted(text)}")
    scheme: Scheme = load_plugin(ENTRY_POINTS, name, Scheme, SourceError)
    return scheme


def _opener(scheme: Scheme) -> SourceOpener:
    """The function that opens the sources of a row."""
    module, _, function = scheme.open.partition(":")
    try:
        opener: SourceOpener = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise SourceError(f"cannot load {scheme.name}:// from {scheme.open}: {error}") from None
    return opener
