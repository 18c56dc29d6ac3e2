"""Datasets with a name, from real files and a real server on this machine; never the network."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest

from runtime.errors import DataError
from runtime.tflite.card import InputSpec
from tests.train.data.datasets import NOWHERE, marks, write_fashion, write_idx, write_mnist
from train.data import named
from train.data.load import load
from train.data.named import FASHION_FILES, FASHION_LABELS, read_idx

pytestmark = pytest.mark.usefixtures("home")


@pytest.mark.parametrize("data", ["auto", "mnist"])
def test_the_environment_comes_first(data: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mnist(home / "datasets" / "mnist.npz", 30)
    monkeypatch.setenv("MNIST_NPZ", str(write_mnist(tmp_path / "any name.npz", 50)))
    dataset = load(data)
    assert dataset.name == "mnist"
    assert dataset.labels == tuple("0123456789")
    assert dataset.input_spec == InputSpec()
    assert dataset.images_train.shape == (50, 28, 28, 1)
    assert dataset.images_test.dtype == np.uint8
    assert "MNIST has 60000 + 10000 images; received 50 + 20" in dataset.warnings[0]


@pytest.mark.parametrize("data", ["auto", "mnist"])
def test_a_bad_file_in_the_environment_is_an_error_and_not_passed_over(
    data: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_mnist(home / "datasets" / "mnist.npz")
    (tmp_path / "bad.npz").write_bytes(b"bad")
    np.savez(tmp_path / "small.npz", x=marks(20)[:, :20], y=np.arange(20) % 10)
    for name, message in {"nowhere.npz": "no such file", "bad.npz": "not one", "small.npz": "received 20x28"}.items():
        monkeypatch.setenv("MNIST_NPZ", str(tmp_path / name))
        with pytest.raises(DataError, match=f"MNIST_NPZ: .*{message}.*unset it"):
            load(data)


def test_then_the_keras_cache(home: Path) -> None:
    write_mnist(home / "datasets" / "mnist.npz", 60)
    assert len(load("auto").images_train) == 60


def test_then_the_download_which_stays_in_the_cache(
    home: Path, server: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    sent = write_mnist(server / "mnist.npz", 70).read_bytes()
    monkeypatch.setattr(named, "MNIST_SHA256", hashlib.sha256(sent).hexdigest())
    assert len(load("mnist").images_train) == 70
    assert [file.name for file in (home / "datasets").iterdir()] == ["mnist.npz"]
    assert (home / "datasets" / "mnist.npz").read_bytes() == sent
    monkeypatch.setattr(named, "KERAS_DATA", NOWHERE)
    assert len(load("mnist").images_train) == 70
    assert capfd.readouterr() == ("", "")


def test_a_broken_cache_is_downloaded_again(home: Path, server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = home / "datasets" / "mnist.npz"
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"half a file")
    sent = write_mnist(server / "mnist.npz", 70).read_bytes()
    monkeypatch.setattr(named, "MNIST_SHA256", hashlib.sha256(sent).hexdigest())
    assert len(load("auto").images_train) == 70
    assert cache.read_bytes() == sent


def test_without_any_of_them_mnist_says_what_to_do(home: Path) -> None:
    with pytest.raises(DataError, match=r"no MNIST here: .*MNIST_NPZ=.*--data mnist-5k") as error:
        load("mnist")
    assert str(home / "datasets" / "mnist.npz") in str(error.value)


def test_auto_ends_with_mlxtends_5000_and_a_loud_warning() -> None:
    dataset = load("auto", seed=4)
    assert dataset.name == "mnist-5k"
    assert dataset.images_train.shape == (4000, 28, 28, 1)
    assert dataset.images_test.shape == (1000, 28, 28, 1)
    assert np.bincount(dataset.labels_test).tolist() == [100] * 10
    (warning,) = dataset.warnings
    assert warning.startswith("WARNING")
    assert "MNIST *training* images" in warning
    assert "cannot download http://127.0.0.1:9/mnist.npz" in warning


def test_fashion_mnist_from_the_cache_and_from_the_server(home: Path, server: Path) -> None:
    write_fashion(server)
    first = load("fashion-mnist")
    assert sorted(file.name for file in (home / "datasets" / "fashion-mnist").iterdir()) == sorted(
        FASHION_FILES.values()
    )
    for file in server.iterdir():
        file.unlink()
    dataset = load("fashion-mnist")
    assert dataset.digest() == first.digest()
    assert dataset.labels == FASHION_LABELS
    assert dataset.input_spec == InputSpec(28, 28, 1, polarity="any", framing="whole")
    np.testing.assert_array_equal(dataset.images_train[..., 0], marks(30))
    assert dataset.labels_test.tolist() == list(range(10))


def test_fashion_mnist_that_is_missing_or_damaged_says_where_it_goes(home: Path) -> None:
    folder = home / "datasets" / "fashion-mnist"
    with pytest.raises(DataError, match=r"fashion-mnist: cannot download.*Put the four files .*gz into") as error:
        load("fashion-mnist")
    assert str(folder) in str(error.value)
    images = write_fashion(folder) / FASHION_FILES["x_train"]
    whole = images.read_bytes()
    for content, message in (
        (whole[:100], "cannot be read"),
        (gzip.compress(b"\x00\x00\x0d\x03" + bytes(50)), "IDX file of bytes"),
        (gzip.compress(gzip.decompress(whole)[:-1]), "expected 23520 bytes for shape .* received 23519"),
    ):
        images.write_bytes(content)
        with pytest.raises(DataError, match=f"{images}: expected .*{message}|{message}.*Put the four"):
            load("fashion-mnist")
    write_idx(images, marks(29))
    with pytest.raises(DataError, match=r"as many images as labels"):
        load("fashion-mnist")


def test_an_idx_file_is_read_in_its_shape(tmp_path: Path) -> None:
    array = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    write_idx(tmp_path / "a.gz", array)
    np.testing.assert_array_equal(read_idx(tmp_path / "a.gz"), array)
