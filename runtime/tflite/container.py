"""Text files in a zip that is appended to other data: written by zipfile, found without it. Pure."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping

END_OF_ZIP = b"PK\x05\x06"
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # fixed, so that the same model gives the same bytes


def attach(data: bytes, files: Mapping[str, str]) -> bytes:
    """`data` and after it a zip of these files, by name. The same arguments always give the same bytes."""
    import zipfile  # not above: with bz2 and lzma it costs a device 1.8 MiB, and reading needs none of it

    buffer = io.BytesIO(data)
    buffer.seek(0, io.SEEK_END)
    with zipfile.ZipFile(buffer, "a") as archive:
        for name, text in files.items():
            info = zipfile.ZipInfo(name, ZIP_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text, compresslevel=9)
    return buffer.getvalue()


def find(data: bytes, name: str) -> tuple[int, bytes | None]:
    """(where the zip at the end of `data` starts, the file `name` in it); (len(data), None) where there is no zip.

    Stored and deflated entries, as PKWARE's APPNOTE 4.3 and 4.4 lay them out; no zip64, no encryption.
    Raises ValueError, IndexError, struct.error or zlib.error where the zip is damaged.
    """
    end = data.rfind(END_OF_ZIP, max(0, len(data) - 65557))
    if end < 0 or end + 22 > len(data) or end + 22 + struct.unpack_from("<H", data, end + 20)[0] != len(data):
        if data.find(b"\0\0" + name.encode()) > 0:  # as a local header has it: no extra field, then the name
            raise ValueError("cut short")
        return len(data), None
    count, size, offset = struct.unpack_from("<HII", data, end + 10)
    shift = end - size - offset  # not 0 where the zip was made alone and appended later
    at, start, found = end - size, len(data), None
    for _ in range(count):
        if data[at : at + 4] != b"PK\x01\x02":
            raise ValueError("its directory is damaged")
        method, crc, packed = struct.unpack_from("<H4xII", data, at + 10)
        lengths, local = struct.unpack_from("<HHH", data, at + 28), struct.unpack_from("<I", data, at + 42)[0] + shift
        start = min(start, local)
        if data[at + 46 : at + 46 + lengths[0]] == name.encode():
            body = local + 30 + sum(struct.unpack_from("<HH", data, local + 26))
            found = _unpack(data[body : body + packed], method, crc)
        at += 46 + sum(lengths)
    return start, found


def _unpack(packed: bytes, method: int, crc: int) -> bytes:
    if method not in (0, 8):
        raise ValueError(f"compression method {method}, expected 0 or 8")
    data = packed if method == 0 else zlib.decompress(packed, -zlib.MAX_WBITS)
    if zlib.crc32(data) != crc:
        raise ValueError("its checksum is wrong")
    return data
