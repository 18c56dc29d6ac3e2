"""Folders that outputs write to, and their free space: an output stops before the disk is full.

Nothing that exists is ever overwritten: a file gets a name that is free.
"""

from __future__ import annotations

import argparse
import os
import re
from contextlib import suppress
from pathlib import Path

from runtime.errors import OutputError

MIN_FREE_BYTES = 500_000_000  # of the disk that are left to others
UNITS = {"": 1_000_000, "K": 1_000, "M": 1_000_000, "G": 1_000_000_000}  # bytes; a bare number is in MB


def free_bytes(folder: Path) -> int:
    """Look how much of a disk is free.

    Args:
        folder: On the disk.

    Returns:
        Bytes.

    Raises:
        OSError: There is no such folder.
    """
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def size(text: str) -> int:
    """An argparse type: a size in bytes, as a person writes it.

    Args:
        text: A number, in MB or with the letter K, M or G.

    Returns:
        Bytes, 1 or more.

    Raises:
        argparse.ArgumentTypeError: It is no such size.

    Example:
        >>> size("500"), size("1.5G"), size("20MB")
        (500000000, 1500000000, 20000000)
    """
    found = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([KMG]?)B?", text.strip(), re.IGNORECASE)
    value = round(float(found[1]) * UNITS[found[2].upper()]) if found else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"expected a size such as 500M or 2G; received {text!r}")
    return value


def size_to_text(value: int) -> str:
    """Write a size for a person.

    Args:
        value: Bytes.

    Returns:
        Whole MB; KB below one MB.

    Example:
        >>> size_to_text(500_000_000), size_to_text(20_000)
        ('500 MB', '20 KB')
    """
    return f"{value // 1_000_000} MB" if value >= 1_000_000 else f"{value // 1_000} KB"


def is_nearly_full(folder: Path, min_free: int) -> bool:
    """Tell whether a disk has little room left.

    Args:
        folder: On the disk.
        min_free: Bytes that are left to others.

    Returns:
        True where fewer are free.

    Raises:
        OSError: There is no such folder.
    """
    return free_bytes(folder) < min_free


def numbered(path: Path, number: int) -> Path:
    """The name of a file, and those that are taken where it exists.

    Args:
        path: The name that was asked for.
        number: 1 for that name itself, 2 or more for the next.

    Returns:
        The name; the number stands before the suffix.

    Example:
        >>> str(numbered(Path("day.mp4"), 1)), str(numbered(Path("day.mp4"), 2))
        ('day.mp4', 'day-2.mp4')
    """
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def size_of_series(path: Path) -> int:
    """Add up the sizes of a file and its numbered ones.

    Args:
        path: The name that was asked for.

    Returns:
        Bytes.

    Raises:
        OSError: There is no such folder.
    """
    names = re.compile(rf"{re.escape(path.stem)}(-[0-9]+)?{re.escape(path.suffix)}")
    with os.scandir(path.parent) as found:
        files = [entry for entry in found if names.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)]
        return sum(entry.stat(follow_symlinks=False).st_size for entry in files)


def create(path: Path) -> tuple[int, Path]:
    """Make a file that was not there: `path`, or the first of its numbered names that is free.

    Args:
        path: The name that is asked for.

    Returns:
        A descriptor to write to, which the caller closes, and the name.

    Raises:
        OSError: It cannot be made.
    """
    number = 1
    while True:
        name = numbered(path, number)
        try:
            # Exclusive: neither a file, nor a folder, nor what a link leads to is taken.
            return os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o666), name
        except FileExistsError:
            number += 1


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of the bytes, or raise.

    Args:
        descriptor: Of an open file.
        data: Bytes.

    Raises:
        OSError: The disk does not take them all.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def write_new(path: Path, data: bytes) -> Path:
    """Write a file that was not there, whole or not at all.

    Args:
        path: The name that is asked for; a numbered one is taken where it exists.
        data: Bytes.

    Returns:
        The name that was free.

    Raises:
        OSError: It cannot be written.
    """
    descriptor, name = create(path)
    try:
        write_all(descriptor, data)
    except OSError:
        with suppress(OSError):
            name.unlink()
        raise
    finally:
        os.close(descriptor)
    return name


def make_folder(folder: Path) -> None:
    """Make a folder for what is written.

    Args:
        folder: It may exist; those above it are made too.

    Raises:
        OutputError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make folder {folder}: {error.strerror}") from None
