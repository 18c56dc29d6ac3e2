"""The picture in the README: every sample with its reading, and what the model was shown.

Command: python -m samples.sheet
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.classifier import Classifier
from runtime.image.files import IMAGE_SUFFIXES, read_image
from runtime.outputs.overlay import overlay
from runtime.preprocess import to_input

FOLDER = Path(__file__).parent
TARGET = FOLDER.parent / "docs" / "readings.jpg"
TILE, SEEN, GAP, COLUMNS = 220, 84, 6, 4


def tile(path: Path, classifier: Classifier) -> NDArray[np.uint8]:
    """Show one sample as read, with the model's input in the corner.

    Args:
        path: Path of the sample.
        classifier: Reads it.

    Returns:
        BGR uint8.
    """
    image = read_image(path)
    picture = overlay(image, classifier.predict(image))
    factor = TILE / max(picture.shape[:2])
    picture = np.asarray(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)
    canvas = np.full((TILE + 2 * GAP, TILE + SEEN + 3 * GAP, 3), 32, np.uint8)
    canvas[GAP : GAP + picture.shape[0], GAP : GAP + picture.shape[1]] = picture
    seen = to_input(image, classifier.card.input)
    if seen is not None:
        enlarged = np.asarray(cv2.resize(seen, (SEEN, SEEN), interpolation=cv2.INTER_NEAREST), np.uint8)
        canvas[GAP : GAP + SEEN, -SEEN - GAP : -GAP] = enlarged.reshape(SEEN, SEEN, 1)
    return canvas


def main() -> int:
    """Write the sheet.

    Returns:
        The exit status.
    """
    classifier = Classifier.load()
    tiles = [tile(path, classifier) for path in sorted(FOLDER.iterdir()) if path.suffix in IMAGE_SUFFIXES]
    tiles += [np.full_like(tiles[0], 32)] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[i : i + COLUMNS]) for i in range(0, len(tiles), COLUMNS)]
    TARGET.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(TARGET), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 85])
    print(TARGET.relative_to(FOLDER.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
