"""Frames from picture files."""

from __future__ import annotations

import time
from collections.abc import Iterator

from runtime.errors import SourceError
from runtime.image.files import expand, read_image
from runtime.sources.base import Frame, SourceOptions


def open_files(text: str, options: SourceOptions) -> Iterator[Frame]:
    """Open a picture, a folder of pictures or a pattern.

    Args:
        text: A path, or a pattern such as "scans/*.png".
        options: Not used: pictures have a size of their own.

    Returns:
        A frame for each picture, in natural order (img2 before img10). Each file is read when its frame is asked for.

    Raises:
        SourceError: There is no such file, or no picture in the folder.
        ImageError: From the iterator, where a picture cannot be read; the next call gives the next one.
    """
    files = []
    for item in expand([text]):
        if isinstance(item, SourceError):
            raise item
        files.append(item)
    return PictureFiles(files)


class PictureFiles:
    """An iterator of frames that goes on after a picture that cannot be read, which a generator would not."""

    def __init__(self, files: list[str]) -> None:
        """Start before the first file.

        Args:
            files: Their paths.
        """
        self._files = enumerate(files)

    def __iter__(self) -> Iterator[Frame]:
        """The iterator itself."""
        return self

    def __next__(self) -> Frame:
        """Read the next file; ImageError where it cannot be read."""
        index, file = next(self._files)
        return Frame(read_image(file), file, index, time.time())

    def close(self) -> None:
        """Leave out the files that are left."""
        self._files = enumerate([])
