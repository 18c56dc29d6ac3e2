"""The .npz of a run: what is written is what is read."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from runtime.errors import DataError
from runtime.tflite.card import InputSpec
from workbench.dataset import Dataset, Split, read_dataset, write_dataset

SPEC = InputSpec(4, 4, framing="whole", polarity="any")


def _split(count: int, seed: int) -> Split:
    rng = np.random.default_rng(seed)
    return Split(rng.integers(0, 256, (count, 4, 4, 1), np.uint8), rng.integers(0, 3, count))


def _dataset(path: Path) -> Dataset:
    negatives = np.random.default_rng(4).integers(0, 256, (2, 4, 4, 1), np.uint8)
    return Dataset(path, SPEC, ("a", "ü", "c"), _split(6, 0), _split(3, 1), _split(5, 2), _split(4, 3), negatives)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = _dataset(tmp_path / "new" / "dataset.npz")
    write_dataset(written)
    found = read_dataset(written.path)
    assert (found.path, found.spec, found.labels) == (written.path, SPEC, ("a", "ü", "c"))
    for name in ("train", "validation", "test", "hard"):
        before, after = getattr(written, name), getattr(found, name)
        np.testing.assert_array_equal(after.images, before.images)
        np.testing.assert_array_equal(after.labels, before.labels)
        assert len(after) == len(before)
    np.testing.assert_array_equal(found.negatives, written.negatives)
    assert [path.name for path in written.path.parent.iterdir()] == ["dataset.npz"]


def test_the_arrays_have_their_order_and_types(tmp_path: Path) -> None:
    write_dataset(_dataset(tmp_path / "d.npz"))
    with np.load(tmp_path / "d.npz") as arrays:
        splits = ["x_train", "y_train", "x_val", "y_val", "x_test", "y_test"]
        assert arrays.files == [*splits, "labels", "input_spec", "x_hard", "y_hard", "x_negative"]
        assert {arrays[name].dtype for name in arrays.files if name.startswith("x_")} == {np.dtype(np.uint8)}
        assert {arrays[name].dtype for name in arrays.files if name.startswith("y_")} == {np.dtype(np.int64)}


def test_an_empty_split_is_written_and_read_as_none(tmp_path: Path) -> None:
    whole = _dataset(tmp_path / "d.npz")
    write_dataset(dataclasses.replace(whole, validation=_split(0, 1), hard=None, negatives=None))
    with np.load(whole.path) as arrays:
        assert arrays["x_val"].shape == (0, 4, 4, 1)
        assert "x_hard" not in arrays.files
    found = read_dataset(whole.path)
    assert (found.validation, found.hard, found.negatives) == (None, None, None)


def test_the_remedy_is_the_callers(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.npz: no such file; Train again: python -m train"):
        read_dataset(tmp_path / "none.npz", "Train again: python -m train")
    (tmp_path / "bad.npz").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"expected a NumPy \.npz .*; Train again"):
        read_dataset(tmp_path / "bad.npz", "Train again")


def test_a_dataset_of_before_schema_2_is_read(tmp_path: Path) -> None:
    """A training of hours is not lost by a key's new name."""
    written = dataclasses.replace(_dataset(tmp_path / "dataset.npz"), spec=None)
    write_dataset(written)
    with np.load(written.path) as archive:
        arrays = dict(archive)
    old = {"height": 4, "width": 4, "channels": 1, "colour": "gray", "polarity": "any", "framing": "frame"}
    np.savez_compressed(written.path, **arrays, input_spec=np.array(json.dumps({**old, "ink_box": 1})))
    assert read_dataset(written.path).spec == SPEC


@pytest.mark.parametrize("text", ["[1]", "{", '{"height": "four"}', "null"])
def test_a_damaged_spec_is_one_line(tmp_path: Path, text: str) -> None:
    written = dataclasses.replace(_dataset(tmp_path / "dataset.npz"), spec=None)
    write_dataset(written)
    with np.load(written.path) as archive:
        arrays = dict(archive)
    np.savez_compressed(written.path, **arrays, input_spec=np.array(text))
    with pytest.raises(DataError, match=r"its input_spec is damaged .*; train again"):
        read_dataset(written.path)
