"""Folders of labeled pictures: how they may be laid out, and what becomes of broken files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from runtime.errors import DataError
from train.data.folders import FOLDER_SPEC, read_folder
from train.data.load import load


def draw(path: Path, blue: int = 0, green: int = 0, red: int = 0) -> Path:
    """A picture of one color, 40 wide and 30 high."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = np.zeros((30, 40, 3), np.uint8)
    picture[:] = blue, green, red
    assert cv2.imwrite(str(path), picture)
    return path


def fill(root: Path, *classes: str, count: int = 5) -> Path:
    for index, name in enumerate(classes):
        for number in range(count):
            draw(root / name / f"{number}.png", blue=40 * index, green=number, red=200)
    return root


def test_a_subfolder_a_class_every_kind_of_file_at_any_depth(tmp_path: Path) -> None:
    fill(tmp_path, "dog", "cat")
    for suffix in ("jpg", "jpeg", "BMP", "webp"):
        draw(tmp_path / "cat" / "deep" / "er" / f"x.{suffix}")
    (tmp_path / "cat" / "notes.txt").write_text("no picture")
    (tmp_path / "cat" / "._0.png").write_bytes(b"what macOS leaves behind")
    raw = read_folder(tmp_path)
    assert raw.labels == ("cat", "dog")
    assert np.bincount(raw.train.labels).tolist() == [9, 5]
    assert raw.test is None
    assert raw.warnings == ()


def test_numbers_sort_as_numbers(tmp_path: Path) -> None:
    assert read_folder(fill(tmp_path, "10", "9", "2", count=1)).labels == ("2", "9", "10")


@pytest.mark.parametrize("name", ["test", "val"])
def test_train_and_test_folders(tmp_path: Path, name: str) -> None:
    fill(tmp_path / "train", "a", "b", count=4)
    fill(tmp_path / name, "b", count=2)
    raw = read_folder(tmp_path)
    assert raw.labels == ("a", "b")
    assert raw.test is not None
    assert raw.test.labels.tolist() == [1, 1]


def test_loading_frames_every_picture_as_rgb_and_splits_by_the_seed(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b", count=10)
    dataset = load(str(tmp_path), seed=1)
    assert dataset.input_spec == FOLDER_SPEC
    assert dataset.images_train.shape == (16, 96, 96, 3)
    assert dataset.images_test.shape == (4, 96, 96, 3)
    assert np.bincount(dataset.labels_test).tolist() == [2, 2]
    red, _, blue = dataset.images_train[:, 50, 50].T
    assert red.tolist() == [200] * 16
    np.testing.assert_array_equal(blue, 40 * dataset.labels_train)
    assert load(str(tmp_path), seed=1).digest() == dataset.digest()
    assert load(str(tmp_path), seed=2).digest() != dataset.digest()


def test_broken_pictures_are_skipped_counted_and_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path / "train", "a", "b", count=3)
    fill(tmp_path / "test", "a", "b", count=1)
    (tmp_path / "train" / "a" / "empty.jpg").write_bytes(b"")
    (tmp_path / "train" / "b" / "text.png").write_text("no picture either")
    whole = draw(tmp_path / "whole.png").read_bytes()
    (tmp_path / "train" / "b" / "header.png").write_bytes(whole[:30])
    dataset = load(str(tmp_path))
    assert np.bincount(dataset.labels_train).tolist() == [3, 3]
    (warning,) = dataset.warnings
    assert "skipped 3 pictures that cannot be read" in warning
    for name in ("empty.jpg", "text.png", "header.png"):
        assert name in warning
    assert capfd.readouterr().err == ""


def test_a_class_without_pictures_is_left_out_with_a_warning(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b")
    (tmp_path / "nothing").mkdir()
    raw = read_folder(tmp_path)
    assert raw.labels == ("a", "b")
    assert "nothing: no pictures" in raw.warnings[0]


def test_bad_folders_get_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    draw(tmp_path / "flat" / "0.png")
    fill(tmp_path / "one", "a")
    for name in ("a", "b"):
        (tmp_path / "broken" / name).mkdir(parents=True)
        for number in range(5):
            (tmp_path / "broken" / name / f"{number}.png").write_bytes(b"no picture")
    fill(tmp_path / "odd" / "train", "a", "b")
    fill(tmp_path / "odd" / "test", "c")
    fill(tmp_path / "single", "a", "b", count=1)
    for name, message in {
        "empty": "no subfolders",
        "flat": "no subfolders",
        "one": "at least 2 classes",
        "broken": "none of the 8 files can be read",
        "odd": "expected the classes a, b; received 'c'",
        "single": "at least 2 images of some class",
        "nowhere": "expected one of auto, mnist",
    }.items():
        with pytest.raises(DataError, match=message):
            load(str(tmp_path / name))
