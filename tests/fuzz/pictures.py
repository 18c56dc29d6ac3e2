"""Mutated picture files without end, and what the reader owes each of them.

Command: python -m tests.fuzz.pictures [COUNT [SEED]]
"""

from __future__ import annotations

import random
import resource
import struct
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from runtime.errors import ImageError
from runtime.image.files import decode_image
from tests.runtime.image import made

MAX_PIXELS = 25_000_000
MAX_S = 5.0
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 10950, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def seeds() -> list[bytes]:
    """Sound files, from which mutations start."""
    picture = made.scene(48, 64)
    alpha = np.dstack([picture, picture[..., 0]])
    deep = picture.astype(np.uint16) * 257
    other = [Image.fromarray(255 - picture)]
    found = [
        *made.files().values(),
        made.pil(alpha, "PNG", "RGBA", exif=made.exif(6)),
        made.pil(picture, "PNG", "P", transparency=0),
        made.pil(picture, "PNG", save_all=True, append_images=other),
        made.by_opencv(".png", deep),
        made.pil(picture, "JPEG", progressive=True, exif=made.exif(8)),
        made.pil(picture, "JPEG", restart_marker_blocks=2),
        made.pil(picture, "JPEG", "CMYK"),
        made.pil(alpha, "WEBP", "RGBA", exif=made.exif(5)),
        made.pil(picture, "WEBP", save_all=True, append_images=other, lossless=True),
        made.pil(picture, "TIFF", compression="tiff_lzw"),
        made.pil(alpha, "TIFF", "RGBA", compression="tiff_deflate"),
        made.pil(picture, "TIFF", save_all=True, append_images=other),
        made.by_opencv(".tif", deep),
        made.by_opencv(".pgm", deep[..., 0]),
        made.pil(picture, "BMP", "P"),
        made.by_opencv(".pam", picture),
    ]
    if made.reads(".avif"):
        found += [made.pil(alpha, "AVIF", "RGBA"), made.pil(picture, "AVIF", exif=made.exif(3))]
    return found


def _flip(data: bytearray, choose: random.Random) -> None:
    for _ in range(choose.choice((1, 1, 2, 8))):
        data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)


def _number(data: bytearray, choose: random.Random) -> None:
    """A number of 16 or 32 bits becomes one that is likely to harm, mostly in the header."""
    form = choose.choice(("<H", ">H", "<I", ">I"))
    size = struct.calcsize(form)
    end = max(1, min(len(data), choose.choice((200, len(data)))) - size)
    struct.pack_into(form, data, choose.randrange(end), choose.choice(NUMBERS) & ((1 << 8 * size) - 1))


def _cut(data: bytearray, choose: random.Random) -> None:
    del data[choose.randrange(1, len(data)) :]


def _lose(data: bytearray, choose: random.Random) -> None:
    start = choose.randrange(len(data))
    del data[start : start + choose.choice((1, 2, 16, 200))]


def _repeat(data: bytearray, choose: random.Random) -> None:
    start = choose.randrange(len(data))
    data[start:start] = data[start : start + choose.choice((1, 4, 64, 1000))]


def _end_early(data: bytearray, choose: random.Random) -> None:
    """Cut, with the last bytes after the cut: an end mark."""
    end = bytes(data[-choose.choice((2, 8, 12)) :])
    _cut(data, choose)
    data += end


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip,
    _number,
    _number,
    _cut,
    _lose,
    _repeat,
    _end_early,
)


def mutations(seed: int) -> Iterator[bytes]:
    """Mutated files without end, the same for the same seed."""
    choose = random.Random(seed)
    sound = seeds()
    while True:
        data = bytearray(choose.choice(sound))
        for _ in range(choose.choice((1, 1, 1, 2, 3))):
            if len(data) > 1:
                choose.choice(MUTATIONS)(data, choose)
        yield bytes(data)


def check(data: bytes) -> bool:
    """True where the file is read; AssertionError where it is neither read nor refused in one line, in time."""
    start = time.monotonic()
    line = ""
    try:
        picture = decode_image(data, "fuzz")
    except ImageError as error:
        line = str(error)
        picture = None
    if picture is None:
        assert line.startswith("fuzz: ")
        assert len(line) < 400
        assert "\n" not in line
    assert time.monotonic() - start < MAX_S
    if picture is not None:
        assert picture.dtype == np.uint8
        assert picture.ndim == 2 or picture.shape[2] == 3
        assert 0 < picture.size <= 3 * MAX_PIXELS
    return picture is not None


def main() -> int:
    """Check COUNT mutations and print how they went. The last one is kept in a file: a crash leaves it there."""
    words = [int(word) for word in sys.argv[1:]]
    count, seed = (words + [1000, 1][len(words) :])[:2]
    kept = Path("build") / "fuzz-picture"
    kept.parent.mkdir(exist_ok=True)
    read = 0
    for data in islice(mutations(seed), count):
        kept.write_bytes(data)
        read += check(data)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(
        f"{count} pictures, OpenCV {cv2.__version__}: {read} read, {count - read} refused, peak {peak} MB\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
