"""The picture files of a folder or of a pattern, each once."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterator

from runtime.image.header import is_picture

MAGIC = re.compile(r"[*?[]")
EVERY_FOLDER = "**"
HEAD = 32  # bytes that tell what a file without a suffix is


def natural(text: str) -> list[str | int]:
    """A key that sorts img2 before img10.

    Args:
        text: A name or a path.

    Returns:
        Its texts and numbers in turn.

    Example:
        >>> sorted(["img10.png", "img2.png"], key=natural)
        ['img2.png', 'img10.png']
    """
    parts = re.split(r"(\d+)", text)  # every second part is a number; str.isdigit takes a superscript for one
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]


def pictures_in(folder: str, suffixes: frozenset[str]) -> tuple[list[str], int]:
    """List the pictures of a folder.

    Args:
        folder: Its path.
        suffixes: Of pictures, in lower case. A file without any suffix is a picture by its first bytes.

    Returns:
        The names in natural order, and how many subfolders there are. A file that cannot be looked at is listed: to
        read it says why.

    Raises:
        OSError: The folder cannot be read.
    """
    names, folders = [], 0
    with os.scandir(folder) as entries:
        for entry in entries:
            suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122
            if suffix and suffix not in suffixes:
                folders += _is(entry.is_dir)
            elif _is(entry.is_dir):
                folders += 1
            elif (suffix and not entry.name.startswith(".")) or _begins_as_picture(entry):
                names.append(entry.name)
    return sorted(names, key=natural), folders


def _is(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except OSError:  # a link in a circle, or into a folder that may not be entered
        return False


def _begins_as_picture(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith(".") or not _is(entry.is_file):
        return False
    try:
        with open(entry.path, "rb") as file:  # noqa: PTH123
            return is_picture(file.read(HEAD))
    except OSError:
        return False


def matches(pattern: str) -> list[str]:
    """List the files that match a pattern, each file and each folder once, however links lead round.

    Args:
        pattern: Such as "scans/*.png" or "scans/**/*.png"; ** stands for any number of folders. As in a shell, * does
            not match a name that begins with a dot.

    Returns:
        The paths in natural order.
    """
    parts = [part for part in pattern.split("/") if part]
    found: dict[tuple[str, str], str] = {}
    for path in _walk("/" if pattern.startswith("/") else "", parts):
        folder, name = os.path.split(path)
        if not _is_folder(path):
            found.setdefault((os.path.realpath(folder), name), path)  # an entry of a folder once, by whatever way
    return sorted(found.values(), key=natural)


def _is_folder(path: str) -> bool:
    return os.path.isdir(path)  # noqa: PTH112  # paths stay as they were typed


def _walk(path: str, parts: list[str]) -> Iterator[str]:
    """The paths below `path` that match the parts of a pattern."""
    if not parts:
        yield path
        return
    part, rest = parts[0], parts[1:]
    if part == EVERY_FOLDER:
        for folder in _folders(path):
            yield from _walk(folder, rest or ["*"])
    elif MAGIC.search(part):
        for name in _names(path):
            is_hidden = name.startswith(".") and not part.startswith(".")
            if not is_hidden and fnmatch.fnmatchcase(name, part):
                inner = os.path.join(path, name)  # noqa: PTH118
                if not rest or _is_folder(inner):
                    yield from _walk(inner, rest)
    else:
        inner = os.path.join(path, part)  # noqa: PTH118
        if os.path.lexists(inner):
            yield from _walk(inner, rest)


def _folders(path: str) -> Iterator[str]:
    """A folder and all below it, links followed, none twice."""
    seen = set()
    waiting = [path]
    while waiting:
        folder = waiting.pop()
        try:
            status = os.stat(folder or ".")  # noqa: PTH116
        except OSError:
            continue
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        yield folder
        inner = [os.path.join(folder, name) for name in _names(folder) if not name.startswith(".")]  # noqa: PTH118
        waiting += [name for name in reversed(inner) if _is_folder(name)]


def _names(path: str) -> list[str]:
    try:
        return sorted(os.listdir(path or "."))  # noqa: PTH208
    except OSError:  # no folder, or one that may not be read
        return []
