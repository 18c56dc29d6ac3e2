"""Pictures from files, folders, patterns and standard input. Video, streams and cameras: runtime.sources."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.errors import ImageError, OutputError, SourceError
from runtime.image.jpeg import JPEG_START, PNG_START, claimed_size, is_cut_jpeg
from runtime.image.pixels import as_picture
from runtime.native import MAX_PIXELS, captured_stderr

IMAGE_SUFFIXES = frozenset(
    (".bmp", ".dib", ".gif", ".jpeg", ".jpg", ".jpe", ".png", ".pbm", ".pgm", ".ppm", ".tif", ".tiff", ".webp", ".avif")
)
VIDEO_SUFFIXES = frozenset(
    (".avi", ".m4v", ".mjpeg", ".mjpg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv")
)
STDIN = "-"
FIRST_WITH_GIF = (4, 11)  # the first version of OpenCV that reads GIF
HEIC = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypmif1")  # from byte 4
SIGNATURES = (JPEG_START, PNG_START, b"GIF8", b"BM", b"RIFF", b"II*\0", b"MM\0*")  # of files that OpenCV reads


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


def read_image(path: str | Path) -> NDArray[np.uint8]:
    """Read a picture file.

    Args:
        path: The file; "-" is standard input.

    Returns:
        uint8, (h, w) gray or (h, w, 3) BGR. A JPEG is rotated upright by its EXIF tag.

    Raises:
        ImageError: The file cannot be read; the message names it and says what is wrong with it.

    Example:
        >>> read_image("samples/photo_7.jpg").shape
        (720, 960, 3)
    """
    name = str(path)
    try:
        data = sys.stdin.buffer.read() if name == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise ImageError(f"{name}: cannot be read: {error.strerror or error}") from None
    return decode_image(data, "standard input" if name == STDIN else name)


def decode_image(data: bytes, name: str) -> NDArray[np.uint8]:
    """Decode the bytes of a picture file.

    Args:
        data: The bytes.
        name: The file's name, for errors.

    Returns:
        uint8, (h, w) gray or (h, w, 3) BGR. A JPEG is rotated upright by its EXIF tag.

    Raises:
        ImageError: The bytes are not a picture, or not a whole one.
    """
    if not data:
        raise ImageError(f"{name}: the file is empty")
    # Only UNCHANGED keeps alpha, but it does not apply the EXIF orientation. A JPEG has no alpha.
    flags = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH if data.startswith(JPEG_START) else cv2.IMREAD_UNCHANGED
    with captured_stderr():
        try:
            image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
        except cv2.error:
            image = None
    if image is None:
        raise ImageError(f"{name}: {_explain_undecodable(data, name)}")
    if is_cut_jpeg(data):  # OpenCV fills the missing part with gray; not every version reports it
        raise ImageError(f"{name}: the picture is cut short; copy or take it again")
    try:
        return as_picture(image)
    except ValueError as error:
        raise ImageError(f"{name}: {error}") from None


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


def _explain_undecodable(data: bytes, name: str) -> str:
    if Path(name).suffix.lower() in VIDEO_SUFFIXES:
        return "this is a video; use: python -m runtime.camera " + name
    width, height = claimed_size(data)
    if width * height > MAX_PIXELS:
        return f"too large: {width}x{height} pixels, of at most {MAX_PIXELS:,} in all; make it smaller"
    if data.startswith(b"GIF8") and tuple(map(int, cv2.__version__.split(".")[:2])) < FIRST_WITH_GIF:
        return f"OpenCV {cv2.__version__} reads no GIF; save it as PNG"
    if data[4:12] in HEIC:
        return "OpenCV reads no HEIC; save it as JPEG (iPhone: Settings, Camera, Formats, Most Compatible)"
    if data.startswith(SIGNATURES):
        return "the picture is damaged or cut short; copy or take it again"
    return f"not a picture OpenCV can read (it starts with {data[:8]!r}); expected JPEG, PNG, BMP, WebP, TIFF or GIF"
