"""All of a picture at the model's size: stretched, cropped, padded."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.framing.whole import FRAMING
from runtime.preprocess import prepare, to_input
from runtime.tflite.card import InputSpec


def frame_spec(resize: str, height: int = 32, width: int = 32) -> InputSpec:
    return InputSpec(height, width, 3, "rgb", "any", "whole", resize=resize)


def quadrants() -> NDArray[np.uint8]:
    """(40, 80, 3) BGR: blue left of the middle, red right, with green at both ends."""
    image = np.zeros((40, 80, 3), np.uint8)
    image[:, :40, 0] = 255
    image[:, 40:, 2] = 255
    image[:, :10] = image[:, 70:] = (0, 255, 0)
    return image


def test_stretch_takes_the_whole_picture_as_rgb() -> None:
    out = to_input(quadrants(), frame_spec("stretch"))
    assert out is not None
    assert out.shape == (32, 32, 3)
    assert out[16, 0].tolist() == [0, 255, 0]
    assert out[16, 10].tolist() == [0, 0, 255]
    assert out[16, 22].tolist() == [255, 0, 0]


def test_crop_takes_the_middle() -> None:
    out = to_input(quadrants(), frame_spec("crop"))
    assert out is not None
    assert not (out[..., 1] > 0).any()


def test_pad_keeps_all_and_adds_black() -> None:
    out = to_input(quadrants(), frame_spec("pad"))
    assert out is not None
    assert not out[:7].any()
    assert not out[-7:].any()
    assert out[16, 0].tolist() == [0, 255, 0]


def test_a_picture_of_the_models_size_is_taken_byte_for_byte() -> None:
    image = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    out = to_input(image, frame_spec("stretch"))
    assert out is not None
    assert np.array_equal(out, image[..., ::-1])


@pytest.mark.parametrize("shape", [(1, 1), (1, 200, 3), (200, 1), (7, 5, 4)])
@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
def test_odd_shapes_still_fit(shape: tuple[int, ...], resize: str) -> None:
    out = to_input(np.full(shape, 90, np.uint8), frame_spec(resize, 24, 40))
    assert out is not None
    assert out.shape == (24, 40, 3)


def test_the_box_is_the_whole_picture() -> None:
    prepared = prepare(quadrants(), frame_spec("crop"))
    assert prepared is not None
    assert (prepared.box, prepared.is_single) == ((0, 0, 80, 40), True)


@pytest.mark.parametrize(("channels", "color"), [(1, "gray"), (3, "rgb")])
def test_a_spec_for_prepared_inputs(channels: int, color: str) -> None:
    spec = FRAMING.input_spec(30, 40, channels)
    assert spec == InputSpec(30, 40, channels, color, "any", "whole")
    image = np.random.default_rng(1).integers(0, 256, spec.shape, dtype=np.uint8)
    out = to_input(image, spec)
    assert out is not None
    assert np.array_equal(out, image[..., ::-1])


def test_it_is_read_as_one_region() -> None:
    def scores(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert pixels.shape == (32, 32, 3)
        return np.array([0.2, 0.8], np.float32)

    image, spec, labels = quadrants(), frame_spec("stretch"), ("cat", "dog")
    ((region,),) = FRAMING.read(image, spec, scores, labels, 0.5)
    assert (region.box, region.label) == ((0, 0, 80, 40), "dog")
    assert region.score == pytest.approx(0.8)
    assert FRAMING.read(image, spec, scores, labels, 0.9) == []


@pytest.mark.parametrize("shape", [(1, 1_000_000), (1_000_000, 1), (60_000, 3, 3)])
@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
def test_a_thin_picture_takes_no_square_of_its_longer_side(shape: tuple[int, ...], resize: str) -> None:
    out = to_input(np.full(shape, 200, np.uint8), frame_spec(resize))
    assert out is not None
    assert out.max() == 200 if resize != "pad" else out.max() < 200
