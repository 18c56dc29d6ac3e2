"""Frames that a decoder makes up are left out, and said."""

from __future__ import annotations

import random
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.errors import SourceError
from runtime.sources.base import Frame
from runtime.sources.damage import DamageWatch
from runtime.sources.registry import open_source

FRAMES = 60


def shown() -> list[NDArray[np.uint8]]:
    """A texture that moves by a pixel a frame."""
    texture = np.random.default_rng(1).integers(0, 255, (30, 40, 3), np.uint8)
    large = cv2.resize(texture, (400, 300), interpolation=cv2.INTER_CUBIC)
    return [np.ascontiguousarray(large[40:280, number : number + 320]) for number in range(FRAMES)]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The same as MPEG-4 in Matroska, with a frame that needs no other one every twelve."""
    path = tmp_path_factory.mktemp("video") / "sound.mkv"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10, (320, 240))
    for image in shown():
        writer.write(image)
    writer.release()
    return path.read_bytes()


def test_a_sound_video_loses_nothing(sound: bytes, tmp_path: Path) -> None:
    (tmp_path / "sound.mkv").write_bytes(sound)
    assert [frame.index for frame in open_source(str(tmp_path / "sound.mkv"))] == list(range(FRAMES))


@pytest.mark.parametrize("seed", range(5))
def test_no_frame_that_was_made_up_is_given(seed: int, sound: bytes, tmp_path: Path) -> None:
    (tmp_path / "sound.mkv").write_bytes(sound)
    whole = [frame.image for frame in open_source(str(tmp_path / "sound.mkv"))]
    chance = random.Random(seed)
    data = bytearray(sound)
    at = chance.randrange(len(data) // 4, len(data) * 3 // 4)
    data[at : at + 300] = chance.randbytes(300)
    (tmp_path / "damaged.mkv").write_bytes(data)
    given: list[Frame] = []
    with pytest.raises(SourceError, match=r"frames are damaged, and were left out; |cut short or damaged"):
        given.extend(open_source(str(tmp_path / "damaged.mkv")))
    assert 10 <= len(given) < FRAMES  # what comes before the damage, and after the next whole frame
    # Where a whole frame is lost the numbers of those after it are others.
    assert all(any(np.array_equal(frame.image, image) for image in whole) for frame in given)


def test_where_no_child_can_be_started_no_frame_is_doubted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    watch = DamageWatch("clip.mkv")
    assert [watch.is_whole() for _ in range(3)] == [True] * 3
    assert watch.damaged == 0
    watch.close()


def test_a_video_that_is_left_early_leaves_no_child(sound: bytes, tmp_path: Path) -> None:
    (tmp_path / "sound.mkv").write_bytes(sound)
    watch = DamageWatch(str(tmp_path / "sound.mkv"))
    assert watch.is_whole()
    child = watch._child
    assert child is not None
    watch.close()
    assert child.poll() is not None
    assert watch.is_whole()
