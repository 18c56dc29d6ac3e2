"""A source of your own: arriving://FOLDER gives each picture that is put into a folder, as it arrives.

The entry point `arriving = "own_source:SCHEME"` of the group `edge_classifier.sources` makes it known.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.errors import ImageError, SourceError
from runtime.image.files import IMAGE_SUFFIXES, read_image
from runtime.sources.base import Frame
from runtime.sources.registry import Scheme

if TYPE_CHECKING:
    from runtime.sources.base import SourceOptions

POLL_S = 0.2  # between two looks into the folder

SCHEME = Scheme(
    name="arriving",
    open="own_source:open_arriving",
    live=True,  # frames come at the source's own pace, and only the newest one counts
    video=False,  # one picture does not follow from the last
    sized=False,  # --width, --height and --fps cannot be asked of it
    example="arriving://incoming",
)


def open_arriving(text: str, options: SourceOptions) -> Iterator[Frame]:
    """Wait for pictures in a folder.

    Args:
        text: The source as it was given, such as "arriving://incoming".
        options: What a camera is asked for; not used here.

    Returns:
        Frames without end: the pictures that are there, then each new one.

    Raises:
        SourceError: There is no such folder.
    """
    folder = Path(text.removeprefix(f"{SCHEME.name}://"))
    if not folder.is_dir():
        raise SourceError(f"expected {SCHEME.example}, an existing folder; received {text}")
    return _arriving(folder)


def _arriving(folder: Path) -> Iterator[Frame]:
    seen: set[Path] = set()
    while True:
        new = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES and path not in seen)
        for path in new:
            try:
                image = read_image(path)
            except ImageError:
                continue  # it has not arrived as a whole: the next look tries again
            yield Frame(image, str(path), len(seen), time.time())
            seen.add(path)
        time.sleep(POLL_S)
