"""Frames from picture files, and from standard input."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator

from runtime.errors import SourceError
from runtime.image.files import STDIN, decode_image, expand, read_image
from runtime.image.jpeg import JPEG_START
from runtime.sources.base import Frame, SourceOptions


def open_files(text: str, options: SourceOptions) -> Iterator[Frame]:
    """Open a picture, a folder of pictures or a pattern.

    Args:
        text: A path, or a pattern such as "scans/*.png".
        options: Not used: pictures have a size of their own.

    Returns:
        A frame for each picture, in natural order (img2 before img10). Each file is read when its frame is asked for.

    Raises:
        SourceError: There is no such file, or no picture in the folder.
        ImageError: From the iterator, where a picture cannot be read.
    """
    files = []
    for item in expand([text]):
        if isinstance(item, SourceError):
            raise item
        files.append(item)
    return (Frame(read_image(file), file, index, time.time()) for index, file in enumerate(files))


def open_stdin(text: str, options: SourceOptions) -> Iterator[Frame]:
    """Open standard input: one JPEG after another, or a single picture of any kind.

    Args:
        text: "-".
        options: Not used: the pictures have a size of their own.

    Returns:
        The frames, until standard input ends.

    Raises:
        ImageError: It begins with something that is not a picture.
        SourceError: From the iterator, where there is no whole JPEG.
    """
    stream = io.BufferedReader(io.FileIO(sys.stdin.fileno(), closefd=False))
    if not stream.peek(3)[:3].startswith(JPEG_START):
        image = decode_image(stream.read(), "standard input")
        return (Frame(image, STDIN, 0, time.time()) for image in [image])
    from runtime.sources.mjpeg import decode_stream

    return decode_stream(stream.read1, STDIN)
