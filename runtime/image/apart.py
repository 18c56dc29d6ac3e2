"""A picture decoded in a process of its own, where a damaged file ends the decoder's process."""

from __future__ import annotations

import io
import subprocess
import sys

import cv2
import numpy as np
from numpy.typing import NDArray

TIMEOUT_S = 20.0
# By format: the first version of OpenCV in which mutated files ended no process (tests/fuzz/pictures.py).
# With 4.10 a damaged JPEG 2000 is a SIGSEGV.
SAFE_SINCE = {"JPEG 2000": (5, 0)}
PROGRAM = (
    "import sys, cv2, numpy\n"
    "image = cv2.imdecode(numpy.frombuffer(sys.stdin.buffer.read(), numpy.uint8), cv2.IMREAD_UNCHANGED)\n"
    "numpy.save(sys.stdout.buffer, image, allow_pickle=False)\n"
)


def is_unsafe(kind: str) -> bool:
    """Tell whether a damaged file of a format can end the process here.

    Args:
        kind: The format's name, `Header.kind`.

    Returns:
        True where this OpenCV is older than the first safe one.
    """
    return kind in SAFE_SINCE and tuple(map(int, cv2.__version__.split(".")[:2])) < SAFE_SINCE[kind]


def decode_apart(data: bytes) -> NDArray[np.generic] | None:
    """Decode a picture in a child process. It takes as long as a start of Python and OpenCV.

    Args:
        data: The bytes of the file.

    Returns:
        What OpenCV decodes; None where it decodes nothing, or where the child dies or takes too long.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], input=data, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode:
        return None
    image: NDArray[np.generic] = np.load(io.BytesIO(done.stdout), allow_pickle=False)
    return image
