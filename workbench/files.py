"""Files that are either whole or not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.errors import OutputError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write a file at once: a reader, or a kill at any moment, never meets half of it.

    Args:
        path: The file. Its folder is made.

    Yields:
        A temporary path beside `path`, with its suffix (Keras chooses the format by it). It replaces `path` when the
        block ends without an exception, and is removed otherwise.

    Raises:
        OSError: The file cannot be written.

    Example:
        >>> from tempfile import mkdtemp
        >>> path = Path(mkdtemp()) / "new" / "data.bin"
        >>> with replacing(path) as temporary:
        ...     written = temporary.write_bytes(b"whole")
        >>> path.read_bytes()
        b'whole'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield temporary
        _sync(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` into `path`, whole or not at all.

    Args:
        path: The file. Its folder is made.
        data: Its content.

    Raises:
        OutputError: It cannot be written.
    """
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(data)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from None


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 into `path`, whole or not at all.

    Args:
        path: The file. Its folder is made.
        text: Its content.

    Raises:
        OutputError: It cannot be written.
    """
    write_bytes(path, text.encode("utf-8"))


def _sync(path: Path) -> None:
    """Onto the disk before the name changes: otherwise a power cut can leave the new name with no content."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
