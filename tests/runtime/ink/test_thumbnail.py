"""Pictures in which each pixel counts: inverted stripes, wrong pixels, lines and haze."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.image.pixels import Gray
from runtime.ink.find import find_ink
from runtime.ink.thumbnail import flat_background, is_hazy, is_light_on_haze, undo_corruption, without_line
from samples.draw import CHALK, STROKES, Pen, Place, coverage

DIGITS = sorted(STROKES)


def digit(name: str, width: float = 0.14) -> Gray:
    """(28, 28): a light digit on black, as MNIST has it."""
    covered = coverage((28, 28), name, Place(14, 14, 20, 4), Pen(width, CHALK), np.random.default_rng(5))
    return np.asarray(255 * covered, np.uint8)


def box(image: Gray) -> NDArray[np.int64]:
    """x, y, width and height of what is found."""
    found = find_ink(image)
    assert found is not None
    return np.array(found.box)


@pytest.mark.parametrize("name", DIGITS)
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("dark", [False, True])
def test_inverted_stripes_are_reinverted(name: str, turned: bool, dark: bool) -> None:
    whole = 255 - digit(name) if dark else digit(name)
    image = whole.copy()
    view = image.T if turned else image
    view[:, :7] = 255 - view[:, :7]
    view[:, -7:] = 255 - view[:, -7:]
    assert np.array_equal(undo_corruption(image), whole)


@pytest.mark.parametrize("name", DIGITS)
@pytest.mark.parametrize("width", [0.05, 0.14, 0.3])
def test_a_digit_as_it_is_stays(name: str, width: float) -> None:
    image = digit(name, width)
    assert np.array_equal(undo_corruption(image), image)
    assert np.array_equal(without_line(image), image)
    assert not is_hazy(image)
    assert not is_hazy(255 - image)


@pytest.mark.parametrize("name", DIGITS)
def test_salt_and_pepper_are_no_ink(name: str) -> None:
    rng = np.random.default_rng(6)
    image = digit(name)
    corrupted = np.where(rng.random(image.shape) < 0.17, np.where(rng.random(image.shape) < 0.5, 255, 0), image)
    wrong = np.abs(corrupted - image.astype(int)).mean()
    assert np.abs(undo_corruption(corrupted.astype(np.uint8)).astype(int) - image).mean() < 0.45 * wrong
    assert np.abs(box(corrupted.astype(np.uint8)) - box(image)).max() <= 4


@pytest.mark.parametrize("name", DIGITS)
def test_a_line_across_does_not_make_the_digit_small(name: str) -> None:
    image = digit(name)
    crossed = image.copy()
    points = np.array([[0, 12], [4, 16], [8, 12], [12, 16], [16, 12], [20, 16], [24, 12], [27, 15]], np.int32)
    cv2.polylines(crossed, [points * 16], False, (255,), 1, cv2.LINE_AA, 4)
    assert box(crossed)[2] < 23


def hazed(image: Gray, seed: int) -> Gray:
    """A light digit under blobs five to fourteen pixels wide and as bright as three digits."""
    rng = np.random.default_rng(seed)
    haze = np.zeros(image.shape, np.float32)
    for nodes, weight in ((3, 1.0), (5, 0.5)):
        haze += weight * cv2.resize(rng.random((nodes, nodes), np.float32), image.shape[::-1])
    haze = (haze - haze.min()) / (haze.max() - haze.min())
    return np.asarray((image + 765 * haze) / 4, np.uint8)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", DIGITS)
def test_haze_is_background(name: str, seed: int) -> None:
    image = hazed(digit(name), seed)
    assert is_hazy(image)
    assert is_light_on_haze(image)
    assert not is_light_on_haze(255 - image)
    assert np.abs(box(image) - box(digit(name))).max() <= 6
    assert np.array_equal(box(np.asarray(255 - image)), box(image))


def test_a_silhouette_that_runs_off_the_picture_is_not_haze() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[:, 6:22] = 200
    assert not is_hazy(image)


@pytest.mark.parametrize("name", DIGITS)
def test_a_thick_markers_digit_is_taken_whole(name: str) -> None:
    image = digit(name, 0.4)
    x, y, w, h = cv2.boundingRect(np.asarray(image > 128, np.uint8))
    assert np.abs(box(image) - (x, y, w, h)).max() <= 4


SHIRT = [(6, 1), (21, 1), (26, 8), (23, 12), (21, 10), (21, 27), (6, 27), (6, 10), (4, 12), (1, 8)]
PULLOVER = [(6, 0), (21, 0), (25, 5), (26, 25), (23, 26), (22, 10), (21, 27), (6, 27), (5, 10), (4, 26), (1, 25)]
BOOT = [(14, 0), (25, 0), (26, 27), (1, 27), (1, 22), (14, 15)]


@pytest.mark.parametrize("shape", [SHIRT, PULLOVER, BOOT])
@pytest.mark.parametrize("texture", ["plain", "stripes", "grain", "seams", "faded"])
def test_no_sliver_of_a_filled_shape_is_a_mark(shape: list[tuple[int, int]], texture: str) -> None:
    levels = np.full((28, 28), 190.0)
    if texture == "stripes":
        levels[:, ::3] = 130
    if texture == "grain":
        levels += np.random.default_rng(8).normal(0, 15, levels.shape)
    if texture == "seams":  # a dark body, most of the picture, with one bright flank
        levels[:] = 50
        levels[:, :9] = 240
    if texture == "faded":
        levels[:] = np.linspace(30, 200, 28)
    inside = cv2.fillPoly(np.zeros((28, 28), np.uint8), [np.array(shape, np.int32)], (1,))
    found = find_ink(np.asarray(np.clip(levels, 0, 255) * inside, np.uint8))
    _, _, w, h = cv2.boundingRect(inside)
    assert found is None or (found.light_on_dark and found.box[2] >= w - 2 and found.box[3] >= h - 2)


def test_uneven_paper_has_no_one_level() -> None:
    slope = np.broadcast_to(np.linspace(0, 120, 40), (40, 40)).astype(np.uint8)
    assert flat_background(slope) is None


def test_paper_of_one_level_is_even_whatever_lies_on_it() -> None:
    image = np.zeros((40, 40), np.uint8)
    image[:, 8:32] = np.linspace(20, 110, 24)
    image[18:22, 18:22] = 250
    found = flat_background(image)
    assert found is not None
    assert not found[0].any()
    assert 0.4 < found[1] < 0.6
