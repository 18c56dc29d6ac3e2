"""Reading .npz files and drawing the calibration sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert.data import calibrate, calibration_indices, to_inputs
from runtime.errors import DataError
from runtime.tflite.card import InputSpec
from workbench.dataset import Dataset, Split, read_dataset

FRAME = InputSpec(framing="whole", polarity="any")
RGB = InputSpec(2, 2, 3, color="rgb", polarity="any", framing="whole")


def _split(counts: list[int], seed: int = 0) -> Split:
    """counts[k] pictures of class k, shuffled, each of one gray level from 1 to 200."""
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.int64)
    levels = (np.arange(len(labels)) % 200 + 1).astype(np.uint8)
    return Split(np.tile(levels[:, np.newaxis, np.newaxis], (1, 2, 2)), labels)


def _per_class(split: Split, chosen: Any) -> list[int]:
    return [int(n) for n in np.bincount(split.labels[chosen])]


def test_sample_is_balanced() -> None:
    split = _split([100, 400, 100, 100])
    split.images[0] = 0  # both extremes in the first picture, which the sample may or may not hold
    split.images[0, 0, 0] = 255
    counts = _per_class(split, calibration_indices(split, 40, seed=3))
    assert sum(counts) in (40, 41)
    assert min(counts) == 10
    assert max(counts) <= 11


def test_a_class_that_runs_out_leaves_its_turns_to_the_others() -> None:
    split = _split([100, 4, 100])
    split.images[split.labels == 1] = 0  # the extremes are pictures that are all taken anyway
    split.images[np.flatnonzero(split.labels == 1)[0], 0, 0] = 255
    assert _per_class(split, calibration_indices(split, 30, seed=0)) == [13, 4, 13]


def test_sample_is_drawn_by_its_seed() -> None:
    split = _split([200, 200])
    first, again, other = (calibration_indices(split, 20, seed) for seed in (1, 1, 2))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()
    assert len(set(first.tolist())) == len(first)


@pytest.mark.parametrize("seed", range(5))
def test_sample_holds_the_darkest_and_the_brightest_pixel(seed: int) -> None:
    split = _split([300, 300])
    split.images[17, 1, 1], split.images[401, 0, 1] = 0, 255
    chosen = calibration_indices(split, 10, seed)
    assert {17, 401} <= set(chosen.tolist())
    assert len(chosen) <= 12


def test_more_than_there_are_takes_all() -> None:
    assert len(calibration_indices(_split([3, 3]), 500, 0)) == 6


def test_calibration_says_what_was_done(digits: Dataset) -> None:
    sample = calibrate(digits, FRAME, 50, seed=7)
    assert sample.images.dtype == np.uint8
    assert sample.images.shape[1:] == (28, 28, 1)
    said = sample.describe()
    assert (said["seed"], said["pixel_span"], said["images"]) == (7, [0, 255], len(sample.images))
    assert sum(said["per_class"].values()) == said["images"]
    assert set(said["per_class"]) == {str(n) for n in range(10)}


def test_load_reads_what_train_writes(tmp_path: Path, digits: Dataset, save_npz: Callable[..., Path]) -> None:
    loaded = read_dataset(save_npz(tmp_path / "d.npz"))
    assert loaded.spec == FRAME
    assert loaded.test.images.shape == (500, 28, 28, 1)
    assert loaded.validation is not None
    np.testing.assert_array_equal(to_inputs(loaded, loaded.test.images, FRAME), digits.test.images)


def test_load_reads_what_chooses_the_reject_threshold(
    tmp_path: Path, digits: Dataset, save_npz: Callable[..., Path]
) -> None:
    hard, labels = digits.test.images[:7], digits.test.labels[:7]
    more = {"x_hard": hard, "y_hard": labels, "x_negative": hard[:3]}
    loaded = read_dataset(save_npz(tmp_path / "d.npz", more=more))
    assert loaded.hard is not None
    assert loaded.negatives is not None
    np.testing.assert_array_equal(loaded.hard.labels, labels)
    np.testing.assert_array_equal(loaded.negatives, hard[:3])
    plain = read_dataset(save_npz(tmp_path / "plain.npz", more={"x_negative": hard[:0]}))
    assert (plain.hard, plain.negatives) == (None, None)


def test_inputs_made_for_another_card_are_refused(tmp_path: Path, save_npz: Callable[..., Path]) -> None:
    loaded = read_dataset(save_npz(tmp_path / "d.npz"))
    with pytest.raises(DataError, match="differ in polarity, framing"):
        to_inputs(loaded, loaded.test.images, InputSpec())


def test_keras_style_pictures_go_through_preprocess(tmp_path: Path) -> None:
    blank = np.full((1, 40, 40), 255, np.uint8)
    drawn = blank.copy()
    drawn[0, 10:30, 18:22] = 0
    np.savez(tmp_path / "raw.npz", x_test=np.concatenate([blank, drawn]), y_test=np.array([[0], [1]]))
    loaded = read_dataset(tmp_path / "raw.npz")
    assert (loaded.spec, loaded.train, loaded.validation) == (None, None, None)
    assert loaded.test.labels.tolist() == [0, 1]
    done: list[int] = []
    inputs = to_inputs(loaded, loaded.test.images, InputSpec(), done.append)
    assert inputs.shape == (2, 28, 28, 1)
    assert inputs[0].max() == 0  # nothing there: all zeros
    assert inputs[1].max() == 255
    assert done == [1, 1]


def test_colors_of_raw_pictures_keep_their_order(tmp_path: Path) -> None:
    red = np.zeros((1, 2, 2, 3), np.uint8)
    red[..., 0] = 200
    np.savez(tmp_path / "rgb.npz", x_test=red, y_test=[0])
    loaded = read_dataset(tmp_path / "rgb.npz")
    np.testing.assert_array_equal(to_inputs(loaded, loaded.test.images, RGB), red)


PIXELS = np.zeros((2, 4, 4), np.uint8)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"x_train": PIXELS, "y_train": [0, 1]}, "expected the test images x_test and y_test"),
        ({"x_test": PIXELS / 255, "y_test": [0, 1]}, "expected x_test as uint8 .* received float64"),
        ({"x_test": PIXELS[..., np.newaxis].repeat(2, 3), "y_test": [0, 1]}, r"received uint8 of shape \(2, 4, 4, 2\)"),
        ({"x_test": PIXELS, "y_test": [0, 1, 2]}, "expected y_test as 2 class numbers"),
        ({"x_test": PIXELS, "y_test": [0.0, 1.0]}, "expected y_test as 2 class numbers"),
        ({"x_test": PIXELS, "y_test": [0, -1]}, "expected y_test as 2 class numbers from 0"),
        ({"x_test": PIXELS, "y_test": [0, 1], "x_negative": PIXELS / 2}, "expected x_negative as uint8"),
        ({"x_test": PIXELS, "y_test": [0, 1], "input_spec": "{"}, "input_spec is damaged"),
        ({"x_test": PIXELS, "y_test": np.array([None, 1])}, "cannot be read"),
    ],
)
def test_bad_arrays_are_one_clear_line(arrays: dict[str, Any], says: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(DataError, match=says):
        read_dataset(tmp_path / "bad.npz")


def test_bad_files_are_one_clear_line(tmp_path: Path, save_npz: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_dataset(tmp_path / "none.npz")
    with pytest.raises(DataError, match=r"received a folder\. python -m train makes dataset\.npz of one"):
        read_dataset(tmp_path)
    whole = save_npz(tmp_path / "whole.npz").read_bytes()
    for name, data in {"empty": b"", "text": b"hello", "cut": whole[: len(whole) // 2]}.items():
        (tmp_path / f"{name}.npz").write_bytes(data)
        with pytest.raises(DataError, match=r"expected a NumPy \.npz"):
            read_dataset(tmp_path / f"{name}.npz")
    np.save(tmp_path / "array.npy", PIXELS)
    with pytest.raises(DataError, match=r"expected a NumPy \.npz"):
        read_dataset(tmp_path / "array.npy")


def test_int8_needs_training_images(tmp_path: Path) -> None:
    np.savez(tmp_path / "test-only.npz", x_test=PIXELS, y_test=[0, 1])
    with pytest.raises(DataError, match=r"training images .* to calibrate with; .*dynamic, float16, float32"):
        calibrate(read_dataset(tmp_path / "test-only.npz"), FRAME, 10, 0)
