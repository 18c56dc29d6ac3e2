"""Downloads into Keras's cache: complete or not at all, and an error within seconds."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

import pytest

from runtime.errors import DataError
from tests.train.data.datasets import NOWHERE, write_mnist
from train.data import download, named
from train.data.load import load

pytestmark = pytest.mark.usefixtures("home")


def test_a_download_that_is_not_what_it_should_be_leaves_nothing(home: Path, server: Path) -> None:
    write_mnist(server / "mnist.npz")
    with pytest.raises(DataError, match=r"expected sha256 731c5ac60275\.\.\.; received"):
        load("mnist")
    assert list((home / "datasets").iterdir()) == []


def test_a_name_server_that_does_not_answer_does_not_hold_us_up(monkeypatch: pytest.MonkeyPatch) -> None:
    never = threading.Event()
    monkeypatch.setattr(download, "urlopen", lambda *_, **__: never.wait(60))
    monkeypatch.setattr(download, "CONNECT_TIMEOUT_S", 0.05)
    with pytest.raises(DataError, match=r"cannot download .*no answer in 0\.05 s"):
        download.download("http://example.invalid/x", "x")
    never.set()


def test_a_file_is_found_in_the_cache_after_its_download(home: Path, server: Path) -> None:
    (server / "words.txt").write_bytes(b"hello")
    assert download.cached("words.txt") is None
    url = named.KERAS_DATA + "words.txt"
    path = download.download(url, "words.txt", hashlib.sha256(b"hello").hexdigest())
    assert path == download.cached("words.txt") == home / "datasets" / "words.txt"
    assert path.read_bytes() == b"hello"


def test_a_refused_connection_is_an_error(home: Path) -> None:
    with pytest.raises(DataError, match=rf"cannot download {NOWHERE}x"):
        download.download(NOWHERE + "x", "x")
    assert not (home / "datasets" / "x").exists()


def test_a_connection_that_ends_early_leaves_nothing(home: Path, server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (server / "long.bin").write_bytes(bytes(1000))
    connect = download._connect

    def cut(url: str) -> object:
        response = connect(url)
        response.headers.replace_header("Content-Length", "2000")
        return response

    monkeypatch.setattr(download, "_connect", cut)
    with pytest.raises(DataError, match="the connection ended after 1000 of 2000 bytes"):
        download.download(named.KERAS_DATA + "long.bin", "long.bin")
    assert list((home / "datasets").iterdir()) == []


def test_the_cache_is_where_keras_has_it(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    assert download.keras_home() == home
    monkeypatch.delenv("KERAS_HOME")
    assert download.keras_home() == Path.home() / ".keras"
