"""What a file is that is not read, by name and with a remedy."""

from __future__ import annotations

import pytest

from runtime.image.content import video_kind
from runtime.image.foreign import explain

FILES = {
    b"\0\0\0\x18ftypheic\0\0\0\0mif1heic": "HEIC; save it as JPEG.*heif-convert",
    b"\0\0\0\x18ftypmif1\0\0\0\0heic....": "HEIC",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JPEG XL.*convert it",
    b"8BPS\0\1": "PSD.*convert it",
    b"%PDF-1.7": "PDF.*convert it",
    b'<?xml version="1.0"?><svg>': "SVG.*convert it",
    b"#?RADIANCE\n": "HDR.*convert it",
    b"Pf\n3 2\n-1.0\n": "PFM.*convert it",
    b"RIFF\0\0\0\0WAVEfmt ": "not a picture OpenCV can read.*expected JPEG, PNG",
    b"This is a text.": "not a picture OpenCV can read.*expected JPEG, PNG",
}


@pytest.mark.parametrize("data", FILES)
def test_files_are_named(data: bytes) -> None:
    import re

    assert re.search(FILES[data], explain(data + bytes(32)))
    assert not video_kind(data + bytes(600))


@pytest.mark.parametrize(
    "data",
    [b"\0\0\0\x18ftypmp42....isom", b"\x1aE\xdf\xa3", b"RIFF\0\0\0\0AVI LIST", b"\0\0\0\1\x67", b"G" + bytes(187)],
)
def test_videos_are_known_by_their_first_bytes(data: bytes) -> None:
    assert video_kind(data * 3)
