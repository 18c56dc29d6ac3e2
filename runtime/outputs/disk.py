"""Free disk space: outputs that write files stop before the disk is full."""

from __future__ import annotations

import os
from pathlib import Path

MIN_FREE_BYTES = 500_000_000  # of the disk that are left to others


def free_bytes(folder: Path) -> int:
    """Bytes that are free on the disk of a folder.

    Raises:
        OSError: There is no such folder.
    """
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def is_nearly_full(folder: Path) -> bool:
    """True where less than MIN_FREE_BYTES are free on the disk of a folder.

    Raises:
        OSError: There is no such folder.
    """
    return free_bytes(folder) < MIN_FREE_BYTES
