"""What is of .mkv alone; what it has in common with the other formats is in test_base.py."""

from __future__ import annotations

import struct

from tests.runtime.outputs.video.helpers import FPS, TICKS, made, video

VOID = bytes.fromhex("EC89") + bytes(9)  # 11 bytes that a reader skips
DURATION = bytes.fromhex("4489 88")  # and 8 bytes of a number


def test_the_duration_takes_the_place_of_an_empty_element() -> None:
    one = video(".mkv")
    data = b"".join(made(one))
    more, ((offset, duration),) = one.tail(len(data))
    assert more == b""
    assert data[offset : offset + len(duration)] == VOID
    assert duration == DURATION + struct.pack(">d", 1000 * (TICKS[-1] + 1) / FPS)  # milliseconds
