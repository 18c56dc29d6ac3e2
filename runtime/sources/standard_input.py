"""Frames from standard input: JPEG after JPEG, or one picture of any kind."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Iterator

from runtime.errors import SourceError
from runtime.image.content import HEAD, is_heic, video_kind
from runtime.image.files import STDIN, decode_image
from runtime.image.header import is_picture
from runtime.image.jpeg_scans import JPEG_START
from runtime.sources.base import EndedError, Frame, SourceOptions, frame_timeout
from runtime.sources.byte_stream import PipeStream

NAME = "standard input"
MAX_PICTURE = 100_000_000  # bytes of a single picture
HEAD_S = 0.2  # for more of a first piece that is too short to tell what it is
REMEDY = (
    "expected JPEG after JPEG, or one picture: rpicam-vid -n -t 0 --codec mjpeg -o - | python -m runtime.camera -, "
    "or: ffmpeg -i VIDEO -f mjpeg - | python -m runtime.camera -"
)


def open_stdin(text: str, options: SourceOptions) -> Iterator[Frame]:
    """Open standard input: one JPEG after another, or a single picture of any kind.

    It can be opened again after a fault: then it goes on with the next whole JPEG.

    Args:
        text: "-".
        options: `stale_s` is used: the pictures have a size of their own.

    Returns:
        The frames, until standard input ends. Those that waited in a pipe are left out; of a file every one is given.

    Raises:
        ImageError: The single picture cannot be read.
        SourceError: It is a video, it is empty (EndedError), or there is no whole JPEG in it; from the iterator too.
    """
    descriptor = sys.stdin.fileno()
    live = not stat.S_ISREG(os.fstat(descriptor).st_mode)
    stream = PipeStream(descriptor, frame_timeout(options))
    head = _read_head(stream)
    if not head:
        raise EndedError(f"{NAME} is empty; {REMEDY}")
    kind = video_kind(head)
    if kind:
        where = REMEDY if live else "name the file in place of -: python -m runtime.camera FILE"
        raise SourceError(f"{NAME} is a video ({kind}); {where}")
    if (is_picture(head) or is_heic(head)) and not head.startswith(JPEG_START):
        image = decode_image(_read_picture(stream, head), NAME)
        return (Frame(image, STDIN, 0, time.time()) for image in [image])
    from runtime.sources.mjpeg import decode_stream

    return _explained(decode_stream(PipeStream(descriptor, frame_timeout(options), head), STDIN, live))


def _read_head(stream: PipeStream) -> bytes:
    """The first bytes, as many as tell what it is, where they come within HEAD_S; b"" at the end."""
    head = b""
    while len(head) < HEAD and not head.startswith(JPEG_START) and (not head or stream.is_ready(HEAD_S)):
        try:
            piece = stream.read()
        except TimeoutError:
            raise SourceError(f"{NAME} gives nothing; {REMEDY}") from None
        if not piece:
            break
        head += piece
    return head


def _read_picture(stream: PipeStream, head: bytes) -> bytes:
    data = bytearray(head)
    while len(data) <= MAX_PICTURE:
        try:
            piece = stream.read()
        except TimeoutError:
            raise SourceError(f"{NAME} begins as a picture that does not end; {REMEDY}") from None
        if not piece:
            return bytes(data)
        data += piece
    raise SourceError(f"{NAME} begins as a picture of more than {MAX_PICTURE:,} bytes; {REMEDY}")


def _explained(frames: Iterator[Frame]) -> Iterator[Frame]:
    """The frames, and what to pipe in where there is none."""
    index = -1
    try:
        for frame in frames:
            index = frame.index
            yield frame
    except SourceError as error:
        if index >= 0:
            raise
        raise SourceError(f"{error}; {REMEDY}") from None
    finally:
        close = getattr(frames, "close", None)
        if close:
            close()
