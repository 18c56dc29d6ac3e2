"""Operations on arrays of pixels, beside OpenCV's and NumPy's own."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.image.pixels import (
    as_picture,
    component_stats,
    components,
    histogram,
    morph,
    pixels_of,
    quantile,
    shrink,
    to_gray,
    u8,
)

LARGE = (150, 140)  # beyond runtime.image.pixels.FEW_PIXELS


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (40, 30), LARGE, (1, 20000), (20000, 1), (500, 400)])
def test_components_are_those_of_opencv(shape: tuple[int, int], share: float, connectivity: int) -> None:
    mask = np.random.default_rng(5).random(shape) < share
    labels, table = components(mask, connectivity)
    count, expected, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=connectivity)
    assert len(table) == count
    np.testing.assert_array_equal(labels, expected)
    np.testing.assert_array_equal(table[1:], stats[1:])


def test_a_mask_without_pixels_has_no_components() -> None:
    for shape in ((8, 8), LARGE):
        labels, table = components(np.zeros(shape, np.bool_))
        assert not labels.any()
        assert len(table) == 1
        assert component_stats(np.zeros(shape, np.bool_), 8).shape == (0, 5)


def test_the_boxes_of_two_components() -> None:
    mask = np.zeros((9, 12), np.bool_)
    mask[1:4, 2:7] = True
    mask[6, 8] = mask[7, 9] = True
    assert component_stats(mask, 8).tolist() == [[2, 1, 5, 3, 15], [8, 6, 2, 2, 2]]
    assert len(component_stats(mask, 4)) == 3


@pytest.mark.parametrize("count", [5, 300])
def test_pixels_are_selected_by_label(count: int) -> None:
    """By a table of 256 entries, and beyond it."""
    labels = np.arange(count, dtype=np.int32).reshape(-1, 5)
    wanted = np.arange(count) % 3 == 1
    found = pixels_of(labels, wanted)
    assert found.dtype == np.bool_
    np.testing.assert_array_equal(found, wanted[labels])


@pytest.mark.parametrize(
    ("shape", "factor", "expected"),
    [
        ((100, 60), 0.5, (50, 30)),
        ((100, 60, 3), 0.1, (10, 6, 3)),
        ((101, 57), 0.13, (13, 7)),
        ((100, 4), 0.01, (1, 1)),
        ((100, 60), 1.0, (100, 60)),
        ((100, 60), 1.5, (100, 60)),
    ],
)
def test_a_picture_is_shrunk_to_its_mean(shape: tuple[int, ...], factor: float, expected: tuple[int, ...]) -> None:
    image = np.random.default_rng(2).integers(0, 256, shape, np.uint8)
    small = shrink(image, factor)
    assert small.shape == expected
    assert small.dtype == np.uint8
    assert abs(float(small.mean()) - float(image.mean())) < 6
    flat = np.full(shape, 137, np.uint8)
    assert np.unique(shrink(flat, factor)).tolist() == [137]


def test_a_histogram_counts_levels() -> None:
    counts = histogram(np.array([[0, 7, 7], [255, 7, 0]], np.uint8))
    assert counts.shape == (256,)
    assert (counts[0], counts[7], counts[255], counts.sum()) == (2, 3, 1, 6)


@pytest.mark.parametrize("share", [0.01, 0.25, 0.5, 0.9, 1.0])
def test_a_quantile_is_the_least_value_that_a_share_does_not_exceed(share: float) -> None:
    values = np.random.default_rng(4).integers(0, 256, (40, 50), np.uint8)
    assert quantile(values, share) == np.quantile(values, share, method="inverted_cdf")
    bright = values[values > 99]
    assert quantile(values, share, above=99) == np.quantile(bright, share, method="inverted_cdf")


def test_a_quantile_of_nothing_is_0() -> None:
    assert quantile(np.zeros(0, np.uint8), 0.5) == 0
    assert quantile(np.full(9, 50, np.uint8), 0.5, above=50) == 0


def test_morphology_has_a_kernel_of_odd_size() -> None:
    dot = np.zeros((9, 9), np.uint8)
    dot[4, 4] = 200
    for size in (2, 3):
        assert np.count_nonzero(morph(dot, cv2.MORPH_DILATE, size)) == 9


def test_gray_is_that_of_opencv_and_gray_stays_itself() -> None:
    color = np.random.default_rng(5).integers(0, 256, (6, 7, 3), np.uint8)
    np.testing.assert_array_equal(to_gray(color), cv2.cvtColor(color, cv2.COLOR_BGR2GRAY))
    gray = color[..., 0]
    assert to_gray(gray) is gray


def test_an_array_of_bytes_is_not_copied() -> None:
    image = np.arange(6, dtype=np.uint8)
    assert u8(image) is image
    assert u8([1, 2]).dtype == np.uint8


def test_16_bits_become_8_and_alpha_is_laid_on_paper() -> None:
    assert as_picture(np.array([[0, 256, 65535]], np.uint16)).tolist() == [[0, 1, 255]]
    dark = np.zeros((1, 2, 4), np.uint8)
    dark[0, 0, 3] = 255
    assert as_picture(dark).tolist() == [[[0, 0, 0], [255, 255, 255]]]
    light = np.full((1, 2, 4), 255, np.uint8)
    light[0, 1, 3] = 0
    assert as_picture(light).tolist() == [[[255, 255, 255], [0, 0, 0]]]


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.float32),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((0, 4), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((4, 4, 3), np.int32),
    ],
)
def test_other_arrays_are_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected a picture"):
        as_picture(image)
