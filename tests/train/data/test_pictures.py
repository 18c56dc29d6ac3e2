"""Pictures before framing: parts of them, and the one reader of picture files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from runtime.errors import ImageError
from runtime.image.files import read_image
from train.data.pictures import Split, read_picture


def test_arrays_are_rgb_and_come_out_as_opencv_has_pictures() -> None:
    gray = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert read_picture(gray) is gray
    rgb = np.zeros((3, 4, 3), np.uint8)
    rgb[..., 0] = 200
    made = read_picture(rgb)
    assert made[0, 0].tolist() == [0, 0, 200]
    assert made.flags.c_contiguous


def test_files_are_read_by_the_reader_of_the_device(tmp_path: Path) -> None:
    """A transparent picture lies on white, as on the device; OpenCV alone would give black."""
    picture = np.zeros((20, 30, 4), np.uint8)
    picture[5:15, 5:25] = (10, 20, 30, 255)
    path = tmp_path / "transparent.png"
    assert cv2.imwrite(str(path), picture)
    made = read_picture(path)
    np.testing.assert_array_equal(made, read_image(path))
    assert made[0, 0].tolist() == [255, 255, 255]
    assert made[10, 10].tolist() == [10, 20, 30]


def test_files_that_are_no_pictures_are_named(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ImageError, match=r"text\.png: not a picture"):
        read_picture(tmp_path / "text.png")


def test_a_part_is_picked_by_index(tmp_path: Path) -> None:
    labels = np.array([5, 6, 7])
    arrays = Split(np.arange(3, dtype=np.uint8).reshape(3, 1, 1), labels).pick(np.array([2, 0]))
    assert np.asarray(arrays.pictures).ravel().tolist() == [2, 0]
    files = Split([tmp_path / name for name in "abc"], labels).pick(np.array([2, 0]))
    assert [Path(path).name for path in files.pictures] == ["c", "a"]
    assert arrays.labels.tolist() == files.labels.tolist() == [7, 5]
