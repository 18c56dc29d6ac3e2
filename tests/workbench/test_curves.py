"""Catmull-Rom splines: through every point, evenly dense, straight between points on a line."""

from __future__ import annotations

import numpy as np

from workbench.curves import catmull_rom


def test_a_curve_goes_through_its_points() -> None:
    points = np.array([[0, 0], [0.5, 1], [1, 0], [0.2, 0.1]], np.float32)
    curve = catmull_rom(points, 10)
    assert curve.shape == (31, 2)
    assert curve.dtype == np.float32
    np.testing.assert_allclose(curve[::10], points, atol=1e-6)


def test_points_on_a_line_give_a_line() -> None:
    curve = catmull_rom(np.array([[0, 2], [1, 2], [2, 2], [3, 2]], np.float32), 4)
    np.testing.assert_allclose(curve[:, 1], 2)
    np.testing.assert_allclose(curve[4:9, 0], [1, 1.25, 1.5, 1.75, 2], atol=1e-6)


def test_a_curve_is_smooth_at_its_points() -> None:
    """The direction into a point is the direction out of it: half the way between its neighbors."""
    curve = catmull_rom(np.array([[0, 0], [1, 1], [2, 0]], np.float32), 1000)
    into, out = curve[1000] - curve[999], curve[1001] - curve[1000]
    np.testing.assert_allclose(into / np.hypot(*into), [1, 0], atol=0.01)
    np.testing.assert_allclose(out / np.hypot(*out), [1, 0], atol=0.01)
