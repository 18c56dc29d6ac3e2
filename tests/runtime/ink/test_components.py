"""The components above a threshold, and what is measured of them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.ink.components import Components, box_gap, find_components


def found(*boxes: tuple[int, int, int, int], level: int = 200) -> Components:
    """Filled boxes (x, y, width, height) in a picture of 200 x 300."""
    ink = np.zeros((200, 300), np.uint8)
    for x, y, w, h in boxes:
        ink[y : y + h, x : x + w] = level
    components = find_components(ink, 50.0, 100.0)
    assert components is not None
    return components


def test_the_table_is_in_pixels_of_the_picture() -> None:
    components = found((50, 40, 20, 30), (120, 90, 10, 60))
    assert components.stats.tolist() == [[50, 40, 20, 30, 600], [120, 90, 10, 60, 600]]
    assert (components.left, components.top, components.height, components.width) == (49, 39, 200, 300)
    assert components.is_ink.all()
    assert components.are_inside().all()


def test_what_stays_below_the_higher_threshold_is_no_ink() -> None:
    assert not found((50, 40, 20, 30), level=80).is_ink.any()
    assert find_components(np.full((20, 20), 40, np.uint8), 50.0, 100.0) is None


def test_the_border_cuts_what_touches_it() -> None:
    assert found((0, 40, 20, 30), (120, 90, 10, 110), (200, 20, 10, 10)).are_inside().tolist() == [True, False, False]


@pytest.mark.parametrize(("box", "radius"), [((50, 40, 21, 31), 11), ((0, 0, 40, 40), 40)])
def test_the_inscribed_radius_is_half_of_the_width_or_all_of_it_in_a_corner(
    box: tuple[int, int, int, int], radius: float
) -> None:
    """The array's edge is not background."""
    components = found(box)
    assert components.inscribed_radius(0) == pytest.approx(radius, abs=2)
    assert components.radii == {0: components.inscribed_radius(0)}


def test_radii_are_compared_without_measuring_all() -> None:
    components = found((20, 20, 30, 30), (100, 20, 5, 100), (150, 100, 40, 40))
    assert components.largest_radius(np.array([0, 1, 2])) == components.inscribed_radius(2)
    assert 1 not in components.radii
    every = np.ones(3, np.bool_)
    assert components.are_wider(every, np.full(3, 17.0)).tolist() == [False, False, True]
    assert components.are_wider(every, np.full(3, 2.0)).tolist() == [True, True, True]
    assert not components.are_wider(~every, np.full(3, 2.0)).any()


@pytest.mark.parametrize("chosen", [[0], [0, 1]])
def test_the_mask_of_some_components(chosen: list[int]) -> None:
    components = found((50, 40, 20, 30), (80, 60, 10, 60))
    mask, (x, y, right, bottom) = components.mask_of(np.array(chosen))
    assert int(mask.sum()) == 600 * len(chosen)
    assert (x, y, right, bottom) == ((50, 40, 70, 70) if len(chosen) == 1 else (50, 40, 90, 120))


def test_lines_across_the_picture_are_removed_before() -> None:
    ink = np.zeros((200, 300), np.uint8)
    ink[150:153] = 200
    cv2.circle(ink, (150, 90), 40, (200,), 6)
    components = find_components(ink, 50.0, 100.0)
    assert components is not None
    assert components.stats[components.is_ink, 3].tolist() == pytest.approx([87], abs=2)


@pytest.mark.parametrize(
    ("other", "gap"),
    [((5, 5, 10, 10), 0), ((20, 0, 5, 5), 10), ((0, 13, 5, 5), 3), ((14, 30, 5, 5), 20), ((10, 0, 3, 3), 0)],
)
def test_the_gap_of_two_boxes_is_the_larger_of_both_directions(other: tuple[int, int, int, int], gap: int) -> None:
    box = (0, 0, 10, 10)
    assert box_gap(box, other) == box_gap(other, box) == gap
