"""A mark in its box: size, center, polarity, and the width that hairlines get."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from runtime.ink.find import Ink
from runtime.ink.framing import THIN_STROKE, _enlarged, frame_ink
from runtime.preprocess import to_input
from runtime.tflite.card import InputSpec
from tests.runtime.helpers import stroke

DIGITS = InputSpec()


def test_ink_framing_gives_what_the_docstring_says() -> None:
    out = to_input(stroke((480, 640), 40, 220, 10), DIGITS)
    assert out is not None
    assert out.shape == DIGITS.shape
    assert out.dtype == np.uint8
    assert out.max() == 255
    ys, xs = np.nonzero(out[..., 0])
    assert max(np.ptp(ys), np.ptp(xs)) + 1 in (19, 20, 21)
    moments = cv2.moments(out[..., 0])
    assert abs(moments["m10"] / moments["m00"] - 14) <= 1
    assert abs(moments["m01"] / moments["m00"] - 14) <= 1


@pytest.mark.parametrize("polarity", ["light-on-dark", "dark-on-light", "any"])
def test_polarity_is_what_the_model_was_trained_on(polarity: str) -> None:
    spec = InputSpec(polarity=polarity)
    dark, light = (to_input(stroke((200, 200), *levels, 8), spec) for levels in ((30, 220), (220, 30)))
    assert dark is not None
    assert light is not None
    # The corner is background: which of the two it is tells the polarity.
    assert dark[0, 0, 0] == (0 if polarity == "light-on-dark" else 255)
    assert light[0, 0, 0] == (255 if polarity == "dark-on-light" else 0)


def test_hairlines_reach_the_model_as_strokes() -> None:
    thin = to_input(stroke((1200, 1600), 30, 220, 3), DIGITS)
    assert thin is not None
    assert int((thin > 100).sum()) > 25


@pytest.mark.parametrize(("of", "to"), [((13, 9), (20, 14)), ((5, 3), (20, 12)), ((1, 7), (3, 20))])
def test_small_marks_are_enlarged_as_opencv_does_on_x86(of: tuple[int, int], to: tuple[int, int]) -> None:
    """OpenCV's cubic may round by a level otherwise, on Arm it does: that is why it is not used."""
    mark = np.random.default_rng(0).integers(0, 256, of, dtype=np.uint8)
    large = _enlarged(mark, to[::-1])
    assert large.shape == to
    assert large.dtype == np.uint8
    theirs = np.asarray(cv2.resize(mark, to[::-1], interpolation=cv2.INTER_CUBIC), np.uint8).reshape(to)
    assert np.abs(large.astype(int) - theirs.astype(int)).max() <= 1


def test_a_mark_of_the_boxs_size_keeps_its_pixels() -> None:
    strength = np.zeros((20, 12), np.uint8)
    strength[:, 4:9] = 255
    out = frame_ink(Ink((0, 0, 12, 20), strength, True), DIGITS)
    assert np.array_equal(out[4:24, 8:20, 0], strength)


@pytest.mark.parametrize(("width", "grows"), [(1, True), (12, False)])
def test_only_hairlines_are_made_bolder(width: int, grows: bool) -> None:
    strength = np.zeros((80, 60), np.uint8)
    strength[:, 20 : 20 + width] = strength[-width:] = 255
    ink = int((frame_ink(Ink((0, 0, 60, 80), strength, True), DIGITS) > 100).sum())
    scaled = (strength > 0).sum() * (20 / 80) ** 2
    assert (ink > 1.5 * scaled) == grows
    assert ink > 0.5 * THIN_STROKE * 20 * 35


@pytest.mark.parametrize("shape", [(1, 1), (1, 80), (80, 1)])
def test_a_mark_of_any_shape_fits(shape: tuple[int, int]) -> None:
    out = frame_ink(Ink((0, 0, *shape[::-1]), np.full(shape, 255, np.uint8), True), DIGITS)
    assert out.shape == DIGITS.shape
    assert out.max() == 255
