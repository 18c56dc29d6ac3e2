"""Flip, rotation and crop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from runtime.errors import SourceError
from runtime.sources.base import Frame, SourceOptions
from runtime.sources.registry import open_source
from runtime.sources.transform import transform_frames, transform_image


def test_flip_rotate_and_cut() -> None:
    image = np.arange(6, dtype=np.uint8).reshape(2, 3)
    assert transform_image(image, SourceOptions(flip="h")).tolist() == [[2, 1, 0], [5, 4, 3]]
    assert transform_image(image, SourceOptions(flip="v")).tolist() == [[3, 4, 5], [0, 1, 2]]
    assert transform_image(image, SourceOptions(flip="hv")).tolist() == [[5, 4, 3], [2, 1, 0]]
    assert transform_image(image, SourceOptions(rotate=90)).tolist() == [[3, 0], [4, 1], [5, 2]]
    assert transform_image(image, SourceOptions(rotate=180)).tolist() == [[5, 4, 3], [2, 1, 0]]
    assert transform_image(image, SourceOptions(rotate=270)).tolist() == [[2, 5], [1, 4], [0, 3]]
    assert transform_image(image, SourceOptions(roi=(1, 0, 2, 1))).tolist() == [[1, 2]]
    assert transform_image(image, SourceOptions(flip="h", rotate=90, roi=(0, 0, 1, 2))).tolist() == [[5], [4]]


def test_transformed_frames_come_from_the_source(video: Path) -> None:
    frames = list(open_source(str(video), SourceOptions(rotate=90, roi=(0, 0, 30, 40))))
    assert [frame.image.shape for frame in frames] == [(40, 30, 3)] * 3
    with pytest.raises(SourceError, match=r"--roi 0,0,81,60 lies outside the picture, which is 80x60"):
        list(open_source(str(video), SourceOptions(roi=(0, 0, 81, 60))))


def test_closing_closes_the_source() -> None:
    closed = []

    def source() -> Iterator[Frame]:
        try:
            yield Frame(np.zeros((2, 2), np.uint8), "source", 7, 3.5)
        finally:
            closed.append(True)

    frames = transform_frames(source(), SourceOptions(rotate=90))
    frame = next(frames)
    assert (frame.source, frame.index, frame.captured_at) == ("source", 7, 3.5)
    frames.close()  # type: ignore[attr-defined]
    assert closed == [True]
