"""File descriptors: what C++ code writes past Python, files read within limits; the limit on pictures for OpenCV."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TextIO

MAX_PIXELS = 25_000_000  # of color, that are decoded of one picture: with all that follows they take below 400 MB
MOST_PIXELS = 120_000_000  # that --max-pixels can allow
MAX_THREADS = 64  # of an interpreter: more than any board has cores; beyond some thousands LiteRT ends the process
STDERR = 2  # the file descriptor: the interpreters' C++ writes past sys.stderr


def silence_native_code() -> None:
    """Drop what C++ code writes to standard error from now on; what Python writes there still arrives.

    JPEG decoders and drivers complain about every bad frame, from any thread and for days. `sys.stderr` gets a
    file descriptor of its own. DEBUG=1 lets everything through. For a process that belongs to one command.

    Example:
        >>> silence_native_code()  # doctest: +SKIP
    """
    if _is_left_alone():
        return
    with suppress(OSError, ValueError):  # closed since
        sys.stderr.flush()
        sys.stderr = os.fdopen(os.dup(STDERR), "w", encoding="utf-8", errors="backslashreplace", buffering=1)
        _send_nowhere(STDERR)


@contextmanager
def captured_stderr() -> Iterator[Callable[[], str]]:
    r"""Keep what C++ code writes to standard error off the terminal.

    DEBUG=1 lets it through. Not for use while another thread writes to standard error.

    Yields:
        A function that returns the text so far as one line: without empty lines and those that start with INFO or
        WARNING, joined by "; ". It returns "" where nothing was captured.

    Example:
        >>> with captured_stderr() as text:
        ...     _ = os.write(STDERR, b"INFO: hello\nbroken model\n")
        ...     print(text())
        broken model
    """
    if _is_left_alone():
        yield lambda: ""
        return
    sys.stderr.flush()
    try:
        saved = os.dup(STDERR)
    except OSError:  # closed since: there is nothing to capture
        yield lambda: ""
        return
    with _temporary_file() as captured:
        os.dup2(captured.fileno(), STDERR)

        def text() -> str:
            captured.seek(0)
            lines = captured.read().decode("utf-8", "replace").splitlines()
            return "; ".join(line for line in lines if line and not line.startswith(("INFO", "WARNING")))

        try:
            yield text
        finally:
            os.dup2(saved, STDERR)
            os.close(saved)


def read_regular_file(path: str | Path, limit: int) -> bytes:
    """Read a whole file that is meant to be small, from someone who may have put something else in its place.

    A pipe or a device without end would hang the process or fill its memory. So it is opened without waiting, and
    looked at before a byte is read.

    Args:
        path: Name of the file. A link is followed.
        limit: The most bytes that it may have.

    Returns:
        The file's bytes.

    Raises:
        OSError: The file cannot be read, is no regular file (EINVAL), or is larger than `limit` (EFBIG); `strerror`
            says which, in words for a person.

    Example:
        >>> read_regular_file("/dev/zero", 1000)
        Traceback (most recent call last):
        OSError: [Errno 22] expected a regular file; received a device: '/dev/zero'
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise OSError(errno.EINVAL, f"expected a regular file; received {_kind_of(state.st_mode)}", str(path))
        if state.st_size > limit:
            expected = f"expected at most {limit:,} bytes; received {state.st_size:,}"
            raise OSError(errno.EFBIG, expected, str(path))
        parts = []  # more than one where the system gives less than all at once, as Linux does beyond 2 GiB
        while limit > 0 and (part := os.read(descriptor, min(limit, state.st_size or 65536))):
            parts.append(part)
            limit -= len(part)
    finally:
        os.close(descriptor)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _kind_of(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def discard(stream: TextIO) -> None:
    """Drop what is written to a standard stream from now on, such as Python's own flush at exit.

    For a process whose reader has closed the pipe (`| head`), or whose disk is full: the flush would fail once more.

    Args:
        stream: sys.stdout or sys.stderr.

    Example:
        >>> discard(sys.stdout)  # doctest: +SKIP
    """
    _send_nowhere(stream.fileno())


def prepare_standard_streams() -> None:
    r"""Make standard input, output and error usable, however the process was started. For a command's start.

    A stream that was closed (`>&-`) becomes /dev/null: Python leaves None there, `print` would write errors to
    standard output, and the next file that is opened would get the free descriptor. A letter that standard output
    cannot encode, such as a byte of a file name that is not UTF-8, becomes a backslash escape, as on standard error.

    Example:
        >>> prepare_standard_streams()  # doctest: +SKIP
    """
    for descriptor, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            _send_nowhere(descriptor)
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8", closefd=False))
    # "surrogateescape", of the C locale, would let such a byte through, which no reader expects.
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors in ("strict", "surrogateescape"):
        sys.stdout.reconfigure(errors="backslashreplace")


def is_encodable(text: str) -> bool:
    r"""Tell whether a text may be handed to OpenCV, which ends the process (SIGSEGV) at one that UTF-8 cannot encode.

    Args:
        text: Such as a file name. Python keeps bytes of a name that are not UTF-8 as lone surrogates.

    Returns:
        False where it has a lone surrogate.

    Example:
        >>> is_encodable("caf\u00e9.mp4"), is_encodable("caf\udce9.mp4")
        (True, False)
    """
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _is_left_alone() -> bool:
    """With DEBUG=1; and where standard error was closed at the start, as a daemon may have it: sys.stderr is None."""
    return os.environ.get("DEBUG") == "1" or sys.stderr is None


def _send_nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere != descriptor:
        os.dup2(nowhere, descriptor)
        os.close(nowhere)


def _temporary_file() -> IO[bytes]:
    """A file in memory, where the system has such; else on disk."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("stderr"), "w+b")
    import tempfile

    return tempfile.TemporaryFile()
