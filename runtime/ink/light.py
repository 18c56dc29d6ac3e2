"""Whether a small picture shows uneven light and nothing else. Pure.

Light that falls off, from a side, a corner or towards the edges, is a smooth function of the place, which a surface
of low degree follows (facet model: Haralick & Shapiro 1992, "Computer and Robot Vision", 8). Strokes have edges on
both sides, which no such surface follows, however strong the light is.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from runtime.image.pixels import Gray

DEGREE = 4  # of the surface: a vignette, a lamp's spot and a curve's bend are followed
FOLLOWED = 0.94  # of the variance: digits of 8 to 64 pixels in strong light leave 0.83, and 0.93 where they are blurred
LEAST_INK = 12.0  # gray levels: what stands out from the light by less is grain
INK_SHARE = 0.03  # of the pixels: a stroke has more


def is_only_light(image: Gray) -> bool:
    """Tell whether a small picture shows no marks, only light that changes smoothly, and grain.

    Args:
        image: uint8 (h, w), 0 to 255, of at most background.SMALL_SIDE.

    Returns:
        True where there is nothing but light.
    """
    level = image - image.mean()
    rest = level - _smooth(level)
    total = float(np.vdot(level, level))
    if float(np.vdot(rest, rest)) <= (1 - FOLLOWED) * total:
        return True
    return bool(np.count_nonzero(np.abs(rest) >= LEAST_INK) <= INK_SHARE * rest.size)


def _smooth(level: NDArray[np.float64]) -> NDArray[np.float64]:
    """The surface of DEGREE that is nearest by least squares, (h, w)."""
    down, across = _polynomials(level.shape[0]), _polynomials(level.shape[1])
    weights = down @ level @ across.T
    degrees = np.add.outer(np.arange(len(down)), np.arange(len(across)))
    return np.asarray(down.T @ np.where(degrees <= DEGREE, weights, 0.0) @ across)


@lru_cache(maxsize=128)
def _polynomials(size: int) -> NDArray[np.float64]:
    """(degrees, size): orthonormal polynomials on so many points, from degree 0 up (Gram 1883)."""
    points = np.linspace(-1.0, 1.0, size) if size > 1 else np.zeros(1)
    found = np.zeros((min(DEGREE + 1, size), size))
    for degree in range(len(found)):
        row = points**degree
        for _ in range(2):  # twice is enough for rounding (Kahan)
            row = row - found[:degree].T @ (found[:degree] @ row)
        found[degree] = row / np.linalg.norm(row)
    return found
