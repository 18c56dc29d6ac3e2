"""A video on a disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.outputs.video.file import FORMATS, HEAD_BYTES, VideoFile
from tests.runtime.outputs.video.helpers import SIZE, found, jpeg


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_is_made_with_its_first_frame_and_grows_by_whole_frames(suffix: str, tmp_path: Path) -> None:
    file = VideoFile(tmp_path / f"a{suffix}", SIZE[1], SIZE[0], 10)
    file.sync()
    file.close()
    assert list(tmp_path.iterdir()) == []
    most = 0
    for number in range(3):
        most += file.cost(jpeg(number), number)
        file.add(jpeg(number), number)
        assert file.path.stat().st_size == file.size <= most
        assert file.frames == number + 1
        assert len(found(tmp_path / f"b{suffix}", file.path.read_bytes())) == number + 1  # as a power cut leaves it
    file.close()
    assert file.path.stat().st_size == file.size <= most + HEAD_BYTES
    assert [number for number, _ in found(tmp_path / f"c{suffix}", file.path.read_bytes())] == [0, 1, 2]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_first_frame_that_does_not_fit_leaves_no_file(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    file = VideoFile(tmp_path / f"a{suffix}", SIZE[1], SIZE[0], 10)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space"):
            file.add(jpeg(0), 0)
    file.close()
    assert list(tmp_path.iterdir()) == []
