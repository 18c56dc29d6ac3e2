"""JPEGs out of a byte stream, by their structure."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from runtime.errors import SourceError
from runtime.image.jpeg import decode_jpeg
from runtime.sources import jpeg_stream
from runtime.sources.jpeg_stream import JpegSplitter
from tests.runtime.helpers import jpeg


def found(stream: bytes, size: int = 100_000) -> list[bytes]:
    splitter = JpegSplitter()
    return [one for at in range(0, len(stream), size) for one in splitter.feed(stream[at : at + size])]


def with_thumbnail() -> bytes:
    """A JPEG with another one in its header, as phones write it."""
    inner = jpeg(30)
    segment = b"\xff\xe1" + (len(inner) + 2).to_bytes(2, "big") + inner
    return jpeg(200)[:2] + segment + jpeg(200)[2:]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_jpegs_are_found_whatever_the_pieces(size: int) -> None:
    outer = with_thumbnail()
    stream = b"--junk\r\n\r\n" + jpeg(90) + outer + jpeg(70)[:-40] + b"\r\n--junk\r\n" + jpeg(110) + jpeg(30)[:60]
    assert found(stream, size) == [jpeg(90), outer, jpeg(110)]


@pytest.mark.parametrize("size", [1, 100_000])
def test_a_stream_whose_jpegs_have_no_end_marks(size: int) -> None:
    image = np.random.default_rng(1).integers(0, 255, (48, 64), np.uint8)
    whole = cv2.imencode(".jpg", image)[1].tobytes()
    part = b"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + whole[:-2] + b"\r\n"
    jpegs = found(part * 6, size)
    assert set(jpegs) == {whole}
    assert len(jpegs) == 4  # the first may be cut short, and the last has not ended
    expected = decode_jpeg(whole)
    assert expected is not None
    assert np.array_equal(decode_jpeg(jpegs[0]), expected)  # type: ignore[arg-type]


WHOLE = {"plain": jpeg(50), "thumbnail": with_thumbnail(), "padded": jpeg(50)[:2] + b"\xff\xff\xff" + jpeg(50)[2:]}
WHOLE["progressive"] = cv2.imencode(
    ".jpg", np.random.default_rng(3).integers(0, 256, (48, 64, 3), np.uint8), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
)[1].tobytes()


@pytest.mark.parametrize("name", WHOLE)
def test_it_is_given_with_its_last_byte_and_not_before(name: str) -> None:
    """Byte by byte, so that every place is one at which more data is needed."""
    data, splitter = WHOLE[name], JpegSplitter()
    for at in range(len(data) - 1):
        assert list(splitter.feed(data[at : at + 1])) == []
    assert list(splitter.feed(data[-1:])) == [data]
    assert found(data[:-40] + jpeg(90) + data) == [jpeg(90), data]


def test_one_cut_short_is_left_out_where_the_others_have_ends() -> None:
    cut = jpeg(70)[:-40]
    assert found(jpeg(50) + cut * 9 + jpeg(90)) == [jpeg(50), jpeg(90)]
    assert found(cut + jpeg(90)) == [jpeg(90)]


def test_a_stream_of_something_else_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg_stream, "MAX_JPEG", 5000)
    for start in (b"", b"\xff\xd8\xff"):
        splitter = JpegSplitter()
        list(splitter.feed(start))
        with pytest.raises(SourceError, match="bytes without a whole JPEG; expected an MJPEG stream"):
            list(splitter.feed(b"x" * 9000))
        assert list(splitter.feed(jpeg(50))) == [jpeg(50)]  # and it goes on


@pytest.mark.parametrize(
    "unit",
    [b"\xff\xd8\xff", b"\xff\xe0\0\2", b"\xff\xe0\0\0", b"\xff\xda\0\2", b"\xff\xe0", b"\xff\xff", b"\xff\0", b"\0"],
)
def test_markers_without_end_cost_time_in_proportion_to_their_bytes(unit: bytes) -> None:
    stream = b"\xff\xd8\xff" + unit * (2_000_000 // len(unit))
    start = time.process_time()
    for one in (stream, stream + jpeg(50)):
        list(JpegSplitter().feed(one))
    assert time.process_time() - start < 20  # a quadratic one takes minutes
    assert found(stream[:9000] + jpeg(50) * 200)[-1] == jpeg(50)
