"""Text files in a zip that is appended to other data: written with zipfile, read without it."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Collection, Iterable, Mapping

END_OF_ZIP = b"PK\x05\x06"
ENTRY_OF_DIRECTORY = b"PK\x01\x02"
LOCAL_ENTRY = b"PK\x03\x04"
END_SIZE = 22  # bytes of the end record, without its comment
LONGEST_END = END_SIZE + 65535  # bytes, with the longest comment
ENTRY_SIZE, LOCAL_SIZE = 46, 30  # bytes of an entry in the directory, and before its data, without names
STORED, DEFLATED = 0, 8  # compression methods
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # fixed, so that the same model gives the same bytes


def attach(data: bytes, files: Mapping[str, str]) -> bytes:
    """Append a zip to data.

    Args:
        data: Anything.
        files: Texts by name.

    Returns:
        `data` and the zip after it. The same arguments always give the same bytes.
    """
    import zipfile  # here: reading does without it, see find

    buffer = io.BytesIO(data)
    buffer.seek(0, io.SEEK_END)
    with zipfile.ZipFile(buffer, "a") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name, ZIP_EPOCH)
            archive.writestr(info, text, zipfile.ZIP_STORED)  # MediaPipe reads no other
    return buffer.getvalue()


def find(data: bytes, names: Collection[str], limit: int) -> tuple[int, dict[str, bytes]]:
    """Find files in the zip at the end of data.

    It reads stored and deflated entries, as PKWARE's APPNOTE 4.3 and 4.4 lay them out; no zip64, no encryption.

    By hand: importing zipfile, and with it shutil, bz2 and lzma, takes 2 to 5 % of the time of `classify` and 1.3 % of
    its memory (medians of 40 pairs of runs of classify samples/photo_7.jpg, a quiet and a busy x86-64). The limit is
    3 % against the runtime in one folder, and the packages, with more files to open, take 1 to 2 % already.

    Args:
        data: Anything, and a zip after it or not.
        names: Names of files.
        limit: The most bytes that one of them may have, unpacked. No more are ever unpacked.

    Returns:
        (where the zip starts, those of the files that it has); (len(data), {}) where there is no zip.

    Raises:
        ValueError: The zip is damaged, holds one of the files twice, too large or out of its directory's sight; as are
            IndexError, struct.error and zlib.error.
    """
    end = data.rfind(END_OF_ZIP, max(0, len(data) - LONGEST_END))
    if end < 0 or end + END_SIZE > len(data) or _end_of_comment(data, end) != len(data):
        _check_not_there(data, names, "cut short")
        return len(data), {}
    count, size, offset = struct.unpack_from("<HII", data, end + 10)
    shift = end - size - offset  # not 0 where the zip was made alone and appended later
    entry, start = end - size, len(data)
    found: dict[str, bytes] = {}
    for _ in range(count):
        if data[entry : entry + 4] != ENTRY_OF_DIRECTORY:
            raise ValueError("its directory is damaged")
        lengths = struct.unpack_from("<HHH", data, entry + 28)  # of the name, the extra field, the comment
        local = struct.unpack_from("<I", data, entry + 42)[0] + shift
        start = min(start, local)
        name = data[entry + ENTRY_SIZE : entry + ENTRY_SIZE + lengths[0]]
        if data[local : local + 4] != LOCAL_ENTRY or not _is_named(data, local, name):
            raise ValueError("its directory is damaged")
        text = name.decode("utf-8", "replace")
        if text in names:
            if text in found:
                raise ValueError(f"{text} is there twice")
            found[text] = _unpacked(data, entry, local, limit)
        entry += ENTRY_SIZE + sum(lengths)
    if entry != end:
        raise ValueError("its directory is damaged")
    _check_not_there(data, [name for name in names if name not in found], "its directory is damaged")
    return start, found


def _end_of_comment(data: bytes, end: int) -> int:
    return end + END_SIZE + int(struct.unpack_from("<H", data, end + 20)[0])


def _check_not_there(data: bytes, names: Iterable[str], fault: str) -> None:
    """Raise ValueError where a file that was not found is there: its local header ends with 0, 0 and its name."""
    if any(data.find(b"\0\0" + name.encode()) > 0 for name in names):  # no extra field, as `attach` writes it
        raise ValueError(fault)


def _is_named(data: bytes, local: int, name: bytes) -> bool:
    """Whether the header before a file's data has the name that the directory gives it."""
    length = struct.unpack_from("<H", data, local + 26)[0]
    return data[local + LOCAL_SIZE : local + LOCAL_SIZE + length] == name


def _unpacked(data: bytes, entry: int, local: int, limit: int) -> bytes:
    """The file of an entry in the directory."""
    method, crc, size = struct.unpack_from("<H4xII", data, entry + 10)
    if method not in (STORED, DEFLATED):
        raise ValueError(f"compression method {method}, expected {STORED} or {DEFLATED}")
    body = local + LOCAL_SIZE + sum(struct.unpack_from("<HH", data, local + 26))
    packed = data[body : body + size]
    text = packed if method == STORED else zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, limit + 1)
    if len(text) > limit:
        raise ValueError(f"expected at most {limit} bytes, unpacked; received more")
    if zlib.crc32(text) != crc:
        raise ValueError("its checksum is wrong")
    return text
