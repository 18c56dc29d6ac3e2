"""Free disk space: outputs that write files stop before the disk is full."""

from __future__ import annotations

import os
from pathlib import Path

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
