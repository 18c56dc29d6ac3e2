"""Pictures from files, folders, patterns and standard input. Video, streams and cameras: runtime.sources."""

from __future__ import annotations

import re
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


def expand(inputs: Sequence[str]) -> Iterator[str | SourceError]:
    """List the picture files that inputs name.

    Args:
        inputs: Files, folders, patterns such as "scans/*.png", and "-" for standard input.

    Yields:
        The files, in the order of the inputs; those of a folder or pattern in natural order (img2 before img10). An
        input without a picture gives a SourceError, which is yielded and not raised, so that the other inputs are
        still read.

    Example:
        >>> list(expand(["samples/photo_7.jpg", "-"]))
        ['samples/photo_7.jpg', '-']
    """
    for text in inputs:
        try:
            yield from _expand_one(text)
        except SourceError as error:
            yield error
        except OSError as error:  # a folder that may not be read, a name that is too long
            yield SourceError(f"{text}: cannot be read: {error.strerror}")


def _expand_one(text: str) -> list[str]:
    if not text:
        raise SourceError("expected a picture file, a folder, a pattern or -; received an empty name")
    path = Path(text)
    if text == STDIN or path.is_file():
        return [text]
    if path.is_dir():
        files = [str(p) for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file()]
        if not files:
            raise SourceError(
                f"no pictures in folder {text}; expected files such as .jpg or .png. "
                f"Its subfolders are not searched; a pattern does that: '{path}/**/*.jpg'"
            )
        return sorted(files, key=_natural)
    if any(character in text for character in "*?["):
        import glob

        # Not Path.glob, which takes no absolute patterns.
        files = [p for p in glob.glob(text, recursive=True) if Path(p).is_file()]  # noqa: PTH207
        if not files:
            raise SourceError(f"no file matches {text}")
        return sorted(files, key=_natural)
    if not path.exists():
        raise SourceError(f"no such file or folder: {text}")
    raise SourceError(f"expected a picture file, a folder, a pattern or -; received {text}, which is none of them")


def _natural(text: str) -> list[str | int]:
    """A key that sorts img2 before img10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


def _say_nothing(kind: str, text: str) -> None:
    """What a caller hears who did not ask."""


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
                "or allow more by --max-pixels"
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
        from runtime.image.foreign import is_video  # here: a picture needs none of it

        if is_video(data):
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
