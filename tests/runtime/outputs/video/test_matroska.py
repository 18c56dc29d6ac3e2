"""Videos in .mkv: whole, cut at every frame, and without an end."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from runtime.outputs.video.matroska import Matroska
from tests.runtime.outputs.video.helpers import FPS, SIZE, TICKS, completed, found, jpeg, made

EXPECTED = [(number, 100 * tick) for number, tick in enumerate(TICKS)]


def video() -> Matroska:
    return Matroska(SIZE[1], SIZE[0], FPS)


def test_every_frame_is_found_at_its_time_and_the_rate_is_known(tmp_path: Path) -> None:
    one = video()
    data = completed(one, b"".join(made(one)))
    assert found(tmp_path / "a.mkv", data) == EXPECTED
    assert one.frames == len(EXPECTED)
    opened = cv2.VideoCapture(str(tmp_path / "a.mkv"))
    assert opened.get(cv2.CAP_PROP_FPS) == FPS
    assert opened.get(cv2.CAP_PROP_FRAME_COUNT) == TICKS[-1] + 1  # by its duration


def test_a_file_that_ends_after_any_frame_has_those_before(tmp_path: Path) -> None:
    parts = made(video())
    for number in range(1, len(parts)):
        last = max(index for index, (frame, _) in enumerate(EXPECTED) if frame == number - 1)
        shown = found(tmp_path / "a.mkv", b"".join(parts[: number + 1]))
        assert shown[0] == EXPECTED[0]
        assert shown[-1][0] == number - 1
        assert len(shown) <= last + 1


def test_a_file_that_ends_within_a_frame_has_those_before(tmp_path: Path) -> None:
    parts = made(video())
    whole = b"".join(parts[:-1])
    for more in (1, 20, 60, len(parts[-1]) // 2):
        shown = found(tmp_path / "a.mkv", whole + parts[-1][:more])
        assert [number for number, _ in shown][: len(TICKS) - 1][0] == 0
        assert TICKS.index(6) in [number for number, _ in shown]


def test_the_cost_of_a_frame_is_an_upper_bound() -> None:
    one = video()
    data = one.head()
    assert len(data) <= 1000
    most = len(data)
    for number, tick in enumerate(TICKS):
        most += one.cost(jpeg(number), tick)
        data += one.frame(jpeg(number), tick)
        assert len(completed(one, data)) <= most + 8
    assert most < 1.5 * len(data)


def test_what_is_too_large_is_refused() -> None:
    for size in ((65536, 1), (1, 65536), (0, 5)):
        with pytest.raises(ValueError, match="expected at most 65535 pixels a side"):
            Matroska(*size, FPS)


@pytest.mark.parametrize("fps", [0.01, 1, 29.97, 1000])
def test_any_rate_is_kept(fps: float, tmp_path: Path) -> None:
    one = Matroska(SIZE[1], SIZE[0], fps)
    data = completed(one, b"".join([one.head(), *(one.frame(jpeg(number), number) for number in range(5))]))
    assert [number for number, _ in found(tmp_path / "a.mkv", data)] == [0, 1, 2, 3, 4]
