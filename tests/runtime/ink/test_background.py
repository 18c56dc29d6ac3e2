"""Paper and ink told apart: polarity, color, background, contrast and thresholds."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.image.pixels import Gray, histogram
from runtime.ink.background import (
    NO_CAST,
    color_cast,
    contrast_above,
    estimate_background,
    hysteresis_thresholds,
    ink_channel,
    is_light_on_dark,
    max_stroke_width,
)
from tests.runtime.helpers import stroke


@pytest.mark.parametrize("thickness", [2, 6, 14, 24])
def test_polarity_at_any_stroke_width(thickness: int) -> None:
    ring = np.full((100, 100), 210, np.uint8)
    cv2.circle(ring, (50, 50), 30, (40,), thickness)
    assert not is_light_on_dark(ring)
    assert is_light_on_dark(255 - ring)


def test_gray_paper_has_no_cast() -> None:
    paper = np.full((300, 400, 3), (200, 204, 210), np.uint8)
    assert color_cast(paper) == color_cast(paper[..., 0]) == (0, 0, 0)
    paper[:60] = (20, 60, 200)  # a red cloth beside the sheet
    assert color_cast(paper) == (0, 0, 0)
    assert color_cast(np.full((300, 400, 3), (80, 220, 230), np.uint8)) == (0, 140, 150)


def test_of_a_colored_ink_the_channel_that_differs_most_is_taken() -> None:
    paper, ink = (90, 225, 240), (90, 120, 235)  # green alone tells them apart
    image = np.full((40, 60, 3), paper, np.uint8)
    image[10:30, 28:32] = ink
    channel = ink_channel(image, False, color_cast(image))
    assert channel.shape == (40, 60)
    assert int(channel[20, 30]) - int(channel[20, 10]) >= 100
    assert np.array_equal(ink_channel(image[..., 0], True), image[..., 0])
    assert np.array_equal(ink_channel(image[..., 0], False), 255 - image[..., 0])


def test_without_a_cast_channels_are_compared_as_they_are() -> None:
    image = np.array([[[10, 20, 30], [200, 100, 150]]], np.uint8)
    assert ink_channel(image, True, NO_CAST).tolist() == [[30, 200]]
    assert ink_channel(image, False, NO_CAST).tolist() == [[245, 155]]


@pytest.mark.parametrize(("height", "width", "expected"), [(100, 100, 60), (480, 640, 288), (10, 1000, 450), (1, 1, 3)])
def test_the_widest_stroke_follows_from_the_sides(height: int, width: int, expected: int) -> None:
    assert max_stroke_width(height, width) == expected


@pytest.mark.parametrize("size", [20, 100])
def test_strokes_are_removed_and_a_shadow_with_a_hard_edge_stays(size: int) -> None:
    paper = np.full((200, 300), 40, np.uint8)
    paper[:, 150:] = 120  # a shadow, in a channel where ink is bright
    image = paper.copy()
    image[40:160, 60:70] = image[40:160, 220:230] = 220
    found = estimate_background(image, size)
    away = np.abs(np.arange(300) - 150) > 6
    assert np.abs(found.astype(int) - paper)[:, away].max() <= 2


def test_light_that_falls_off_goes_on_beyond_the_border() -> None:
    ramp = np.broadcast_to(np.linspace(0, 200, 100), (80, 100)).astype(np.uint8)
    assert np.abs(estimate_background(ramp, 21).astype(int) - ramp).max() <= 6


def grainy(peak: int) -> Gray:
    """A sheet with grain of 2 gray levels and a stroke of `peak`."""
    grain = np.abs(np.random.default_rng(3).normal(0, 2, (120, 160)))
    grain[30:90, 76:84] += peak
    return np.asarray(grain.round(), np.uint8)


def test_contrast_is_above_the_grain_and_comes_with_its_histogram() -> None:
    image = grainy(100)
    strength, counts = contrast_above(image, np.zeros_like(image))
    assert strength.dtype == np.uint8
    assert strength[60, 80] > 90
    assert np.median(strength) <= 1
    share = counts.sum() / strength.size  # it is taken from a part of the pixels
    assert 0.2 < share <= 1
    assert counts[90:].sum() == pytest.approx(share * (strength >= 90).sum(), rel=0.1)


def test_two_thresholds_lie_between_grain_and_ink() -> None:
    image = grainy(100)
    found = hysteresis_thresholds(*contrast_above(image, np.zeros_like(image)))
    assert found is not None
    low, high = found
    assert 2 < low < high < 90


@pytest.mark.parametrize("peak", [0, 8])
def test_grain_alone_has_no_thresholds(peak: int) -> None:
    image = grainy(peak)
    assert hysteresis_thresholds(*contrast_above(image, np.zeros_like(image))) is None


def test_most_ink_below_the_usual_threshold_lowers_it() -> None:
    """A dark body, most of the picture, with bright seams: all of it is taken."""
    body, strokes = np.zeros((2, 40, 40), np.uint8)
    body[:, 8:], body[:, 20:24] = 28, 250
    strokes[:, 8:], strokes[:, 12:] = 28, 250
    assert hysteresis_thresholds(body, histogram(body), 0.2) == pytest.approx((0.1 * 250, 0.3 * 250))
    assert hysteresis_thresholds(strokes, histogram(strokes), 0.2) == pytest.approx((0.4 * 75, 0.3 * 250))


def test_polarity_in_uneven_light() -> None:
    image = stroke((480, 640), 40, 220, 10) * np.linspace(1.0, 0.3, 640)
    assert not is_light_on_dark(image.astype(np.uint8))
    assert is_light_on_dark((255 - image).astype(np.uint8))
