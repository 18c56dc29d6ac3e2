"""The size in the sequence header of AV1 data."""

from __future__ import annotations

import pytest

from runtime.image.av1 import sequence_size
from tests.runtime.image import made


@pytest.mark.parametrize(("width", "height"), [(80, 60), (16, 16), (1000, 3), (255, 256)])
def test_the_size_that_an_encoder_wrote(width: int, height: int) -> None:
    data = made.pil(made.scene(height, width), "AVIF")
    assert sequence_size(data, data.index(b"mdat") + 4) == (width, height)


def test_other_data_have_none() -> None:
    for data in (b"", b"\x12\0", b"\x0a\x01\0", b"\xff" * 300, bytes(300)):
        assert sequence_size(data, 0) == (0, 0)
