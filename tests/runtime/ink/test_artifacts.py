"""What is no mark: a sheet's edge, a shadow's remnant, a line across the picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.image.pixels import Gray
from runtime.ink.artifacts import are_edges_or_lines, are_shadow_remnants
from runtime.ink.components import Components, find_components
from runtime.ink.find import find_ink
from tests.runtime.helpers import stroke

SHAPE = (480, 640)


def edge(start: tuple[int, int], end: tuple[int, int], thickness: int) -> Gray:
    """A sheet of paper with a dark line from border to border, soft as a lens makes it."""
    sheet = np.full(SHAPE, 215, np.uint8)
    cv2.line(sheet, start, end, (70,), thickness, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(sheet, (5, 5), 0), np.uint8)


@pytest.mark.parametrize("thickness", [2, 4, 9])
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ((20, -5), (45, 485)),  # upright, on both sides
        ((620, -5), (590, 485)),
        ((560, -5), (645, 300)),  # across a corner
        ((-5, 250), (60, 485)),
        ((-5, 30), (645, 60)),  # lying
        ((3, -5), (6, 485)),  # all but on the border
    ],
)
@pytest.mark.parametrize("dark", [False, True])
def test_an_edge_of_the_sheet_is_no_mark(
    start: tuple[int, int], end: tuple[int, int], thickness: int, dark: bool
) -> None:
    image = edge(start, end, thickness)
    assert find_ink(255 - image if dark else image) is None


@pytest.mark.parametrize("thickness", [2, 9])
def test_a_digit_beside_an_edge_is_found(thickness: int) -> None:
    found = find_ink(np.minimum(edge((560, -5), (645, 300), thickness), stroke(SHAPE, 40, 215, 10)))
    assert found is not None
    assert found.box[0] > 0.3 * SHAPE[1]
    assert found.box[0] + found.box[2] < 0.7 * SHAPE[1]


def components(*boxes: tuple[int, int, int, int], shape: tuple[int, int] = SHAPE) -> Components:
    """Filled boxes (x, y, width, height), in the order of their labels: from the top, then from the left."""
    ink = np.zeros(shape, np.uint8)
    for x, y, w, h in boxes:
        ink[y : y + h, x : x + w] = 200
    found = find_components(ink, 50.0, 100.0)
    assert found is not None
    assert len(found.stats) == len(boxes)
    return found


def test_slivers_and_shadows_are_dropped_and_a_digit_is_not() -> None:
    digit = (300, 200, 12, 100)
    assert are_edges_or_lines(components((0, 100, 30, 60), digit)).tolist() == [True, False]  # cut off at the left
    assert are_edges_or_lines(components((100, 20, 150, 150), digit)).tolist() == [True, False]  # a shadow
    assert are_edges_or_lines(components(digit)).tolist() == [False]


def test_a_line_along_the_whole_picture_is_dropped_and_a_one_is_not() -> None:
    assert are_edges_or_lines(components((40, 300, 560, 20))).tolist() == [True]
    assert are_edges_or_lines(components((300, 20, 30, 440))).tolist() == [False]
    assert are_edges_or_lines(components((300, 20, 8, 440))).tolist() == [True]


def test_in_a_thumbnail_nothing_is_dropped() -> None:
    assert not are_edges_or_lines(components((0, 4, 2, 20), (8, 6, 14, 14), shape=(28, 28))).any()


def test_a_full_component_at_the_border_is_a_shadows_remnant_and_a_stroke_is_not() -> None:
    found = components((0, 0, 60, 60), (300, 100, 60, 60), (0, 200, 8, 200))
    every = np.ones(3, np.bool_)
    assert are_shadow_remnants(found, every, 100).tolist() == [True, False, False]
    assert not are_shadow_remnants(found, ~every, 100).any()
