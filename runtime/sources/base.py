"""What every source gives and is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STALE_S = 2.0  # without a new frame


@dataclass(frozen=True)
class Frame:
    """One picture. image: (h, w) or (h, w, 3) BGR, uint8. index: counts from 0 within the source.

    captured_at: seconds since the epoch when it was taken from a camera or read from a file. source: what
    was asked for, or the file, without any password.
    """

    image: NDArray[np.uint8]
    source: str
    index: int
    captured_at: float


@dataclass(frozen=True)
class SourceOptions:
    """What a camera is asked for, and how its frames are turned. None: as it comes.

    width, height: pixels. fps: frames a second. flip: "h", "v" or "hv". rotate: degrees clockwise, after
    the flip. roi: (x, y, width, height) in pixels of the turned picture; the rest is cut away.
    """

    width: int | None = None
    height: int | None = None
    fps: float | None = None
    flip: str | None = None
    rotate: int = 0
    roi: tuple[int, int, int, int] | None = None
