"""Picture files of every format, made by code."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def scene(height: int = 60, width: int = 80) -> Pixels:
    """A color picture in which every corner differs, BGR."""
    small = np.random.default_rng(7).integers(0, 256, (6, 8, 3), np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def pil(picture: Pixels, kind: str, mode: str = "RGB", **options: Any) -> bytes:
    """A file by Pillow. picture: BGR or BGRA."""
    code = cv2.COLOR_BGRA2RGBA if picture.shape[2] == 4 else cv2.COLOR_BGR2RGB
    buffer = io.BytesIO()
    Image.fromarray(cv2.cvtColor(picture, code)).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def by_opencv(suffix: str, picture: NDArray[Any], *options: int) -> bytes:
    return cv2.imencode(suffix, picture, list(options))[1].tobytes()


def exif(orientation: int) -> Image.Exif:
    made = Image.Exif()
    made[0x0112] = orientation
    return made


def reads(suffix: str) -> bool:
    """True where this OpenCV has the format: early ones have no GIF and no AVIF."""
    return bool(cv2.haveImageWriter(suffix))


def files() -> dict[str, bytes]:
    """A sound file of each format that this OpenCV reads, by suffix."""
    picture = scene()
    made = {
        ".png": pil(picture, "PNG"),
        ".jpg": pil(picture, "JPEG", quality=95),
        ".webp": pil(picture, "WEBP", lossless=True),
        ".bmp": pil(picture, "BMP"),
        ".tif": pil(picture, "TIFF"),
        ".gif": pil(picture, "GIF", "P"),
        ".ppm": by_opencv(".ppm", picture),
        ".jp2": by_opencv(".jp2", picture),
        ".ras": by_opencv(".ras", picture),
    }
    made[".avif"] = pil(picture, "AVIF", quality=95)
    return {suffix: data for suffix, data in made.items() if reads(suffix)}


def chunk(name: bytes, body: bytes, length: int | None = None) -> bytes:
    """A chunk of a PNG; `length` is what it claims."""
    size = struct.pack(">I", len(body) if length is None else length)
    return size + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, bits: int = 8, color: int = 2, more: bytes = b"") -> bytes:
    """A PNG that claims a size, and whose data are of a few bytes."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + more + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def turned(picture: Pixels, orientation: int) -> Pixels:
    """What a person is to see of a picture that was stored with an orientation (by the EXIF standard's table)."""
    made: Pixels = {
        1: picture,
        2: picture[:, ::-1],
        3: picture[::-1, ::-1],
        4: picture[::-1],
        5: picture.swapaxes(0, 1),
        6: np.rot90(picture, -1),
        7: np.rot90(picture, 2).swapaxes(0, 1),
        8: np.rot90(picture),
    }[orientation]
    return made
