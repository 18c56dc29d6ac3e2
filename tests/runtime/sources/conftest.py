"""A short video, for the tests of several sources."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from tests.runtime.helpers import stroke


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Three frames of 80x60 pixels."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (80, 60))
    for level in (30, 90, 30):
        writer.write(cv2.cvtColor(stroke((60, 80), level, 220, 4), cv2.COLOR_GRAY2BGR))
    writer.release()
    return path
