"""What C++ code does to the process: its words on standard error, and the limits OpenCV reads at import."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO

# A file whose header claims 20000x20000 pixels would take 1.2 GB before it turns out to be cut short.
MAX_PIXELS = 120_000_000
STDERR = 2  # the file descriptor: the interpreters' C++ writes past sys.stderr


def silence_native_code() -> None:
    """Give sys.stderr a descriptor of its own, and send what C++ code writes to the old one nowhere.

    JPEG decoders and drivers complain there about every bad frame, from any thread and for days. DEBUG=1 lets them.
    """
    if os.environ.get("DEBUG") == "1":
        return
    with suppress(OSError, ValueError):  # closed, as a daemon may have it
        sys.stderr.flush()
        sys.stderr = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="backslashreplace", buffering=1)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


def _sink() -> IO[bytes]:
    """Somewhere to write that needs no disk, where the system has it."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("stderr"), "w+b")
    import tempfile

    return tempfile.TemporaryFile()


@contextmanager
def captured_stderr() -> Iterator[Callable[[], str]]:
    """Keep what C++ code writes to standard error off the terminal; yields a function that returns it.

    DEBUG=1 lets it through. Not for use while another thread writes to standard error.
    """
    if os.environ.get("DEBUG") == "1":
        yield lambda: ""
        return
    sys.stderr.flush()
    try:
        saved = os.dup(STDERR)
    except OSError:  # closed, as a daemon may have it: nothing to keep quiet
        yield lambda: ""
        return
    with _sink() as sink:
        os.dup2(sink.fileno(), STDERR)

        def said() -> str:
            sink.seek(0)
            lines = sink.read().decode("utf-8", "replace").splitlines()
            return "; ".join(line for line in lines if line and not line.startswith(("INFO", "WARNING")))

        try:
            yield said
        finally:
            os.dup2(saved, STDERR)
            os.close(saved)
