"""Downloads of one file into Keras's cache: complete or not at all, and an error within seconds."""

from __future__ import annotations

import hashlib
import http.client
import os
import queue
import threading
from pathlib import Path
from typing import IO, Any
from urllib.request import urlopen

from runtime.errors import DataError
from workbench.files import replacing
from workbench.progress import bar

SOCKET_TIMEOUT_S = 5.0  # for each answer; a whole download may take longer as long as data arrive
CONNECT_TIMEOUT_S = 6.0  # with the look-up of the name, which no socket time-out bounds
CHUNK_BYTES = 1 << 16


def keras_home() -> Path:
    """Where Keras keeps what it downloads.

    Returns:
        $KERAS_HOME, else ~/.keras.
    """
    home = os.environ.get("KERAS_HOME")
    return Path(home) if home else Path.home() / ".keras"


def cached(name: str) -> Path | None:
    """Look a file up in Keras's cache.

    Args:
        name: Name of the file, below `datasets/`.

    Returns:
        Its path; None where it is not there.
    """
    path = keras_home() / "datasets" / name
    return path if path.is_file() else None


def download(url: str, name: str, sha256: str = "") -> Path:
    """Fetch a file into Keras's cache, where Keras finds it too.

    Args:
        url: URL of the file.
        name: Name of the file in the cache, below `datasets/`.
        sha256: SHA-256 of the whole file, checked before the file takes its name; "" checks nothing.

    Returns:
        The path of the file.

    Raises:
        DataError: The file could not be fetched. Without a network it comes within CONNECT_TIMEOUT_S.
    """
    path = keras_home() / "datasets" / name
    try:
        with _connect(url) as response, replacing(path) as temporary:
            received = _copy(response, temporary, Path(name).name)
            if sha256 and received != sha256:
                raise DataError(f"{url}: expected sha256 {sha256[:12]}...; received {received[:12]}...")
    except (OSError, http.client.HTTPException) as error:
        raise DataError(f"cannot download {url} ({error})") from None
    return path


def _connect(url: str) -> Any:
    """The open response, awaited from a thread: no time-out of `urlopen` bounds the look-up of the name."""
    answer: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def fetch() -> None:
        try:
            answer.put(urlopen(url, timeout=SOCKET_TIMEOUT_S))
        except Exception as error:
            answer.put(error)

    threading.Thread(target=fetch, daemon=True).start()
    try:
        response = answer.get(timeout=CONNECT_TIMEOUT_S)
    except queue.Empty:
        raise TimeoutError(f"no answer in {CONNECT_TIMEOUT_S:g} s") from None
    if isinstance(response, Exception):
        raise response
    return response


def _copy(response: IO[bytes], path: Path, title: str) -> str:
    """Write the response to `path`; returns its sha256. Raises OSError where it stops early."""
    headers = getattr(response, "headers", {})
    total = int(headers.get("Content-Length") or 0)
    digest, received = hashlib.sha256(), 0
    with path.open("wb") as out, bar(f"download {title}", total) as advance:
        while chunk := response.read(CHUNK_BYTES):
            out.write(chunk)
            digest.update(chunk)
            received += len(chunk)
            advance(len(chunk))
    if total and received != total:
        raise OSError(f"the connection ended after {received} of {total} bytes")
    return digest.hexdigest()
