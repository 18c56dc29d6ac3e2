"""Pictures from files, folders, patterns and standard input. Video, streams and cameras: runtime.sources."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.errors import ImageError, SourceError
from runtime.image.jpeg import JPEG_START, claimed_size, is_cut_jpeg
from runtime.image.pixels import as_picture
from runtime.native import MAX_PIXELS, captured_stderr

IMAGE_SUFFIXES = frozenset(
    (".bmp", ".dib", ".gif", ".jpeg", ".jpg", ".jpe", ".png", ".pbm", ".pgm", ".ppm", ".tif", ".tiff", ".webp", ".avif")
)
VIDEO_SUFFIXES = frozenset(
    (".avi", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")
)
STDIN = "-"
FIRST_WITH_GIF = (4, 11)  # OpenCV's version


def expand(inputs: Sequence[str]) -> Iterator[str | SourceError]:
    """The picture files that files, folders, patterns and "-" stand for, in order.

    What stands for none comes out as the SourceError it is, so that the rest is still seen.
    """
    for text in inputs:
        try:
            yield from _expand_one(text)
        except SourceError as error:
            yield error


def _expand_one(text: str) -> list[str]:
    path = Path(text)
    if text == STDIN or path.is_file():
        return [text]
    if path.is_dir():
        files = [str(p) for p in path.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES and p.is_file()]
        if not files:
            raise SourceError(f"no pictures in folder {text}; expected files such as .jpg or .png")
        return sorted(files, key=_natural)
    if any(character in text for character in "*?["):
        import glob

        # Not Path.glob: it takes no absolute patterns.
        files = [p for p in glob.glob(text, recursive=True) if Path(p).is_file()]  # noqa: PTH207
        if not files:
            raise SourceError(f"no file matches {text}")
        return sorted(files, key=_natural)
    if not path.exists():
        raise SourceError(f"no such file or folder: {text}")
    raise SourceError(f"expected a picture file, a folder, a pattern or -; received {text}, which is none of them")


def _natural(text: str) -> list[str | int]:
    """Sorts img2 before img10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", text)]


def read_image(path: str | Path) -> NDArray[np.uint8]:
    """A picture file ("-": standard input) as (h, w) or (h, w, 3) BGR, uint8, turned upright by its EXIF tag.

    Raises ImageError that names the file and what is wrong with it.
    """
    name = str(path)
    try:
        data = sys.stdin.buffer.read() if name == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise ImageError(f"{name}: cannot be read: {error.strerror or error}") from None
    return decode_image(data, "standard input" if name == STDIN else name)


def decode_image(data: bytes, name: str) -> NDArray[np.uint8]:
    """The bytes of a picture file as (h, w) or (h, w, 3) BGR, uint8. Raises ImageError with `name` in it."""
    if not data:
        raise ImageError(f"{name}: the file is empty")
    # Only UNCHANGED keeps alpha, and only without it is the EXIF orientation applied; a JPEG has no alpha.
    flags = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH if data.startswith(JPEG_START) else cv2.IMREAD_UNCHANGED
    with captured_stderr():
        try:
            image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
        except cv2.error:
            image = None
    if image is None:
        raise ImageError(f"{name}: {_not_a_picture(data, name)}")
    if is_cut_jpeg(data):  # OpenCV gives what there is, the rest gray; not every version says so
        raise ImageError(f"{name}: the picture is cut short; copy or take it again")
    try:
        return as_picture(image)
    except ValueError as error:
        raise ImageError(f"{name}: {error}") from None


def _not_a_picture(data: bytes, name: str) -> str:
    if Path(name).suffix.lower() in VIDEO_SUFFIXES:
        return "this is a video; use: python -m runtime.camera " + name
    width, height = claimed_size(data)
    if width * height > MAX_PIXELS:
        return f"too large: {width}x{height} pixels, of at most {MAX_PIXELS:,} in all; make it smaller"
    if data.startswith(b"GIF8") and tuple(map(int, cv2.__version__.split(".")[:2])) < FIRST_WITH_GIF:
        return f"OpenCV {cv2.__version__} reads no GIF; save it as PNG"
    known = (JPEG_START, b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM", b"RIFF", b"II*\0", b"MM\0*")
    if data.startswith(known):
        return "the picture is damaged or cut short; copy or take it again"
    return f"not a picture OpenCV can read (it starts with {data[:8]!r}); expected JPEG, PNG, BMP, WebP, TIFF or GIF"
