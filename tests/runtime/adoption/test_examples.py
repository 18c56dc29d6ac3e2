"""Labeled pictures, from a folder and from an .npz."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.adoption import examples as module
from runtime.adoption.examples import match_classes, read_folder, read_npz
from runtime.errors import DataError


def test_a_subfolder_for_each_class(tmp_path: Path) -> None:
    for name, level in (("dog", 10), ("cat", 200)):
        (tmp_path / name / "more").mkdir(parents=True)
        for number in range(2):
            cv2.imwrite(
                str(tmp_path / name / ("more" if number else "") / f"{number}.png"), np.full((4, 4), level, np.uint8)
            )
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "cat" / "notes.txt").write_text("x")
    found = read_folder(tmp_path)
    assert found.names == ("cat", "dog")
    assert found.truth.tolist() == [0, 0, 1, 1]
    assert [int(picture.mean()) for picture in found.pictures()] == [200, 200, 10, 10]


def test_numbered_folders_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("10", "2", "1"):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "a.png"), np.zeros((4, 4), np.uint8))
    assert read_folder(tmp_path).names == ("1", "2", "10")


def test_no_more_than_are_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PICTURES", 4)
    np.savez(tmp_path / "x.npz", x_test=np.zeros((9, 4, 4), np.uint8), y_test=np.arange(9))
    assert read_npz(tmp_path / "x.npz").truth.tolist() == [0, 3, 5, 8]


def test_images_of_an_npz_are_rgb(tmp_path: Path) -> None:
    images = np.zeros((2, 4, 4, 3), np.uint8)
    images[..., 0] = 255
    np.savez(tmp_path / "x.npz", images=images, labels=np.array([1, 0]))
    found = read_npz(tmp_path / "x.npz")
    assert next(found.pictures())[0, 0].tolist() == [0, 0, 255]  # BGR
    assert found.names == ("0", "1")
    np.savez(tmp_path / "x.npz", x=images[..., :1], y=np.array([[1], [0]]))
    assert next(read_npz(tmp_path / "x.npz").pictures()).shape == (4, 4)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"a": np.zeros(3)}, "expected arrays x_test and y_test; received a"),
        ({"x": np.zeros((2, 4, 4)), "y": np.zeros(2, int)}, "expected uint8 images"),
        ({"x": np.zeros((2, 4, 4), np.uint8), "y": np.zeros(3, int)}, "a class number for each"),
        ({"x": np.zeros((2, 4, 4), np.uint8), "y": np.zeros(2)}, "a class number for each"),
        ({"x": np.zeros((2, 4, 4, 2), np.uint8), "y": np.zeros(2, int)}, "expected uint8 images"),
        ({"x": np.array([None]), "y": np.zeros(1, int)}, "no .npz of plain arrays"),
    ],
)
def test_what_is_no_data_is_one_line(tmp_path: Path, arrays: dict[str, NDArray[Any]], said: str) -> None:
    np.savez(tmp_path / "x.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(DataError) as raised:
        read_npz(tmp_path / "x.npz")
    assert said in str(raised.value)


def test_what_is_no_folder_or_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_folder(tmp_path / "none")
    with pytest.raises(DataError, match="expected a subfolder with pictures"):
        read_folder(tmp_path)
    with pytest.raises(DataError, match="No such file"):
        read_npz(tmp_path / "none.npz")
    (tmp_path / "x.npz").write_bytes(b"no zip")
    with pytest.raises(DataError, match=r"cannot read .*x\.npz"):
        read_npz(tmp_path / "x.npz")


@pytest.mark.parametrize(
    ("names", "labels", "has_names", "found"),
    [
        (["cat", "dog"], ["dog", "cat", "cow"], True, ((1, 0), False)),
        (["Big_Cat", "DOG"], ["big cat", "dog"], True, ((0, 1), False)),
        (["0", "2"], ["0", "1", "2"], False, ((0, 2), False)),
        (["0_zero", "1_one"], ["0", "1"], False, ((0, 1), False)),
        (["cat", "dog"], ["0", "1"], False, ((0, 1), True)),
    ],
)
def test_folders_and_classes(
    names: list[str], labels: list[str], has_names: bool, found: tuple[tuple[int, ...], bool]
) -> None:
    assert match_classes(names, labels, has_names) == found


@pytest.mark.parametrize(("labels", "has_names"), [(["dog", "cow"], True), (["0", "1", "2"], False)])
def test_a_folder_that_is_no_class(labels: list[str], has_names: bool) -> None:
    with pytest.raises(DataError, match="'cat' of the pictures is no class of the model"):
        match_classes(["cat", "dog"], labels, has_names)
