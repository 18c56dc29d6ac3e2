"""A zip behind other data, as zipfile writes it and without zipfile read."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest

from runtime.tflite import container

DATA = bytes(range(256)) * 8
FILES = {"card.json": "{}\n" * 200, "labels.txt": "eins\nzwölf\n"}
DAMAGE = (ValueError, IndexError, struct.error, zlib.error)


def found(data: bytes, name: str, limit: int = 10**6) -> tuple[int, bytes | None]:
    """Where the zip starts, and one file of it."""
    start, files = container.find(data, (name,), limit)
    return start, files.get(name)


def zipped(*names: str, method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """A zip of its own of these files of FILES, as any tool writes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name in names:
            archive.writestr(name, FILES[name])
        archive.comment = comment
    return buffer.getvalue()


@pytest.mark.parametrize("name", FILES)
def test_what_is_attached_is_found(name: str) -> None:
    packed = container.attach(DATA, FILES)
    assert packed.startswith(DATA)
    assert found(packed, name) == (len(DATA), FILES[name].encode())


def test_zipfile_finds_the_same() -> None:
    with zipfile.ZipFile(io.BytesIO(container.attach(DATA, FILES))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name).decode() for name in archive.namelist()} == FILES


def test_the_same_arguments_give_the_same_bytes() -> None:
    assert container.attach(DATA, FILES) == container.attach(DATA, FILES)


@pytest.mark.parametrize("data", [b"", b"PK", DATA, DATA + container.END_OF_ZIP])
def test_data_without_a_zip_is_left_alone(data: bytes) -> None:
    assert found(data, "card.json") == (len(data), None)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("comment", [b"", b"made elsewhere" * 40])
def test_a_zip_of_another_tool_that_was_appended_is_read(method: int, comment: bytes) -> None:
    packed = DATA + zipped("labels.txt", "card.json", method=method, comment=comment)
    for name, text in FILES.items():
        assert found(packed, name) == (len(DATA), text.encode())


def test_a_zip_that_does_not_have_the_file() -> None:
    assert found(DATA + zipped("labels.txt"), "card.json") == (len(DATA), None)


def test_cut_anywhere_it_is_not_taken_for_data_without_a_zip() -> None:
    packed = container.attach(DATA, FILES)
    for size in range(len(DATA) + 40, len(packed)):
        with pytest.raises(ValueError, match="cut short"):
            found(packed[:size], "card.json")


def test_another_compression_is_refused() -> None:
    with pytest.raises(ValueError, match="compression method 12, expected 0 or 8"):
        found(DATA + zipped("card.json", method=zipfile.ZIP_BZIP2), "card.json")


def test_no_flipped_byte_gives_another_text() -> None:
    """Each byte of the zip changed, one by one: the text comes back whole, or there is an error."""
    packed = container.attach(DATA, {"card.json": FILES["card.json"]})
    for position in range(len(DATA), len(packed)):
        data = bytearray(packed)
        data[position] ^= 0x55
        try:
            text = found(bytes(data), "card.json")[1]
        except DAMAGE:
            continue
        assert text == FILES["card.json"].encode(), position


def test_a_file_that_the_directory_lost_is_not_missing() -> None:
    """A bit of its name in the directory, or a count of 0: the entry is there, and nothing says where."""
    packed = container.attach(DATA, FILES)
    renamed = packed.replace(b"card.json", b"bard.json").replace(b"bard.json", b"card.json", 1)
    none = bytearray(packed)
    none[-12:-10] = b"\0\0"
    for data in (renamed, bytes(none)):
        with pytest.raises(ValueError, match="damaged"):
            found(data, "card.json")


def test_a_file_that_is_there_twice_is_refused() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        packed = DATA + zipped("card.json", "card.json")
    with pytest.raises(ValueError, match=r"card\.json is there twice"):
        found(packed, "card.json")


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_no_more_is_unpacked_than_the_limit(method: int) -> None:
    packed = DATA + zipped("card.json", method=method)
    size = len(FILES["card.json"])
    assert found(packed, "card.json", size)[1] == FILES["card.json"].encode()
    with pytest.raises(ValueError, match="expected at most"):
        found(packed, "card.json", size - 1)
