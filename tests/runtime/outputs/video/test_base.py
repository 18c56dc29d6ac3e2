"""What every video format is: whole, cut at every frame, and without an end, a reader finds its frames."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from runtime.outputs.video.base import check_dimensions
from runtime.outputs.video.file import FORMATS, HEAD_BYTES
from tests.runtime.outputs.video.helpers import EXPECTED, FPS, SIZE, TICKS, completed, found, jpeg, made, video

every_format = pytest.mark.parametrize("suffix", FORMATS)


@every_format
def test_every_frame_is_found_at_its_time_and_the_rate_is_known(suffix: str, tmp_path: Path) -> None:
    one = video(suffix)
    path = tmp_path / f"a{suffix}"
    assert found(path, completed(one, b"".join(made(one)))) == EXPECTED[suffix]
    assert one.frames == len(EXPECTED[suffix])
    opened = cv2.VideoCapture(str(path))
    assert opened.get(cv2.CAP_PROP_FPS) == FPS
    assert opened.get(cv2.CAP_PROP_FRAME_COUNT) == TICKS[-1] + 1  # by its duration


@every_format
def test_a_file_that_ends_after_any_frame_has_those_before(suffix: str, tmp_path: Path) -> None:
    parts = made(video(suffix))
    for number in range(1, len(parts)):
        last = max(index for index, (frame, _) in enumerate(EXPECTED[suffix]) if frame == number - 1)
        shown = found(tmp_path / f"a{suffix}", b"".join(parts[: number + 1]))
        assert shown[0] == EXPECTED[suffix][0]
        assert shown[-1][0] == number - 1
        assert len(shown) <= last + 1


@every_format
def test_a_file_that_ends_within_a_frame_has_those_before(suffix: str, tmp_path: Path) -> None:
    parts = made(video(suffix))
    whole = b"".join(parts[:-1])
    before = [number for number, at in EXPECTED[suffix] if at <= 100 * TICKS[-2]]
    for more in (1, 20, 60, len(parts[-1]) // 2):
        shown = found(tmp_path / f"a{suffix}", whole + parts[-1][:more])
        assert [number for number, _ in shown][: len(before)] == before


@every_format
def test_the_cost_of_a_frame_is_an_upper_bound(suffix: str) -> None:
    one = video(suffix)
    data = one.head()
    assert len(data) <= HEAD_BYTES
    most = len(data)
    for number, tick in enumerate(TICKS):
        most += one.cost(jpeg(number), tick)
        data += one.frame(jpeg(number), tick)
        assert len(completed(one, data)) <= most + 8
    assert most < 1.5 * len(data)


@every_format
def test_what_is_too_large_is_refused(suffix: str) -> None:
    for size in ((65536, 1), (1, 65536), (0, 5)):
        with pytest.raises(ValueError, match="expected at most 65535 pixels a side"):
            FORMATS[suffix](*size, FPS)


@every_format
@pytest.mark.parametrize("fps", [0.01, 1, 29.97, 1000])
def test_any_rate_is_kept(suffix: str, fps: float, tmp_path: Path) -> None:
    one = FORMATS[suffix](SIZE[1], SIZE[0], fps)
    data = completed(one, b"".join([one.head(), *(one.frame(jpeg(number), number) for number in range(5))]))
    assert [number for number, _ in found(tmp_path / f"a{suffix}", data)] == [0, 1, 2, 3, 4]


def test_dimensions_have_a_limit() -> None:
    check_dimensions(1, 65535)
    with pytest.raises(ValueError, match="received 65536x2"):
        check_dimensions(65536, 2)
