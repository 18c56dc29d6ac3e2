"""Pictures from files, folders, patterns and standard input. Video, streams and cameras: runtime.sources."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.errors import ImageError, OutputError, SourceError
from runtime.image.decode import Say, decode
from runtime.image.header import DAMAGED, is_picture
from runtime.image.jpeg_scans import JPEG_START
from runtime.native import MAX_PIXELS, captured_stderr

# Of what OpenCV reads, and of pictures that are refused by name: left out of a folder they would be missed in silence.
IMAGE_SUFFIXES = frozenset(
    (
        *(".bmp", ".dib", ".gif", ".jpeg", ".jpg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".avif", ".tif"),
        *(".tiff", ".pbm", ".pgm", ".ppm", ".pnm", ".pam", ".jp2", ".j2k", ".sr", ".ras", ".heic", ".heif", ".jxl"),
    )
)
VIDEO_SUFFIXES = frozenset(
    (".avi", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")
)
STDIN = "-"
FIRST_WITH_GIF = (4, 11)  # the first version of OpenCV that reads GIF
PNG_START = b"\x89PNG\r\n\x1a\n"
HEAD = 65536  # bytes that are read to see what a file is
FILE_BYTES = 4  # of a file at most, for each pixel of the limit
AS_VIDEO = "this is a video; use: python -m runtime.camera "


def _say_nothing(kind: str, text: str) -> None:
    """What a caller hears who did not ask."""


def expand(inputs: Sequence[str], say: Say = _say_nothing) -> Iterator[str | SourceError]:
    """List the picture files that inputs name.

    Args:
        inputs: Files, folders, patterns such as "scans/*.png", and "-" for standard input.
        say: say(kind, text) gets a line where a folder has subfolders, which are not searched.

    Yields:
        The files, in the order of the inputs; those of a folder or pattern in natural order (img2 before img10), each
        file once. An input without a picture gives a SourceError, which is yielded and not raised, so that the other
        inputs are still read.

    Example:
        >>> list(expand(["samples/photo_7.jpg", "-"]))
        ['samples/photo_7.jpg', '-']
    """
    for text in inputs:
        try:
            yield from _expand_one(text, say)
        except SourceError as error:
            yield error
        except (OSError, ValueError) as error:  # no permission, a name that is too long or has a zero in it
            yield SourceError(f"{text}: cannot be read: {getattr(error, 'strerror', None) or error}")


def _expand_one(text: str, say: Say) -> Iterator[str]:
    if not text:
        raise SourceError("expected a picture file, a folder, a pattern or -; received an empty name")
    if text == STDIN:
        yield text
        return
    try:
        mode = os.stat(text).st_mode  # noqa: PTH116  # Path.is_file hides why
    except FileNotFoundError:
        mode = 0
    if stat.S_ISREG(mode):
        yield text
    elif stat.S_ISDIR(mode):
        yield from _of_folder(text, say)
    elif any(character in text for character in "*?["):
        from runtime.image.listing import matches  # here: a start with files needs none of it

        files = matches(text)
        if not files:
            raise SourceError(f"no file matches {text}")
        yield from files
    elif not mode:
        raise SourceError(f"no such file or folder: {text}")
    else:
        raise SourceError(f"expected a picture file, a folder, a pattern or -; received {text}, which is none of them")


def _of_folder(text: str, say: Say) -> Iterator[str]:
    from runtime.image.listing import pictures_in  # here: a start with files needs none of it

    names, folders = pictures_in(text, IMAGE_SUFFIXES)
    path = Path(text)
    hint = f"Its subfolders are not searched; a pattern does that: '{path}/**/*.jpg'"
    if not names:
        raise SourceError(f"no pictures in folder {text}; expected files such as .jpg or .png. {hint}")
    if folders:
        say("subfolders", f"{text}: its subfolders are not searched; a pattern does that: '{path}/**/*.jpg'")
    for name in names:
        yield str(path / name)


def read_image(path: str | Path, max_pixels: int = MAX_PIXELS, say: Say = _say_nothing) -> NDArray[np.uint8]:
    """Read a picture file.

    Args:
        path: The file; "-" is standard input.
        max_pixels: How many pixels of color, of 8 bits a channel, are decoded at most, and three times as many of
            gray. A larger JPEG is reduced while it is decoded; any other larger picture is refused by its header.
        say: say(kind, text) gets a line where not all of the picture was read, such as of an animation.

    Returns:
        uint8, (h, w) gray or (h, w, 3) BGR, turned upright by its EXIF tag.

    Raises:
        ImageError: The file cannot be read; the message names it and says what is wrong with it.

    Example:
        >>> read_image("samples/photo_7.jpg").shape
        (720, 960, 3)
    """
    name = "standard input" if str(path) == STDIN else str(path)
    try:
        if str(path) == STDIN:
            return decode_image(_read(sys.stdin.buffer, name, max_pixels), name, max_pixels, say)
        with open(path, "rb") as file:  # noqa: PTH123  # a start without pathlib's own work
            data = _read(file, name, max_pixels)
    except (OSError, ValueError) as error:  # ValueError: a name with a zero in it
        raise ImageError(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return decode_image(data, name, max_pixels, say)


def _read(file: BinaryIO, name: str, max_pixels: int) -> bytes:
    """All of a file, or as much of it as shows that it is no picture."""
    data = file.read(HEAD)
    if Path(name).suffix.lower() in VIDEO_SUFFIXES and not data.startswith((JPEG_START, PNG_START)):
        raise ImageError(f"{name}: {AS_VIDEO}{name}")
    if len(data) == HEAD and is_picture(data):
        data += file.read(FILE_BYTES * max_pixels + 1 - HEAD)
        if len(data) > FILE_BYTES * max_pixels:
            raise ImageError(
                f"{name}: too large: more than {FILE_BYTES * max_pixels:,} bytes; make it smaller, "
                "or allow more by classify --max-pixels"
            )
    return data


def decode_image(data: bytes, name: str, max_pixels: int = MAX_PIXELS, say: Say = _say_nothing) -> NDArray[np.uint8]:
    """Decode the bytes of a picture file.

    Args:
        data: The bytes.
        name: The file's name, for errors.
        max_pixels: As for `read_image`.
        say: As for `read_image`.

    Returns:
        uint8, (h, w) gray or (h, w, 3) BGR, turned upright by its EXIF tag.

    Raises:
        ImageError: The bytes are not a picture, or not a whole one.
    """
    if not data:
        raise ImageError(f"{name}: the file is empty")
    with captured_stderr() as complaints:
        try:
            return decode(data, max_pixels, complaints, lambda kind, text: say(kind, f"{name}: {text}"))
        except MemoryError:
            problem = "not enough memory for it on this machine; make it smaller"
        except cv2.error:
            problem = DAMAGED
        except ValueError as error:
            problem = str(error)
    if not is_picture(data):
        from runtime.image.content import video_kind  # here: a picture needs none of it

        if video_kind(data):
            problem = AS_VIDEO + name
    raise ImageError(f"{name}: {problem}")


def write_image(path: Path, image: NDArray[np.uint8]) -> None:
    """Write a picture file, in the format that its name ends in.

    Not by cv2.imwrite, which ends the process (SIGSEGV) at a name that is not UTF-8, and does not say what failed.

    Args:
        path: The file; it is replaced where it exists.
        image: (h, w) gray or (h, w, 3) BGR, uint8.

    Raises:
        OutputError: It cannot be written.

    Example:
        >>> write_image(Path("build/gray.png"), np.zeros((2, 3), np.uint8))  # doctest: +SKIP
    """
    data = cv2.imencode(path.suffix, image)[1].tobytes()
    try:
        path.write_bytes(data)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from None
