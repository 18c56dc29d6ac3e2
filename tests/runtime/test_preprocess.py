"""The one path from pixels to model input."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime import preprocess
from runtime.classifier import Classifier
from runtime.image.files import read_image
from runtime.image.pixels import as_picture
from runtime.ink.framing import _enlarged
from runtime.preprocess import prepare, to_input
from runtime.tflite.card import InputSpec
from tests.runtime.helpers import stroke

DIGITS = InputSpec()


def frame_spec(resize: str, height: int = 32, width: int = 32) -> InputSpec:
    return InputSpec(height, width, 3, "rgb", "any", "whole", resize=resize)


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


def test_a_blank_sheet_is_none() -> None:
    assert to_input(np.full((200, 200), 230, np.uint8), DIGITS) is None


def test_an_image_in_mnists_form_stays_as_it_is(shipped: Classifier) -> None:
    for golden in shipped.card.golden:
        image = np.frombuffer(golden.input, np.uint8).reshape(28, 28)
        again = to_input(image, DIGITS)
        assert again is not None
        assert float(np.abs(again[..., 0].astype(int) - image).mean()) < 2.0
        assert shipped.predict(image).label == shipped.predict(again).label


@pytest.mark.parametrize("polarity", ["light-on-dark", "dark-on-light", "any"])
def test_polarity_is_what_the_model_was_trained_on(polarity: str) -> None:
    spec = InputSpec(polarity=polarity)
    dark, light = (to_input(stroke((200, 200), *levels, 8), spec) for levels in ((30, 220), (220, 30)))
    assert dark is not None
    assert light is not None
    # The corner is ground: which of the two it is tells the polarity.
    assert dark[0, 0, 0] == (0 if polarity == "light-on-dark" else 255)
    assert light[0, 0, 0] == (255 if polarity == "dark-on-light" else 0)


def test_hairlines_reach_the_model_as_strokes() -> None:
    thin = to_input(stroke((1200, 1600), 30, 220, 3), DIGITS)
    assert thin is not None
    assert int((thin > 100).sum()) > 25


@pytest.mark.parametrize("name", ["photo_7.jpg", "lined_5.jpg", "board_4.jpg", "marker_8.jpg", "corner_9.jpg"])
@pytest.mark.parametrize("change", ["as it is", "invert", "half", "double", "shift", "dim", "jpeg 50", "border"])
def test_changes_that_mean_nothing_leave_the_reading(
    shipped: Classifier, samples: Path, name: str, change: str
) -> None:
    image = changed(read_image(samples / name), change)
    assert shipped.predict(image).label == Path(name).stem[-1]


def changed(image: NDArray[np.uint8], change: str) -> NDArray[np.uint8]:
    if change == "invert":
        return 255 - image
    if change in ("half", "double"):
        factor = {"half": 0.5, "double": 2.0}[change]
        return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    if change == "shift":
        return np.roll(image, (20, -25), axis=(0, 1))
    if change == "dim":
        return (image * 0.6 + 10).astype(np.uint8)
    if change == "jpeg 50":
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    if change == "border":
        edge = np.median(image, axis=(0, 1)).astype(int).tolist()
        return np.asarray(cv2.copyMakeBorder(image, 60, 60, 60, 60, cv2.BORDER_CONSTANT, value=edge), np.uint8)
    return image


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


def test_the_box_is_in_pixels_of_the_picture() -> None:
    prepared = prepare(stroke((1200, 1600), 30, 220, 30), DIGITS)
    assert prepared is not None
    x, y, w, h = prepared.box
    assert [x, y] == pytest.approx([0.35 * 1600, 0.25 * 1200], abs=40)
    assert [w, h] == pytest.approx([0.3 * 1600, 0.5 * 1200], abs=60)


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
def test_what_is_no_picture_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected a picture"):
        as_picture(image)


def test_input_is_not_written_to() -> None:
    image = stroke((200, 300), 30, 220, 8)
    image.flags.writeable = False
    first, second = to_input(image, DIGITS), to_input(image, DIGITS)
    assert first is not None
    assert second is not None
    assert np.array_equal(first, second)


@pytest.mark.parametrize(("of", "to"), [((13, 9), (20, 14)), ((5, 3), (20, 12)), ((1, 7), (3, 20))])
def test_small_marks_are_enlarged_as_opencv_does_on_x86(of: tuple[int, int], to: tuple[int, int]) -> None:
    """OpenCV's cubic may round by a level otherwise, on Arm it does: that is why it is not used."""
    mark = np.random.default_rng(0).integers(0, 256, of, dtype=np.uint8)
    large = _enlarged(mark, to[::-1])
    assert large.shape == to
    assert large.dtype == np.uint8
    theirs = np.asarray(cv2.resize(mark, to[::-1], interpolation=cv2.INTER_CUBIC), np.uint8).reshape(to)
    assert np.abs(large.astype(int) - theirs.astype(int)).max() <= 1


def test_only_interpolations_that_are_the_same_on_every_machine_are_used() -> None:
    """tests/device proves it on Arm; this keeps the others from coming back unnoticed."""
    folder = Path(preprocess.__file__).parent
    files = [folder / "preprocess.py", *folder.glob("ink/*.py"), *folder.glob("image/*.py")]
    used = {name for path in files for name in re.findall(r"INTER_\w+", path.read_text("utf-8"))}
    code = {name for name in used if name not in ("INTER_AREA", "INTER_NEAREST", "INTER_LINEAR_EXACT")}
    assert not code


PEAK = """
import resource, sys
import numpy as np
from runtime.tflite.card import InputSpec
from runtime.preprocess import to_input

rng = np.random.default_rng(0)
def picture(height, width):
    out = np.empty((height, width, 3), np.uint8)
    for row in out:
        row[:] = rng.integers(200, 230, row.shape, np.uint8)
    out[height // 4 : height // 2, width // 2 : width // 2 + height // 20] = 30
    return out
unit = 1 if sys.platform == "darwin" else 1024
to_input(picture(48, 64), InputSpec()), to_input(picture(480, 640), InputSpec())
frame = picture(3000, 4000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
assert to_input(frame, InputSpec()) is not None
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before) / frame.nbytes)
"""


def test_memory_is_bounded_by_the_frame() -> None:
    """12 megapixels: what is needed beside the frame is a quarter of it and a little."""
    done = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.5
