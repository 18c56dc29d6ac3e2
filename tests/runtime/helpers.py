"""Running commands as a user does, and pictures to run them on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent.parent


def command(*words: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`python -m WORDS` in a process of its own, from the project's folder; text in and out."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        input=stdin,
        capture_output=True,
        env={**os.environ, **(env or {})},
        timeout=120,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
    )


def stroke(shape: tuple[int, int], ink: int, paper: int, width: int) -> NDArray[np.uint8]:
    """A "7" drawn in the middle of a plain sheet, gray (h, w) uint8."""
    height, width_px = shape
    image = np.full(shape, paper, np.uint8)
    points = np.array([[0.35, 0.25], [0.65, 0.25], [0.45, 0.75]]) * (width_px, height)
    cv2.polylines(image, [points.astype(np.int32)], False, (ink,), width, cv2.LINE_AA)
    return image
