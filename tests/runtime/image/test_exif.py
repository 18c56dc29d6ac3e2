"""The orientation in EXIF data, of either byte order, sound or damaged."""

from __future__ import annotations

import pytest

from runtime.image.exif import orientation_of
from tests.runtime.image import made


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation(orientation: int) -> None:
    data = made.exif(orientation).tobytes()
    assert orientation_of(data) == orientation
    assert orientation_of(data.removeprefix(b"Exif\0\0")) == orientation


def test_damaged_data_say_nothing() -> None:
    data = made.exif(6).tobytes()
    for length in range(len(data) - 6):
        assert orientation_of(data[:length]) in (1, 6)
    for junk in (b"", b"II", b"XX*\0", b"MM\0*\xff\xff\xff\xff", b"II*\0\x08\0\0\0\xff\xff"):
        assert orientation_of(junk) == 1
    assert orientation_of(made.exif(9).tobytes()) == 1
