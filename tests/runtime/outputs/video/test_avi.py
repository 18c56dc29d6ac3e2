"""What is of .avi alone; what it has in common with the other formats is in test_base.py."""

from __future__ import annotations

import struct

from tests.runtime.outputs.video.helpers import EXPECTED, completed, jpeg, made, video

ENTRY = struct.Struct("<4s3I")  # of the index: name, flags, offset from "movi", size


def test_a_frame_is_repeated_until_the_next_one_and_the_index_finds_each() -> None:
    one = video(".avi")
    data = completed(one, b"".join(made(one)))
    frames = data.index(b"movi")
    index = data.rindex(b"idx1") + 8
    entries = [ENTRY.unpack_from(data, at) for at in range(index, len(data), ENTRY.size)]
    assert len(entries) == len(EXPECTED[".avi"])
    for (number, _), (name, _, offset, size) in zip(EXPECTED[".avi"], entries, strict=True):
        at = frames + offset
        assert data[at : at + 8] == struct.pack("<4sI", name, size)
        assert data[at + 8 : at + 8 + size] == jpeg(number)


def test_the_sizes_of_a_complete_file_are_its_own() -> None:
    one = video(".avi")
    data = completed(one, b"".join(made(one)))
    assert struct.unpack_from("<I", data, 4)[0] == len(data) - 8
    (frames_size,) = struct.unpack_from("<I", data, data.index(b"movi") - 4)
    assert data[data.index(b"movi") + frames_size :][:4] == b"idx1"
