"""Folders that outputs write to, and their free space: an output stops before the disk is full."""

from __future__ import annotations

import os
from pathlib import Path

from runtime.errors import OutputError

MIN_FREE_BYTES = 500_000_000  # of the disk that are left to others


def free_bytes(folder: Path) -> int:
    """Look how much of a disk is free.

    Args:
        folder: On the disk.

    Returns:
        Bytes.

    Raises:
        OSError: There is no such folder.
    """
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def is_nearly_full(folder: Path) -> bool:
    """Tell whether a disk has little room left.

    Args:
        folder: On the disk.

    Returns:
        True where less than MIN_FREE_BYTES are free.

    Raises:
        OSError: There is no such folder.
    """
    return free_bytes(folder) < MIN_FREE_BYTES


def make_folder(folder: Path) -> None:
    """Make a folder for what is written.

    Args:
        folder: It may exist; those above it are made too.

    Raises:
        OutputError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make folder {folder}: {error.strerror}") from None
