"""What is of .mp4 alone; what it has in common with the other formats is in test_base.py."""

from __future__ import annotations

import struct

from tests.runtime.outputs.video.helpers import TICKS, jpeg, made, video


def test_a_fragment_says_where_its_picture_is_and_when() -> None:
    for number, (fragment, tick) in enumerate(zip(made(video(".mp4"))[1:], TICKS, strict=True)):
        picture = jpeg(number)
        count, offset, duration, size = struct.unpack_from(">4I", fragment, fragment.index(b"trun") + 8)
        (begin,) = struct.unpack_from(">Q", fragment, fragment.index(b"tfdt") + 8)
        assert (count, size, begin) == (1, len(picture), tick * duration)
        assert fragment[offset : offset + size] == picture


def test_the_duration_takes_the_place_of_a_zero() -> None:
    one = video(".mp4")
    data = b"".join(made(one))
    more, ((offset, duration),) = one.tail(len(data))
    assert more == b""
    assert data[offset : offset + len(duration)] == bytes(8)
    assert offset < data.index(b"moof")
