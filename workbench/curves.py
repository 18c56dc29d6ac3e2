"""Smooth curves through points. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]  # (n, 2)


def catmull_rom(points: Points, steps: int) -> Points:
    """A uniform Catmull-Rom spline through points, which also starts and ends at the outermost ones.

    Source: Catmull, Rom: A class of local interpolating splines (1974).

    Args:
        points: float32 (n, 2), n >= 2.
        steps: How many points of the curve each stretch between two points gets, its start included.

    Returns:
        float32 ((n - 1) * steps + 1, 2).

    Example:
        >>> catmull_rom(np.array([[0, 0], [1, 0]], np.float32), 2).tolist()
        [[0.0, 0.0], [0.5, 0.0], [1.0, 0.0]]
    """
    p = np.concatenate([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, steps, endpoint=False, dtype=np.float32)[:, None]
    parts = []
    for a, b, c, d in zip(p[:-3], p[1:-2], p[2:-1], p[3:], strict=True):
        parts.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.concatenate([*parts, p[-1:]]).astype(np.float32)
