"""Keras-style .npz files: the good ones in every form, and one clear line for each bad one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.errors import DataError
from runtime.tflite.card import InputSpec
from train.data import npz
from train.data.npz import read_npz

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (12, 28, 28), dtype=np.uint8)
Y = np.arange(12) % 3


def save(path: Path, **arrays: Any) -> Path:
    np.savez_compressed(path, **arrays)
    return path


def whole(**changes: Any) -> dict[str, Any]:
    return {"x_train": X, "y_train": Y, "x_test": X[:6], "y_test": Y[:6], **changes}


def test_keras_keys(tmp_path: Path) -> None:
    raw = read_npz(save(tmp_path / "things.npz", **whole()))
    assert raw.name == "things"
    assert raw.labels == ("0", "1", "2")
    assert raw.spec == InputSpec(28, 28, 1, polarity="any", framing="whole")
    np.testing.assert_array_equal(raw.train.pictures, X)
    assert raw.test is not None
    np.testing.assert_array_equal(raw.test.labels, Y[:6])


@pytest.mark.parametrize("keys", [("x_train", "y_train"), ("x", "y")])
def test_without_test_images(tmp_path: Path, keys: tuple[str, str]) -> None:
    raw = read_npz(save(tmp_path / "a.npz", **{keys[0]: X, keys[1]: Y}))
    assert raw.test is None
    assert len(raw.train.labels) == 12


@pytest.mark.parametrize("name", ["mnist.npz", "MNIST-mine.npz", "fashion.npz"])
def test_no_name_makes_a_file_one_of_digits(tmp_path: Path, name: str) -> None:
    """Nothing in the arrays tells digits from garments: it is said, and how to say which."""
    raw = read_npz(save(tmp_path / name, x=X, y=Y))
    assert raw.spec.framing == "whole"
    assert raw.labels == ("0", "1", "2")
    (warning,) = raw.warnings
    assert warning.startswith(f'{tmp_path / name}: taken for pictures as they are, framing "whole"')
    assert "give --framing ink" in warning
    assert "\n" not in warning


@pytest.mark.parametrize("said_by", ["file", "option"])
def test_a_file_is_of_digits_where_it_or_the_user_says_so(tmp_path: Path, said_by: str) -> None:
    words = {"framing": "ink"} if said_by == "file" else {}
    raw = read_npz(save(tmp_path / "a.npz", x=X, y=Y, **words), "" if words else "ink")
    assert raw.spec == InputSpec()
    assert raw.labels == tuple("0123456789")
    assert raw.warnings == ()


def test_the_images_that_keras_ships_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "renamed.npz", x=X, y=Y)
    monkeypatch.setattr(npz, "KNOWN_MARKS_SHA256", hashlib.sha256(X.tobytes()).hexdigest())
    raw = read_npz(path)
    assert raw.spec == InputSpec()
    assert raw.labels == tuple("0123456789")
    assert raw.warnings == ()
    assert read_npz(path, "whole").spec.framing == "whole"


@pytest.mark.skipif("MNIST_NPZ" not in os.environ, reason="needs MNIST in full: set MNIST_NPZ")
def test_the_real_mnist_npz_is_of_digits() -> None:
    raw = read_npz(Path(os.environ["MNIST_NPZ"]))
    assert raw.spec == InputSpec()
    assert raw.warnings == ()


@pytest.mark.parametrize(
    ("images", "labels", "names"),
    [
        (X[:, :20, :24], Y, None),
        (np.stack([X] * 3, axis=-1), Y, None),
        (X, np.arange(12), None),
        (X, Y, np.array(["a", "b", "c"])),
    ],
)
def test_files_that_cannot_be_of_digits_get_no_warning(
    tmp_path: Path, images: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], names: np.ndarray[Any, Any] | None
) -> None:
    raw = read_npz(save(tmp_path / "mnist.npz", x=images, y=labels, **({} if names is None else {"labels": names})))
    assert raw.spec.framing == "whole"
    assert raw.spec.shape[:2] == images.shape[1:3]
    assert raw.warnings == ()


def test_the_files_own_words_come_first(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", **whole(framing="ink", labels=np.array(["ka", "ki", "ku", "ke"])))
    raw = read_npz(path)
    assert raw.spec.framing == "ink"
    assert raw.labels == ("ka", "ki", "ku", "ke")
    path = save(tmp_path / "mnist_not.npz", **whole(framing="whole", labels=np.array([b"a", b"b", b"c"])))
    assert read_npz(path).spec.framing == "whole"
    assert read_npz(path).labels == ("a", "b", "c")


def test_other_integers_single_channels_and_label_columns(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", x=X[..., None].astype(np.int32), y=Y[:, None].astype(np.uint8))
    raw = read_npz(path)
    np.testing.assert_array_equal(raw.train.pictures, X)
    assert np.asarray(raw.train.pictures).dtype == np.uint8
    np.testing.assert_array_equal(raw.train.labels, Y)


def test_gaps_between_labels_leave_no_class_behind(tmp_path: Path) -> None:
    raw = read_npz(save(tmp_path / "a.npz", x=X, y=np.array([3, 900_000, 7] * 4)))
    assert raw.labels == ("3", "7", "900000")
    assert raw.train.labels.tolist() == [0, 2, 1] * 4


BAD_ARRAYS = [
    (whole(x_train=X / np.float32(255)), r"x_train: expected uint8.*received float32.*multiply by 255"),
    (whole(x_train=X.astype(np.float64)), r"x_train: expected uint8.*received float64"),
    (whole(x_train=X > 9), r"received bool. Multiply by 255"),
    (whole(x_train=X.astype(np.int16) + 1), r"pixels of 0 to 255; received int16 from 1 to 256"),
    (whole(x_test=X[:6].astype(np.int16) - 1), r"x_test: expected pixels of 0 to 255; received int16 from -1"),
    (whole(x_train=X[0]), r"expected images of shape \(N, H, W\).*received \(28, 28\)"),
    (whole(x_train=np.stack([X] * 4, -1)), r"expected images of shape .*received \(12, 28, 28, 4\)"),
    (whole(x_train=X[:0], y_train=Y[:0]), r"at least one image; received an empty array of shape \(0, 28, 28\)"),
    (whole(x_test=X[:6, :20]), r"shape of x_train, 28x28; received 20x28"),
    (whole(y_train=Y[:-1]), r"one label an image; received 12 images in x_train and 11 labels"),
    (whole(y_train=Y.astype(np.float32)), r"y_train: expected labels that are whole numbers; received float32"),
    (whole(y_train=Y - 1), r"labels from 0 up; received -1"),
    (whole(y_train=np.eye(3, dtype=np.uint8)[Y]), r"one whole number an image, shape \(N,\); received \(12, 3\)"),
    (whole(y_train=Y * 0), r"at least 2 classes; received 1"),
    (whole(y_test=Y[:6] + 1), r"the 3 classes of the training images.*received 3"),
    (whole(labels=np.array(["a", "b"])), r"expected labels of 0 to 1.*received 2"),
    (whole(labels=np.array([1, 2, 3])), r"labels: expected a list of names; received int"),
    (whole(framing="photo"), r"framing must be one of ink, whole; received 'photo'"),
    (whole(x_train=np.stack([X] * 3, -1), x_test=np.stack([X[:6]] * 3, -1), framing="ink"), r"'ink' expects gray"),
    ({"x_train": X}, r"expected the arrays x_train, y_train.*received x_train: y_train missing"),
    ({"images": X}, r"received images: x and y missing"),
    ({"x_train": X, "y_train": Y, "x_test": X}, r"y_test missing"),
    (whole(y_train=np.array([object()] * 12)), r"pickled objects, which are not read"),
]


@pytest.mark.parametrize(("arrays", "message"), BAD_ARRAYS, ids=[message[:40] for _, message in BAD_ARRAYS])
def test_each_bad_array_gets_one_clear_line(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    path = save(tmp_path / "bad.npz", **arrays)
    with pytest.raises(DataError, match=message) as error:
        read_npz(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def bad_files(folder: Path) -> list[tuple[Path, str]]:
    good = save(folder / "good.npz", **whole()).read_bytes()
    middle = good.index(b"x_train.npy") + 3000
    files = {
        "empty.npz": (b"", "0 bytes that are not one"),
        "text.npz": (b"not a zip at all", "16 bytes that are not one"),
        "cut.npz": (good[: len(good) // 2], "truncated or something else"),
        "flipped.npz": (good[:middle] + b"\xff" * 99 + good[middle + 99 :], "cannot be read"),
    }
    for name, (content, _) in files.items():
        (folder / name).write_bytes(content)
    np.save(folder / "array.npy", X)
    (folder / "array.npy").rename(folder / "array.npz")
    return [
        *((folder / name, message) for name, (_, message) in files.items()),
        (folder / "array.npz", "not one"),
        (folder / "nowhere.npz", "there is no such file"),
    ]


def test_each_bad_file_gets_one_clear_line(tmp_path: Path) -> None:
    for path, message in bad_files(tmp_path):
        with pytest.raises(DataError, match=message) as error:
            read_npz(path)
        assert str(path) in str(error.value)
