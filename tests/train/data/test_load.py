"""The whole chain behind --data, with real files and a real server on this machine; never the network."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from runtime.errors import DataError
from runtime.preprocess import to_input
from runtime.tflite.card import InputSpec
from train.data import download, named
from train.data.load import load
from train.data.named import FASHION_FILES, FASHION_LABELS

NOWHERE = "http://127.0.0.1:9/"  # the discard port: refused at once


def marks(count: int) -> npt.NDArray[np.uint8]:
    """Bright bars on black, each in a place of its own."""
    images = np.zeros((count, 28, 28), np.uint8)
    for index, image in enumerate(images):
        image[6 : 20 + index % 3, 10 : 13 + index % 5] = 255
    return images


def write_mnist(path: Path, count: int = 40) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    x, y = marks(count), np.arange(count) % 10
    np.savez_compressed(path, x_train=x, y_train=y.astype(np.uint8), x_test=x[:20], y_test=y[:20].astype(np.uint8))
    return path


def write_idx(path: Path, array: npt.NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    path.write_bytes(gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()))


def write_fashion(folder: Path) -> Path:
    for key, file in FASHION_FILES.items():
        count = 30 if "train" in key else 10
        write_idx(folder / file, marks(count) if key[0] == "x" else (np.arange(count) % 10).astype(np.uint8))
    return folder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Keras cache, no $MNIST_NPZ, and no network."""
    folder = tmp_path / "keras"
    monkeypatch.delenv("MNIST_NPZ", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(folder))
    monkeypatch.setattr(named, "KERAS_DATA", NOWHERE)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that stands in for the place Keras downloads from."""
    folder = tmp_path / "server"
    folder.mkdir()
    handler = partial(_QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        monkeypatch.setattr(named, "KERAS_DATA", f"http://127.0.0.1:{httpd.server_port}/")
        yield folder
        httpd.shutdown()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


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


def test_every_image_goes_through_to_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_mnist(tmp_path / "mnist.npz")
    dataset = load(str(path))
    for image, made in zip(marks(40), dataset.images_train, strict=True):
        wanted = to_input(image, InputSpec())
        assert wanted is not None
        np.testing.assert_array_equal(made, wanted)
    assert dataset.images_train.any(axis=(1, 2, 3)).all()


def test_an_image_without_a_mark_becomes_a_black_input(tmp_path: Path) -> None:
    x = marks(20)
    x[3] = 0
    np.savez(tmp_path / "mnist.npz", x_train=x, y_train=np.arange(20) % 10, x_test=x, y_test=np.arange(20) % 10)
    dataset = load(str(tmp_path / "mnist.npz"))
    assert np.flatnonzero(~dataset.images_train.any(axis=(1, 2, 3))).tolist() == [3]
    assert len(dataset.labels_train) == 20


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


def test_a_download_that_is_not_what_it_should_be_leaves_nothing(home: Path, server: Path) -> None:
    write_mnist(server / "mnist.npz")
    with pytest.raises(DataError, match=r"expected sha256 731c5ac60275\.\.\.; received"):
        load("mnist")
    assert list((home / "datasets").iterdir()) == []


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


def test_a_name_server_that_does_not_answer_does_not_hold_us_up(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr(download, "urlopen", lambda *_, **__: never.wait(60))
    monkeypatch.setattr(download, "CONNECT_TIMEOUT_S", 0.05)
    with pytest.raises(DataError, match=r"cannot download .*no answer in 0\.05 s"):
        download.download("http://example.invalid/x", "x")
    never.set()


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


def test_what_is_neither_a_name_nor_a_file() -> None:
    with pytest.raises(DataError, match=r"mnits: expected one of auto, mnist, mnist-5k, fashion-mnist, a \.npz"):
        load("mnits")
