"""Sizes by the header, and what is refused by them before anything is decoded."""

from __future__ import annotations

import pytest

from runtime.image.header import Header, brands, is_picture, read_header, reduction_within
from tests.runtime.image import made


@pytest.mark.parametrize("suffix", sorted(made.files()))
def test_the_header_says_the_size(suffix: str) -> None:
    header = read_header(made.files()[suffix])
    assert header is not None
    assert (header.width, header.height, header.depth, header.pages) == (80, 60, 1, 1)
    assert is_picture(made.files()[suffix][:32])


def test_other_files_have_none() -> None:
    for data in (b"", b"\0", b"text" * 99, b"RIFF\0\0\0\0WAVEfmt ", b"\0\0\0\x18ftypmp42" + bytes(99)):
        assert read_header(data) is None
        assert not is_picture(data)


@pytest.mark.parametrize("suffix", sorted(made.files()))
def test_a_header_that_is_cut_short_is_an_error_and_no_crash(suffix: str) -> None:
    data = made.files()[suffix]
    for length in range(12, min(len(data), 200)):
        try:
            header = read_header(data[:length])
        except ValueError:
            continue
        assert header is None or header.width == 80


@pytest.mark.parametrize(
    ("header", "fits"),
    [
        (Header("PNG", 5000, 5000), True),
        (Header("PNG", 5001, 5000), False),
        (Header("PNG", 8660, 8660, channels=1), True),
        (Header("PNG", 8661, 8661, channels=1), False),
        (Header("PNG", 4330, 4330, channels=4), True),
        (Header("PNG", 4331, 4331, channels=4), False),
        (Header("PNG", 4000, 3000, depth=2), True),
        (Header("PNG", 4000, 4000, depth=2), False),
        (Header("TIFF", 16, 16, work=16384 * 8192 * 5), False),
        (Header("PNG", 1_000_000, 1), True),
    ],
)
def test_the_limit_counts_bytes(header: Header, fits: bool) -> None:
    if fits:
        assert reduction_within(header, 1000, 25_000_000) == 1
    else:
        with pytest.raises(ValueError, match=r"too large: \d+x\d+ pixels.*at most 25,000,000 in color.*--max-pixels"):
            reduction_within(header, 1000, 25_000_000)


def test_what_can_be_reduced_is() -> None:
    sizes = {(8000, 6000): 2, (12000, 9000): 4, (16320, 12240): 4, (5000, 5000): 1}
    for (width, height), reduction in sizes.items():
        header = Header("JPEG", width, height, reductions=(1, 2, 4, 8))
        assert reduction_within(header, 1000, 25_000_000) == reduction
    with pytest.raises(ValueError, match="too large"):
        reduction_within(Header("JPEG", 40000, 30000, reductions=(1, 2, 4, 8)), 1000, 25_000_000)


def test_brands_are_those_of_the_file_type_box() -> None:
    assert brands(b"\0\0\0\x18ftypmif1\0\0\0\0avifheic" + b"junk") == {b"mif1", b"avif", b"heic"}
    assert brands(b"RIFF") == set()
